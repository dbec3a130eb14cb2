"""Identity-policy statements that allow a key's own account something which the key policy does not delegate.

A key policy must let the account's IAM policies count, or they allow nothing on the key. A pair of Action and
Resource entries is inert when, on every key that the bundle holds and the pair covers, no context lets the
principal do any of its actions; and when the same request is allowed as soon as the key policy delegates
everything to the account. So a Deny, a boundary or an SCP that is to blame is not blamed on the key policy.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from policy_engine.analysis.witness import find_witness
from policy_engine.catalog.actions import ACTIONS
from policy_engine.engine.policy_engine import PolicyEngine
from policy_engine.graph.actions import ActionTest
from policy_engine.graph.resources import ResourceTest
from policy_engine.model.policy import ActionElement, Effect, PolicyKind, ResourceElement
from policy_engine.model.request import Request
from policy_engine.reading import read_policy
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.model.bundle import Bundle, KeyRecord, PrincipalRecord
    from policy_engine.model.policy import Policy, Statement
    from policy_engine.span import Span

# A key policy has no say in who retires a grant: an identity policy allows that by itself (rule 47).
_NOT_BY_KEY_POLICY = "kms:RetireGrant"
_KEY_ACTIONS = tuple(a for a in ACTIONS.values() if a.has_key and a.name != _NOT_BY_KEY_POLICY)


@dataclass(frozen=True, slots=True)
class InertAllow:
    """A part of a statement that allows nothing.

    Attributes:
        principal: the ARN of who holds the policy.
        policy: the identity policy.
        statement: its statement.
        action: the Action entry, as the policy spells it, and where it stands.
        keys: the keys that the statement covers and whose policies do not delegate.
        witness: a request that is denied for this reason only.
    """

    principal: str
    policy: Policy
    statement: Statement
    action: tuple[str, Span]
    keys: tuple[KeyRecord, ...]
    witness: Request


def find_inert_allows(bundle: Bundle) -> Iterator[InertAllow]:
    """Every inert part of the identity policies of a bundle, by principal."""
    finder = _Finder(bundle)
    for record in bundle.principals.values():
        yield from finder.of_principal(record)


@dataclass(frozen=True, slots=True)
class _Cell:
    """One Action entry with one Resource entry of a statement: what it says it allows."""

    action: tuple[str, Span]
    actions: tuple[str, ...]
    keys: tuple[KeyRecord, ...]


class _Finder:
    """Asks two engines: the bundle as it is, and as it would be if every key policy delegated everything."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._keys = tuple(key for key in bundle.keys.values() if key.policy is not None)
        self._real = PolicyEngine(bundle)
        delegating = {key.arn: _delegating(key) for key in self._keys}
        self._supposed = PolicyEngine(replace(bundle, keys={**bundle.keys, **delegating}))
        self._possible: dict[tuple[str, str, str], bool] = {}

    def of_principal(self, record: PrincipalRecord) -> Iterator[InertAllow]:
        """The inert parts of the policies that a principal holds, its groups' included."""
        groups = (self._bundle.groups[arn] for arn in record.groups if arn in self._bundle.groups)
        policies = [*record.identity_policies, *(p for g in groups for p in g.identity_policies)]
        denies = tuple(_only(policy, Effect.DENY) for policy in policies)
        for policy in policies:
            for statement in policy.statements:
                if statement.effect is Effect.ALLOW:
                    alone = (*denies, replace(policy, statements=(statement,)))
                    supposed = replace(record, groups=(), identity_policies=alone)
                    yield from self._of_statement(supposed, policy, statement)

    def _of_statement(
        self, record: PrincipalRecord, policy: Policy, statement: Statement
    ) -> Iterator[InertAllow]:
        arn = parse_arn(record.arn)
        cells = list(_cells(statement, policy.kind, self._keys, arn.account if arn else ""))
        if not cells:
            return
        self._supposed.put_principal(record)
        for cell in cells:
            witness = self._inert(record.arn, cell)
            if witness is not None:
                yield InertAllow(record.arn, policy, statement, cell.action, cell.keys, witness)

    def _inert(self, principal: str, cell: _Cell) -> Request | None:
        """A request that only the missing delegation denies; None where some part of the cell has effect."""
        pairs = [(action, key.arn) for action in cell.actions for key in cell.keys]
        if any(self._is_possible(principal, action, key) for action, key in pairs):
            return None
        searches = (find_witness(self._supposed, Request(principal, *pair)) for pair in pairs)
        return next((search.witness for search in searches if search.witness is not None), None)

    def _is_possible(self, principal: str, action: str, key: str) -> bool:
        asked = (principal, action, key)
        if asked not in self._possible:
            self._possible[asked] = not find_witness(self._real, Request(*asked)).impossible
        return self._possible[asked]


def _only(policy: Policy, effect: Effect) -> Policy:
    return replace(policy, statements=tuple(s for s in policy.statements if s.effect is effect))


def _cells(
    statement: Statement, kind: PolicyKind, keys: tuple[KeyRecord, ...], account: str
) -> Iterator[_Cell]:
    """The pairs of entries that cover an action on a key of the caller's account."""
    for label, element in _action_entries(statement):
        test = ActionTest(element)
        actions = tuple(a.name for a in _KEY_ACTIONS if test.covers(a.name.lower()))
        for resource in _resource_entries(statement):
            resources = ResourceTest(resource, kind)
            covered = tuple(
                key
                for key in keys
                if _account(key) == account and resources.covers(key.arn, "kms:decrypt", None)
            )
            if actions and covered:
                yield _Cell(label, actions, covered)


def _action_entries(statement: Statement) -> Iterator[tuple[tuple[str, Span], ActionElement]]:
    """The entries of Action, each as an element of its own; NotAction is one."""
    element = statement.action
    if element is None:
        return
    if element.negated:
        yield ("NotAction", element.span), element
        return
    for pattern in element.patterns:
        yield (pattern.spelling, pattern.span), replace(element, patterns=(pattern,))


def _resource_entries(statement: Statement) -> Iterator[ResourceElement]:
    element = statement.resource
    if element is None:
        return
    if element.negated:
        yield element
        return
    for pattern in element.patterns:
        yield replace(element, patterns=(pattern,))


def _account(key: KeyRecord) -> str:
    arn = parse_arn(key.arn)
    return arn.account if arn else ""


def _delegating(key: KeyRecord) -> KeyRecord:
    """The key as it would be if its policy let the account's IAM policies count."""
    policy = key.policy
    if policy is None:
        return key
    statement = _delegation(_account(key))
    return replace(key, policy=replace(policy, statements=(*policy.statements, statement)))


@lru_cache(maxsize=1024)
def _delegation(account: str) -> Statement:
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "kms:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return read_policy(text, kind=PolicyKind.KEY, file="<delegation>").statements[0]
