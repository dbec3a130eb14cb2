"""TESTS → SHAPE AND VALUES: what rows that differ only in their constants have in common.

Ten thousand keys have policies of a few shapes: each asks for the same condition keys in the same ways, and
for another tenant. A function is written once for a shape, with slots where the values go.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary

from policy_engine.graph.checks import Check, Form, SlotTest, checks_of

if TYPE_CHECKING:
    from policy_engine.graph.tests import Test

MOST_ROWS = 4_096
"""How many rows' tests are remembered with their shape; they outlive their policies for a while."""


class Slot(NamedTuple):
    """A value that is still to be filled in: that at a place of a row, or at `ORIGIN` the row's origin."""

    row: int
    place: int


ORIGIN = -1


class Shape:
    """How the tests of a row look at the context, whatever values they ask for. Equal ones are one object.

    Attributes:
        checks: form and condition key of each check.
    """

    __slots__ = ("__weakref__", "checks")

    def __init__(self, checks: tuple[tuple[Form, str], ...]) -> None:
        self.checks = checks

    @property
    def is_pair(self) -> bool:
        """Whether it asks for the value of one pair and nothing else: see graph/alternatives."""
        return len(self.checks) == 1 and self.checks[0][0] is Form.PAIR_EQUALS

    def slots(self, row: int) -> tuple[Test, ...]:
        """Tests of this shape, with slots for the values of a row."""
        checks = tuple(
            Check(form, key, Slot(row, 2 * index), SlotTest(holds=Slot(row, 2 * index + 1)))
            for index, (form, key) in enumerate(self.checks)
        )
        return (SlotTest(checks),) if checks else ()


class ShapedTests(NamedTuple):
    """The tests of a row, taken apart.

    `values` has for each check what it compares with and the test itself. `is_opaque` where a part of the
    policy is not known yet, so that no function can tell.
    """

    shape: Shape
    values: tuple[object, ...]
    is_opaque: bool


_SHAPES: WeakValueDictionary[tuple[tuple[Form, str], ...], Shape] = WeakValueDictionary()


@lru_cache(MOST_ROWS)
def shaped(tests: tuple[Test, ...]) -> ShapedTests:
    """The shape and the values of tests."""
    checks = [check for test in tests for check in checks_of(test)]
    ways = tuple((check.form, check.key) for check in checks)
    values = tuple(value for check in checks for value in (check.constant, check.test.holds))
    return ShapedTests(_SHAPES.setdefault(ways, Shape(ways)), values, any(test.is_opaque for test in tests))
