"""ROWS → RESIDUAL ROWS: what is left of a row once caller, resource and action are known.

What the identity of a caller, the key and the action decide is decided here, once; only tests on the request
context are left. A row that cannot hold any more is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.conditions.opaque import OpaqueTest
from policy_engine.conditions.test import ContextTest
from policy_engine.graph.principals import PrincipalMatch
from policy_engine.graph.resources import ResourceVariableTest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy_engine.graph.resources import ResourceTest
    from policy_engine.graph.rows import GrantRow, StatementRow
    from policy_engine.graph.tests import Test
    from policy_engine.model.decision import Origin
    from policy_engine.model.facts import Facts
    from policy_engine.model.grant import Grant
    from policy_engine.model.policy import ActionElement, ResourceElement
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
        asked = _element_tests(row, target, facts)
        tests = remaining(row.tests, facts) if asked is not None else None
        if tests is None or asked is None:
            continue
        for match, principal in _matches(row, target):
            yield ResidualRow(row.origin, (*principal, *asked, *tests), match)


def _matches(row: StatementRow, target: Target) -> Iterator[tuple[PrincipalMatch | None, tuple[Test, ...]]]:
    """How a row covers the caller, for certain and, by principals that are not known yet, perhaps.

    What is not known may name the caller itself, the way that asks the least.
    """
    if row.principal is None:
        yield None, ()
        return
    match = row.principal.match(target.caller, has_boundary=target.has_boundary)
    element = row.principal.element
    if element is None or not element.opaque:
        if match is not None:
            yield match, ()
        return
    perhaps = (PrincipalMatch.NAMED, (OpaqueTest("Principal", element.opaque[0]),))
    if element.negated:  # whoever is not exempt yet may still become so
        if match is not None:
            yield perhaps
        return
    if match is not None:
        yield match, ()
    if match is not PrincipalMatch.NAMED:
        yield perhaps


def _element_tests(row: StatementRow, target: Target, facts: Facts) -> tuple[Test, ...] | None:
    """What is left to ask about action and resource; None where one is not covered."""
    action = _certain("Action", row.actions.element, covered=row.actions.covers(target.action))
    if action is None:
        return None
    resource = _resource_tests(row.resources, target, facts)
    return None if resource is None else (*action, *resource)


def _certain(
    what: str, element: ActionElement | ResourceElement | None, *, covered: bool
) -> tuple[Test, ...] | None:
    """Nothing to ask where an element covers, None where it does not, else what is not known of it yet."""
    if element is not None and element.opaque and covered == element.negated:
        return (OpaqueTest(what, element.opaque[0]),)
    return () if covered else None


def _resource_tests(resources: ResourceTest, target: Target, facts: Facts) -> tuple[Test, ...] | None:
    """What is left to ask about the resource: nothing, what the context says of it, or None: not covered."""
    place = (target.resource, target.action, target.caller)
    asked = resources.keys(target.resource, target.action)
    bindings = {key: facts.get(key) for key in asked if facts.know(key)}
    if len(bindings) < len(asked):
        unknown = resources.element.opaque if resources.element else ()
        if unknown:  # neither the context nor anybody else can settle it yet
            return (OpaqueTest("Resource", unknown[0]),)
        return (ResourceVariableTest(resources, *place, bindings, facts.defaults),)
    return _certain("Resource", resources.element, covered=resources.covers(*place, bindings))


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
    if test.asks_presence and test.key in facts.unknown:  # whatever its value may be, it has one
        known[test.key] = ""
    return test.bound(known, {key: facts.defaults[key] for key in test.keys if key in facts.defaults})
