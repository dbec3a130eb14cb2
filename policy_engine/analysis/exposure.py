"""Whether a statement of a key policy lets in principals of accounts that the policy does not name.

The outsider may send any encryption context, come by way of any service and carry any tag: such conditions
bound the request, not who makes it. What it cannot choose is who it is: its account and ARN are facts, and it
carries a foreign organization, foreign sources and foreign networks, or none.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-resources.html#access-analyzer-kms-key
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy_engine.analysis.callers import Place, give_everything, outsiders
from policy_engine.analysis.domains import carried
from policy_engine.analysis.samples import samples
from policy_engine.analysis.standpoint import named_accounts, partition_of, possible_keys
from policy_engine.analysis.witness import find_witness
from policy_engine.catalog.actions import ACTIONS
from policy_engine.engine.policy_engine import PolicyEngine
from policy_engine.graph.actions import ActionTest
from policy_engine.model.bundle import KeyRecord
from policy_engine.model.policy import Effect
from policy_engine.model.principal import EntryKind
from policy_engine.model.request import Request
from policy_engine.syntax.arn import Arn, is_account_id, parse_arn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.analysis.domains import Value
    from policy_engine.model.policy import Policy, Statement
    from policy_engine.model.principal import Principal

_FOREIGN_ACCOUNTS = ("999999999999", "888888888888", "777777777777")
_FOREIGN_ORGANIZATION = "o-zz99zz99zz"
_FOREIGN_PATH = f"{_FOREIGN_ORGANIZATION}/r-zz99/ou-zz99-zz99zz99/"
# What says whose a call is, and a caller from another account cannot choose → a value that it may have.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_FOREIGN: dict[str, Value] = {
    "aws:PrincipalOrgID": _FOREIGN_ORGANIZATION,
    "aws:PrincipalOrgPaths": (_FOREIGN_PATH,),
    "aws:SourceOrgID": _FOREIGN_ORGANIZATION,
    "aws:SourceOrgPaths": (_FOREIGN_PATH,),
    "aws:SourceVpc": "vpc-99999999999999999",
    "aws:SourceVpce": "vpce-99999999999999999",
    "aws:VpceOrgID": _FOREIGN_ORGANIZATION,
    "aws:VpceOrgPaths": (_FOREIGN_PATH,),
    "aws:Ec2InstanceSourceVpc": "vpc-99999999999999999",
    "aws:userid": "AROA9OUTSIDER9999999:session",
}
# What says whose the key is → a value that it may have: the policy variables of a policy may name these.
_OWN: dict[str, Value] = {
    "aws:ResourceOrgID": "o-a1b2c3d4e5",
    "aws:ResourceOrgPaths": ("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/",),
}
_FOREIGN_ACCOUNT_KEYS = ("aws:SourceAccount", "aws:VpceAccount")
_FOREIGN_ARN_KEYS = (
    "aws:ChatbotSourceArn",
    "aws:SourceArn",
    "aws:SourceVpcArn",
    "codebuild:ProjectArn",
    "ec2:SourceInstanceArn",
    "lambda:SourceFunctionArn",
    "ssm:SourceInstanceArn",
)
_EVERYONE = frozenset({EntryKind.EVERYONE, EntryKind.EVERY_AWS})
_FIRST = "kms:Decrypt"


@dataclass(frozen=True, slots=True)
class Exposure:
    """A statement that lets outsiders in.

    Attributes:
        statement: the Allow statement.
        witness: a request of an outsider that the engine allows.
        actions: every action that an outsider can do by this statement.
        complete: False where the search gave up; then there is neither witness nor action.
    """

    statement: Statement
    witness: Request | None
    actions: tuple[str, ...]
    complete: bool = True


def find_exposures(policy: Policy, key_arn: str | None = None) -> Iterator[Exposure]:
    """The Allow statements of a key policy that let in an account that it does not name.

    Each is asked on its own, together with every Deny.

    Args:
        policy: the key policy.
        key_arn: the key that it belongs to, where that is known.
    """
    denies = tuple(s for s in policy.statements if s.effect is Effect.DENY)
    named = set(named_accounts(policy))
    account = next(a for a in _accounts() if a not in named)
    place = Place(partition_of(policy), account)
    for statement in policy.statements:
        if statement.effect is Effect.ALLOW and _is_open(statement):
            exposure = _exposure(replace(policy, statements=(*denies, statement)), statement, place, key_arn)
            if exposure is not None:
                yield exposure


def _is_open(statement: Statement) -> bool:
    """Whether a statement can cover a principal that it does not name; it saves asking about the others."""
    principal = statement.principal
    return principal is not None and (
        principal.negated or any(entry.kind in _EVERYONE for entry in principal.entries)
    )


def _accounts() -> Iterator[str]:
    yield from _FOREIGN_ACCOUNTS
    yield from (f"{number:012}" for number in range(1, 10**6))


def _exposure(policy: Policy, statement: Statement, place: Place, key_arn: str | None) -> Exposure | None:
    complete = True
    for key in possible_keys(policy, key_arn):
        outside = _Outside(policy, statement, place, key)
        for principal in outsiders(policy, place):
            witnesses, all_tried = outside.witnesses(principal)
            if witnesses:
                return Exposure(statement, witnesses[0], tuple(request.action for request in witnesses))
            complete = complete and all_tried
    return None if complete else Exposure(statement, None, (), complete=False)


class _Outside:
    """One statement, with every Deny, on one key, asked by outsiders."""

    def __init__(self, policy: Policy, statement: Statement, place: Place, key: str) -> None:
        self._engine = PolicyEngine()
        self._engine.put_key(KeyRecord(key, policy=policy))
        self._key = key
        self._conditions = statement.conditions
        self._fixed = _fixed(policy, place)
        self._groups = _alike(policy, statement)

    def witnesses(self, principal: Principal) -> tuple[list[Request], bool]:
        """A request for each action that a principal can do, and whether everything was tried."""
        give_everything(self._engine, principal)
        found: list[Request] = []
        complete = True
        for actions in self._groups:
            request = Request(principal, actions[0], self._key)
            search = find_witness(self._engine, request, fixed=self._fixed, required=self._conditions)
            complete = complete and search.complete
            if search.witness is not None:
                requests = (replace(search.witness, action=action) for action in actions)
                found += [request for request in requests if self._engine.authorize(request).allowed]
        return sorted(found, key=lambda request: _by_use(request.action)), complete


def _alike(policy: Policy, statement: Statement) -> list[list[str]]:
    """The actions that a statement covers and that work on a key of another account, in groups.

    The actions of a group are covered by the same statements and carry the same of the keys that these ask
    about, so that one of them speaks for all.
    """
    tests = [ActionTest(s.action) for s in policy.statements]
    keys = {condition.key for s in policy.statements for condition in s.conditions}
    own = ActionTest(statement.action)
    groups: dict[object, list[str]] = {}
    for name, action in ACTIONS.items():
        if action.has_key and action.cross_account and own.covers(name):
            covered = tuple(test.covers(name) for test in tests)
            asked = frozenset(key for key in keys if carried(name, key))
            groups.setdefault((covered, asked), []).append(action.name)
    return list(groups.values())


def _by_use(action: str) -> tuple[bool, str]:
    """Decryption first: the best example."""
    return action != _FIRST, action


def _fixed(policy: Policy, place: Place) -> dict[str, tuple[Value, ...]]:
    """What a caller from `place` may have for the keys that say whose a call is: absent, or its own."""
    fixed: dict[str, tuple[Value, ...]] = {key: (None, value) for key, value in {**_FOREIGN, **_OWN}.items()}
    fixed |= dict.fromkeys(_FOREIGN_ACCOUNT_KEYS, (None, place.account))
    for key in _FOREIGN_ARN_KEYS:
        fixed[key] = (None, *dict.fromkeys(_foreign_arns(policy, key, place)))
    return fixed


def _foreign_arns(policy: Policy, key: str, place: Place) -> Iterator[str]:
    """ARNs in the foreign account: any, and those that fit a pattern which leaves the account open."""
    yield str(Arn(place.partition, "sns", "us-east-1", place.account, "outsider"))
    patterns = [
        value.pattern
        for statement in policy.statements
        for condition in statement.conditions
        if condition.key == key
        for value in condition.values
    ]
    for text in samples(patterns):
        arn = parse_arn(text)
        if arn is not None and arn.account and not is_account_id(arn.account):
            yield str(replace(arn, account=place.account))
