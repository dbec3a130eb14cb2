"""CHECK → CHANGES OF A POLICY that could make a row hold: one more action, resource or condition value.

Candidates only: `fixes` tries each on the row itself, lowered again from the changed statement. SCPs, RCPs
and endpoint policies are left alone, since they bound more than one caller; so is what is negated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.catalog.actions import find_action
from policy_engine.conditions.test import ContextTest
from policy_engine.explain.explanation import Element
from policy_engine.graph.actions import ActionTest
from policy_engine.graph.resources import ResourceTest
from policy_engine.model.condition import ConditionValue
from policy_engine.model.policy import ActionPattern, PolicyKind, ResourcePattern
from policy_engine.syntax.json_faults import printable
from policy_engine.syntax.pattern import parse_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy_engine.explain.explanation import Check
    from policy_engine.graph.rows import StatementRow
    from policy_engine.graph.tests import Test
    from policy_engine.span import Span

_CHANGED_KINDS = frozenset({PolicyKind.KEY, PolicyKind.IDENTITY, PolicyKind.BOUNDARY, PolicyKind.SESSION})
_LISTING_OPERATORS = frozenset(
    {"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"}
)
_SPECIAL = ("*", "?", "${")


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A row as it would be, with words for the change and the place where it is made."""

    row: StatementRow
    words: str
    span: Span | None


def policy_changes(row: StatementRow, check: Check) -> tuple[PolicyChange, ...]:
    """Changes of a statement that could make one of its checks hold."""
    make = _CHANGES.get(check.element)
    if make is None or row.kind not in _CHANGED_KINDS or check.negated or not check.got:
        return ()
    change = make(row, check)
    return (change,) if change is not None else ()


def _one_more_action(row: StatementRow, check: Check) -> PolicyChange | None:
    element = row.statement.action
    if element is None:
        return None
    known = find_action(check.got[0])
    name = known.name if known else check.got[0]
    pattern = ActionPattern(parse_pattern(ascii_lower(name), variables=False), name, element.span)
    changed = replace(element, patterns=(*element.patterns, pattern))
    return PolicyChange(
        replace(row.saying(replace(row.statement, action=changed)), actions=ActionTest(changed)),
        f'add "{printable(name)}" to the actions',
        element.span,
    )


def _one_more_resource(row: StatementRow, check: Check) -> PolicyChange | None:
    element, resource = row.statement.resource, check.got[0]
    if element is None:
        return None
    pattern = ResourcePattern(parse_pattern(resource, variables=False), element.span)
    changed = replace(element, patterns=(*element.patterns, pattern))
    resources = ResourceTest(changed, row.kind)
    return PolicyChange(
        replace(row.saying(replace(row.statement, resource=changed)), resources=resources),
        f'add "{printable(resource, 200)}" to the resources',
        element.span,
    )


def _one_more_value(row: StatementRow, check: Check) -> PolicyChange | None:
    value, test = check.got[0], check.test
    if not isinstance(test, ContextTest) or test.condition.operator.name not in _LISTING_OPERATORS:
        return None
    if any(special in value for special in _SPECIAL):
        return None  # it would mean more than itself
    condition = test.condition
    wanted = ConditionValue(value, condition.span, parse_pattern(value, variables=False))
    changed = replace(condition, values=(*condition.values, wanted))
    tests = tuple(_other(one, test, ContextTest(changed)) for one in row.tests)
    conditions = tuple(
        changed if one is test else c for c, one in zip(row.statement.conditions, row.tests, strict=False)
    )
    return PolicyChange(
        replace(row.saying(replace(row.statement, conditions=conditions)), tests=tests),
        f'add "{printable(value)}" to the values of {condition.operator} {printable(condition.spelling)}',
        check.span,
    )


def _other(one: Test, old: Test, new: Test) -> Test:
    return new if one is old else one


_CHANGES: dict[Element, Callable[[StatementRow, Check], PolicyChange | None]] = {
    Element.ACTION: _one_more_action,
    Element.RESOURCE: _one_more_resource,
    Element.CONDITION: _one_more_value,
}
