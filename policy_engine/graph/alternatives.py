"""MANY ROWS → ONE LOOK-UP: alternatives that differ only in the one value that each asks for.

A service that makes a grant for every volume or object leaves its role with thousands of grants on a key,
alike but for one pair of the encryption context. One look-up tells which of them holds, be they many.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from policy_engine.graph.checks import Form, checks_of
from policy_engine.graph.formula import AllOf, Asked, Formula, Held

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy_engine.graph.checks import Check
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


def by_value(parts: Sequence[Formula]) -> Iterator[Formula | ByValue]:
    """Alternatives in their order, with a table in place of each long run that asks for one pair."""
    for key, run in groupby(parts, _only_pair):
        alike = list(run)
        if key is None or len(alike) < FEWEST:
            yield from alike
        else:
            yield _table(key, alike)


def _table(key: str, rows: Sequence[Formula]) -> ByValue:
    table: dict[str, Origin] = {}
    for row in rows:
        check = _only_check(row)
        if isinstance(row, Held) and check is not None:  # they are, since the key was found
            table.setdefault(str(check.constant), row.origin)
    return ByValue(key, table)


def _only_pair(formula: Formula) -> str | None:
    """The key of the pair that a row asks for and nothing else."""
    check = _only_check(formula)
    return check.key if check is not None else None


def _only_check(formula: Formula) -> Check | None:
    """The one check that a row makes, where that is for the value of a pair."""
    match formula:
        case Held(_, AllOf((Asked(test),)) | Asked(test)):
            checks = checks_of(test)
            return checks[0] if len(checks) == 1 and checks[0].form is Form.PAIR_EQUALS else None
        case _:
            return None
