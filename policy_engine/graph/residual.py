"""ROWS → RESIDUAL ROWS: what is left of a row once caller, resource and action are known.

What the identity of a caller, the key and the action decide is decided here, once; only tests on the request
context are left. A row that cannot hold any more is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from policy_engine.conditions.opaque import OpaqueTest
from policy_engine.conditions.test import ContextTest
from policy_engine.graph.principals import PrincipalMatch
from policy_engine.graph.resources import ResourceVariableTest
from policy_engine.model.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy_engine.graph.principals import PrincipalTest
    from policy_engine.graph.resources import ResourceTest
    from policy_engine.graph.rows import GrantRow, StatementRow
    from policy_engine.graph.tests import Test
    from policy_engine.model.decision import Origin
    from policy_engine.model.facts import FactValue
    from policy_engine.model.grant import Grant
    from policy_engine.model.policy import ActionElement, ResourceElement
    from policy_engine.model.principal import Principal


MOST_MATCHES = 256
"""How many ways of naming principals are remembered for each caller."""
MOST_SETTLED = 4_096
"""How many rows' tests are remembered with what facts leave of them; they may outlive their policies."""


@dataclass(frozen=True, slots=True)
class Target:
    """What rows are specialised on.

    Attributes:
        caller: who calls.
        has_boundary: whether the caller has a permissions boundary (rule 18).
        action: in lower case.
        resource: an ARN, or `*`.
        grant: the grant to be retired or made.
        matches: how principals that rows name cover the caller, as far as that was found out before.
    """

    caller: Principal
    has_boundary: bool
    action: str
    resource: str
    grant: Grant | None = None
    matches: dict[PrincipalTest, PrincipalMatch | None] = field(
        default_factory=dict, compare=False, repr=False
    )

    def match(self, test: PrincipalTest) -> PrincipalMatch | None:
        """How the principals of a row cover the caller."""
        try:
            return self.matches[test]
        except KeyError:
            if len(self.matches) >= MOST_MATCHES:
                self.matches.clear()
            match = self.matches[test] = test.match(self.caller, has_boundary=self.has_boundary)
            return match


class ResidualRow(NamedTuple):
    """The tests that are left of a row, and how it names the caller (None where it names nobody)."""

    origin: Origin
    tests: tuple[Test, ...]
    match: PrincipalMatch | None


def specialise(rows: Iterable[StatementRow], target: Target, facts: Facts) -> Iterator[ResidualRow]:
    """What is left of the statements of a layer."""
    for row in rows:
        if row.is_open:
            yield from _open_row(row, target, facts)
            continue
        if not row.actions.covers(target.action):
            continue
        match = target.match(row.principal) if row.principal is not None else None
        if match is None and row.principal is not None:
            continue
        asked = _resource_tests(row.resources, target, facts)
        tests = remaining(row.tests, facts) if asked is not None else None
        if tests is not None:
            yield ResidualRow(row.origin, (*asked, *tests) if asked else tests, match)


def _open_row(row: StatementRow, target: Target, facts: Facts) -> Iterator[ResidualRow]:
    """The same for a statement of which an element is not known yet."""
    asked = _element_tests(row, target, facts)
    if asked is None:
        return
    tests = remaining(row.tests, facts)
    if tests is None:
        return
    for match, principal in _matches(row, target):
        yield ResidualRow(row.origin, (*principal, *asked, *tests), match)


def _matches(row: StatementRow, target: Target) -> Iterator[tuple[PrincipalMatch | None, tuple[Test, ...]]]:
    """How a row covers the caller, for certain and, by principals that are not known yet, perhaps.

    What is not known may name the caller itself, the way that asks the least.
    """
    if row.principal is None:
        yield None, ()
        return
    match = target.match(row.principal)
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
    if resources.is_plain and target.resource != "*":
        return () if resources.covers(*place) else None
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
    if not tests:
        return ()
    if facts.defaults or facts.unknown:
        return _remaining(tests, facts)
    values, families = facts.values, facts.families
    known = [(key, values.get(key)) for key in _keys(tests) if key in values or key.startswith(families)]
    return _remembered(tests, tuple(known))


@lru_cache(MOST_SETTLED)
def _keys(tests: tuple[Test, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for test in tests for key in test.keys))


@lru_cache(MOST_SETTLED)
def _remembered(tests: tuple[Test, ...], known: tuple[tuple[str, FactValue], ...]) -> tuple[Test, ...] | None:
    """The same of what is known of the tests' keys: most rows meet the same facts each time."""
    return _remaining(tests, Facts(dict(known)))


def _remaining(tests: tuple[Test, ...], facts: Facts) -> tuple[Test, ...] | None:
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
