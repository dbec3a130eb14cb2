"""MANY ROWS → ONE LOOK-UP: alternatives that differ only in the one value that each asks for.

A service that makes a grant for every volume or object leaves its role with thousands of grants on a key,
alike but for one pair of the encryption context. One look-up tells which of them holds, be they many.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from policy_engine.graph.checks import Form, checks_of
from policy_engine.graph.formula import AllOf, Asked, Formula, Held

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy_engine.model.decision import Origin
    from policy_engine.model.request import RequestContext

FEWEST = 8
"""Fewer alternatives are quicker asked one after the other."""


class ByValue:
    """Rows by the value of one pair of the encryption context, the first row of each value.

    Attributes:
        key: the condition key of the pair.
        rows: the origins of the rows, by value.
    """

    __slots__ = ("key", "rows")

    def __init__(self, key: str, rows: dict[str, Origin]) -> None:
        self.key = key
        self.rows = rows

    def first(self, context: RequestContext) -> Origin | None:
        """The first row, in the order of rows, for a pair that has several values (rule 101)."""
        given = context.get(self.key, ())
        return next((origin for value, origin in self.rows.items() if value in given), None)


class _Pair(NamedTuple):
    """A row that asks for the value of one pair and nothing else."""

    key: str
    value: str
    origin: Origin


def by_value(parts: Sequence[Formula]) -> Iterator[Formula | ByValue]:
    """Alternatives in their order, with a table in place of each long run that asks for one pair."""
    for _, run in groupby(((part, _pair(part)) for part in parts), lambda one: one[1] and one[1].key):
        alike = list(run)
        pairs = [pair for _, pair in alike if pair is not None]
        if len(pairs) < FEWEST:
            yield from (part for part, _ in alike)
        else:
            yield _table(pairs)


def _table(pairs: Sequence[_Pair]) -> ByValue:
    rows: dict[str, Origin] = {}
    for pair in pairs:
        rows.setdefault(pair.value, pair.origin)
    return ByValue(pairs[0].key, rows)


def _pair(formula: Formula) -> _Pair | None:
    """The row's pair, where that is all that it asks for."""
    match formula:
        case Held(origin, AllOf((Asked(test),)) | Asked(test)):
            checks = checks_of(test)
            if len(checks) == 1 and checks[0].form is Form.PAIR_EQUALS:
                return _Pair(checks[0].key, str(checks[0].constant), origin)
    return None
