"""Formulas over tests: how rows combine, before they become a graph.

`Held` and `Path` change no truth value; they mark what a decision rests on. There is no negation: a negated
operator is a test of its own, and an explicit deny is put before what allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_engine.graph.residual import ResidualRow
    from policy_engine.graph.tests import Test
    from policy_engine.model.decision import Origin


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds where every part does; without parts it always holds."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where one part does, tried in order; without parts it never holds."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Holds where the context passes a test."""

    test: Test


@dataclass(frozen=True, slots=True)
class Held:
    """Holds where its part does, and then the origin is something the decision rests on."""

    origin: Origin
    part: Formula


@dataclass(frozen=True, slots=True)
class Path:
    """One way to be allowed; what an earlier way marked before it failed does not count."""

    name: str
    part: Formula


Formula = AllOf | AnyOf | Asked | Held | Path

ALWAYS = AllOf(())
NEVER = AnyOf(())


def is_always(formula: Formula) -> bool:
    """Whether a formula is `ALWAYS`: faster than comparing."""
    return type(formula) is AllOf and not formula.parts


def is_never(formula: Formula) -> bool:
    """Whether a formula is `NEVER`: faster than comparing."""
    return type(formula) is AnyOf and not formula.parts


def all_of(*parts: Formula) -> Formula:
    """`AllOf`, without what changes nothing."""
    if any(map(is_never, parts)):
        return NEVER
    kept = [part for part in parts if not is_always(part)]
    return kept[0] if len(kept) == 1 else AllOf(tuple(kept))


def any_of(*parts: Formula) -> Formula:
    """`AnyOf`, without what can never hold."""
    kept = [part for part in parts if not is_never(part)]
    return kept[0] if len(kept) == 1 else AnyOf(tuple(kept))


def row_formula(row: ResidualRow) -> Formula:
    """A row holds where all its tests do."""
    return Held(row.origin, AllOf(tuple(Asked(test) for test in row.tests)))


def rows_formula(rows: tuple[ResidualRow, ...]) -> Formula:
    """A layer's rows hold where one of them does; of rows that ask the same, the first."""
    if not rows:
        return NEVER
    first: dict[tuple[Test, ...], ResidualRow] = {}
    for row in rows:
        first.setdefault(row.tests, row)
    return any_of(*(row_formula(row) for row in first.values()))


def unmarked(part: Formula) -> Formula:
    """The same question, of which nothing is noted: for what must hold too and is not what allows."""
    match part:
        case AllOf(parts):
            return AllOf(tuple(unmarked(p) for p in parts))
        case AnyOf(parts):
            return AnyOf(tuple(unmarked(p) for p in parts))
        case Held(_, inner) | Path(_, inner):
            return unmarked(inner)
        case Asked():  # pragma: no branch - a formula is nothing else
            return part


def path(name: str, part: Formula) -> Formula:
    """`Path`, unless it can never hold."""
    return NEVER if is_never(part) else Path(name, part)


def tests_of(*formulas: Formula) -> list[Test]:
    """Every test of formulas, in order, as often as it stands there."""
    tests: list[Test] = []
    waiting = [*reversed(formulas)]
    while waiting:
        formula = waiting.pop()
        if isinstance(formula, Asked):
            tests.append(formula.test)
        elif isinstance(formula, Held | Path):
            waiting.append(formula.part)
        else:
            waiting.extend(reversed(formula.parts))
    return tests


def has_path(formula: Formula) -> bool:
    """Whether a way to be allowed is among the parts."""
    match formula:
        case Path():
            return True
        case AllOf(parts) | AnyOf(parts):
            return any(has_path(part) for part in parts)
        case Asked() | Held():  # pragma: no branch - a formula is nothing else
            return False
