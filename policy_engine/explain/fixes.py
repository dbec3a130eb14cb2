"""Tries changes with the engine and keeps those that flip a denial. Nothing is listed that was not tried.

A changed request is authorised as any other. A changed statement takes the place of its row in the situation
that the decision was made in, and the engine's code builds and walks a new decision graph; the engine itself
stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice, product
from typing import TYPE_CHECKING

from policy_engine.engine.residuals import Residual
from policy_engine.explain.explanation import Element, Fix, Side
from policy_engine.explain.policy_changes import policy_changes
from policy_engine.explain.request_changes import Change, to_fail, to_hold
from policy_engine.graph.nodes import NodeTable
from policy_engine.graph.rows import StatementRow
from policy_engine.model.decision import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policy_engine.engine.partial import PartialContext
    from policy_engine.engine.policy_engine import PolicyEngine
    from policy_engine.engine.situation import Situation
    from policy_engine.explain.explanation import CheckedRow
    from policy_engine.explain.ways import Way
    from policy_engine.model.request import Request

_MOST_TRIES = 16
_BY_REQUEST = frozenset({Element.CONDITION, Element.TOKEN})


@dataclass(frozen=True, slots=True)
class Trial:
    """Where changes are tried: the engine, with what of every request's context is not known."""

    engine: PolicyEngine
    unknown: tuple[str, ...] = ()

    def allows(self, request: Request) -> bool:
        """Whether a request is allowed, whatever is not known."""
        return self.engine.authorize(request, unknown=self.unknown).outcome is Outcome.ALLOWED


def request_fixes(trial: Trial, request: Request, way: Way) -> list[Fix]:
    """Changes of the request by which a way leads to an allow."""
    checks = [answered.check for answered in way.unmet]
    if any(check.element not in _BY_REQUEST for check in checks):
        return []
    return _tried(trial, request, [to_hold(check, request) for check in checks])


def deny_fixes(trial: Trial, request: Request, denies: Sequence[CheckedRow], way: Way) -> list[Fix]:
    """Changes of the request by which every Deny that matches stops matching, and something allows."""
    checks = [answered.check for answered in way.unmet]
    if any(check.element not in _BY_REQUEST for check in checks):
        return []
    choices = [
        [change for check in deny.checks if check.element in _BY_REQUEST for change in to_fail(check)]
        for deny in denies
    ]
    return _tried(trial, request, [*choices, *(to_hold(check, request) for check in checks)])


def policy_fixes(situation: Situation, context: PartialContext, way: Way) -> list[Fix]:
    """Changes of one statement by which a way leads to an allow."""
    if len(way.unmet) != 1:
        return []
    (answered,) = way.unmet
    row = answered.row.row
    if not isinstance(row, StatementRow):
        return []
    return [
        Fix(Side.POLICY, change.words, span=change.span)
        for change in policy_changes(row, answered.check)
        if _outcome(situation, row, change.row, context) is Outcome.ALLOWED
    ]


def _tried(trial: Trial, request: Request, choices: Sequence[Sequence[Change]]) -> list[Fix]:
    """The combinations, one change for each check, that the engine allows; a shorter one is told once."""
    found: dict[str, Fix] = {}
    for change in islice(_combined(choices), _MOST_TRIES):
        words = change.words()
        if words and words not in found and trial.allows(change.apply(request)):
            found[words] = Fix(Side.REQUEST, words, change.note(request))
    return list(found.values())


def _combined(choices: Iterable[Sequence[Change]]) -> Iterator[Change]:
    for picked in product(*choices):
        whole = Change()
        for change in picked:
            whole = whole.joined(change)
        yield whole


def _outcome(situation: Situation, old: StatementRow, new: StatementRow, context: PartialContext) -> Outcome:
    """The outcome with one row in place of another."""

    def swapped(rows: tuple[StatementRow, ...]) -> tuple[StatementRow, ...]:
        return tuple(new if row is old else row for row in rows)

    caller = situation.caller
    key = situation.key.with_rows(swapped(situation.key.rows)) if situation.key is not None else None
    changed = replace(
        situation,
        key=key,
        caller=replace(
            caller,
            identity=swapped(caller.identity),
            boundary=swapped(caller.boundary) if caller.boundary is not None else None,
            session=swapped(caller.session) if caller.session is not None else None,
        ),
    )
    return Residual(changed, NodeTable()).partial_outcome(context)
