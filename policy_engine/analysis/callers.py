"""Callers to try: administrators of an account, whoever a policy names, and outsiders.

Each has an identity policy that allows everything, so that only the key policy stands between it and the key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.analysis.samples import samples
from policy_engine.calls.principals import parse_principal
from policy_engine.errors import RequestError
from policy_engine.model.bundle import PrincipalRecord
from policy_engine.model.policy import PolicyKind
from policy_engine.model.principal import EntryKind, Principal, PrincipalKind
from policy_engine.reading import read_policy
from policy_engine.syntax.arn import Arn, is_account_id, parse_arn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.engine.policy_engine import PolicyEngine
    from policy_engine.model.policy import Policy
    from policy_engine.model.principal import PrincipalEntry

_PRINCIPAL_ARN = "aws:PrincipalArn"
_EVERYTHING = read_policy(
    json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
    kind=PolicyKind.IDENTITY,
    name="AdministratorAccess",
    file="<AdministratorAccess>",
)
_NAMED_KINDS = frozenset(
    {EntryKind.USER, EntryKind.ROLE, EntryKind.ASSUMED_ROLE, EntryKind.FEDERATED_USER, EntryKind.UNIQUE_ID}
)
_USER_ID = "AIDA"
# The keys by which a policy can tell one outsider from another.
_ABOUT_THE_CALLER = frozenset({_PRINCIPAL_ARN, "aws:PrincipalType", "aws:username"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where callers live."""

    partition: str
    account: str

    def principal(self, resource: str) -> str:
        """The ARN of a principal of IAM here: `role/app`, `root`."""
        return str(Arn(self.partition, "iam", "", self.account, resource))


def insiders(policy: Policy, place: Place) -> Iterator[Principal]:
    """Administrators and the root user of an account, and whoever the policy names in it or in conditions."""
    for resource in ("role/administrator", "user/administrator", "root"):
        yield parse_principal(place.principal(resource))
    for entry in _named(policy):
        yield _principal(entry, place)
    yield from _of_conditions(policy, place)


def outsiders(policy: Policy, place: Place) -> Iterator[Principal]:
    """Principals of an account that the policy does not name, and those that its conditions let in."""
    told_apart = any(c.key in _ABOUT_THE_CALLER for s in policy.statements for c in s.conditions)
    for resource in ("role/outsider", "user/outsider", "root") if told_apart else ("role/outsider",):
        yield parse_principal(place.principal(resource))
    yield from (p for p in _of_conditions(policy, place) if p.account == place.account)


def give_everything(engine: PolicyEngine, principal: Principal) -> None:
    """Let identity policies allow a principal everything."""
    if principal.kind is not PrincipalKind.ROOT and principal.arn:
        engine.put_principal(PrincipalRecord(principal.arn, identity_policies=(_EVERYTHING,)))


def _named(policy: Policy) -> Iterator[PrincipalEntry]:
    for statement in policy.statements:
        for entry in statement.principal.entries if statement.principal else ():
            if entry.kind in _NAMED_KINDS:
                yield entry


def _principal(entry: PrincipalEntry, place: Place) -> Principal:
    if entry.kind is not EntryKind.UNIQUE_ID:
        return parse_principal(entry.value)
    kind = PrincipalKind.USER if entry.value.startswith(_USER_ID) else PrincipalKind.ROLE
    arn = place.principal(f"{kind.value}/{entry.value.lower()}")
    role_arn = arn if kind is PrincipalKind.ROLE else None
    return Principal(kind, arn, place.account, entry.value.lower(), role_arn=role_arn, id=entry.value)


def _of_conditions(policy: Policy, place: Place) -> Iterator[Principal]:
    """Principals whose ARN a condition on aws:PrincipalArn names or leaves room for."""
    patterns = [
        value.pattern
        for statement in policy.statements
        for condition in statement.conditions
        if condition.key == _PRINCIPAL_ARN
        for value in condition.values
    ]
    for text in samples(patterns):
        principal = _parsed(_in_place(text, place))
        if principal is not None:
            yield principal


def _in_place(text: str, place: Place) -> str:
    """The ARN with what a wildcard left open about its account taken from `place`."""
    arn = parse_arn(text)
    if arn is None or is_account_id(arn.account):
        return text
    return str(Arn(place.partition, arn.service, "", place.account, arn.resource))


def _parsed(text: str) -> Principal | None:
    try:
        principal = parse_principal(text)
    except RequestError:
        return None
    # a session's ARN as the value of aws:PrincipalArn matches nobody: the key holds the role's (rule 15)
    return (
        principal if principal.kind in {PrincipalKind.ROLE, PrincipalKind.USER, PrincipalKind.ROOT} else None
    )
