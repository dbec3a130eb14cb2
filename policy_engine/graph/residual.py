"""ROWS → RESIDUAL ROWS: what is left of a row once caller, resource and action are known.

What the identity of a caller, the key and the action decide is decided here, once; only tests on the request
context are left. A row that cannot hold any more is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.conditions.test import ContextTest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy_engine.graph.principals import PrincipalMatch
    from policy_engine.graph.rows import GrantRow, StatementRow
    from policy_engine.graph.tests import Test
    from policy_engine.model.decision import Origin
    from policy_engine.model.facts import Facts
    from policy_engine.model.principal import Principal


@dataclass(frozen=True, slots=True)
class Target:
    """What rows are specialised on.

    Attributes:
        caller: who calls.
        has_boundary: whether the caller has a permissions boundary (rule 18).
        action: in lower case.
        resource: an ARN, or `*`.
    """

    caller: Principal
    has_boundary: bool
    action: str
    resource: str


@dataclass(frozen=True, slots=True, eq=False)
class ResidualRow:
    """The tests that are left of a row, and how it names the caller (None where it names nobody)."""

    origin: Origin
    tests: tuple[Test, ...]
    match: PrincipalMatch | None


def specialise(rows: Iterable[StatementRow], target: Target, facts: Facts) -> Iterator[ResidualRow]:
    """What is left of the statements of a layer."""
    for row in rows:
        if not row.actions.covers(target.action):
            continue
        match = None
        if row.principal is not None:
            match = row.principal.match(target.caller, has_boundary=target.has_boundary)
            if match is None:
                continue
        if not row.resources.covers(target.resource, target.action, target.caller.account):
            continue
        tests = remaining(row.tests, facts)
        if tests is not None:
            yield ResidualRow(row.origin, tests, match)


def specialise_grants(rows: Iterable[GrantRow], target: Target, facts: Facts) -> Iterator[ResidualRow]:
    """What is left of the grants of a key."""
    for row in rows:
        match = row.grantee.match(target.caller) if row.actions.covers(target.action) else None
        tests = remaining(row.tests, facts) if match is not None else None
        if tests is not None:
            yield ResidualRow(row.origin, tests, match)


def remaining(tests: tuple[Test, ...], facts: Facts) -> tuple[Test, ...] | None:
    """The tests that facts do not settle; None where a fact fails one."""
    left = []
    for test in tests:
        if not isinstance(test, ContextTest) or not facts.know(test.key):
            left.append(test)
        elif not settled(test, facts):
            return None
    return tuple(left)


def settled(test: ContextTest, facts: Facts) -> bool:
    """The answer of a test whose key is a fact."""
    value = facts.get(test.key)
    return test.when_absent if value is None else test.holds_for(value)
