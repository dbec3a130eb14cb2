"""ROWS → RESIDUAL ROWS: what is left of a row once caller, resource and action are known.

What the identity of a caller, the key and the action decide is decided here, once; only tests on the request
context are left. A row that cannot hold any more is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.conditions.test import ContextTest
from policy_engine.graph.resources import ResourceVariableTest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy_engine.graph.principals import PrincipalMatch
    from policy_engine.graph.resources import ResourceTest
    from policy_engine.graph.rows import GrantRow, StatementRow
    from policy_engine.graph.tests import Test
    from policy_engine.model.decision import Origin
    from policy_engine.model.facts import Facts
    from policy_engine.model.grant import Grant
    from policy_engine.model.principal import Principal


@dataclass(frozen=True, slots=True)
class Target:
    """What rows are specialised on.

    Attributes:
        caller: who calls.
        has_boundary: whether the caller has a permissions boundary (rule 18).
        action: in lower case.
        resource: an ARN, or `*`.
        grant: the grant to be retired or made.
    """

    caller: Principal
    has_boundary: bool
    action: str
    resource: str
    grant: Grant | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ResidualRow:
    """The tests that are left of a row, and how it names the caller (None where it names nobody)."""

    origin: Origin
    tests: tuple[Test, ...]
    match: PrincipalMatch | None


def specialise(rows: Iterable[StatementRow], target: Target, facts: Facts) -> Iterator[ResidualRow]:
    """What is left of the statements of a layer."""
    for row in rows:
        match = None
        if row.principal is not None:
            match = row.principal.match(target.caller, has_boundary=target.has_boundary)
        covered = row.actions.covers(target.action) and (row.principal is None or match is not None)
        resource = _resource_tests(row.resources, target, facts) if covered else None
        tests = remaining(row.tests, facts) if resource is not None else None
        if tests is not None and resource is not None:
            yield ResidualRow(row.origin, (*resource, *tests), match)


def _resource_tests(resources: ResourceTest, target: Target, facts: Facts) -> tuple[Test, ...] | None:
    """What is left to ask about the resource: nothing, its policy variables, or None where it is not covered."""
    bindings = {key: facts.get(key) for key in resources.variables if facts.know(key)}
    place = (target.resource, target.action, target.caller)
    if len(bindings) < len(resources.variables):
        return (ResourceVariableTest(resources, *place, bindings),)
    return () if resources.covers(*place, bindings) else None


def specialise_grants(rows: Iterable[GrantRow], target: Target, facts: Facts) -> Iterator[ResidualRow]:
    """What is left of the grants of a key."""
    for row in rows:
        match = row.grantee.match(target.caller) if row.actions.covers(target.action) else None
        tests = remaining(row.tests, facts) if match is not None else None
        if tests is not None:
            yield ResidualRow(row.origin, tests, match)


def remaining(tests: tuple[Test, ...], facts: Facts) -> tuple[Test, ...] | None:
    """The tests that facts do not decide, as far as they do not; None where a fact fails one."""
    left = []
    for test in tests:
        asked = settle(test, facts)
        if asked.keys or asked.is_opaque:
            left.append(asked)
        elif not asked.holds({}):
            return None
    return tuple(left)


def settle(test: Test, facts: Facts) -> Test:
    """A test with what the facts say of its keys."""
    if not isinstance(test, ContextTest):
        return test
    known = {key: facts.get(key) for key in test.keys if facts.know(key)}
    return test.bound(known, None if test.key in known else facts.defaults.get(test.key))
