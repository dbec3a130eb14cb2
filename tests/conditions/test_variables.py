"""Policy variables in patterns: what stands for them."""

from __future__ import annotations

import pytest

from policy_engine.conditions.variables import bind, bound_values, free_variables
from policy_engine.syntax.pattern import Pattern, Wildcard, parse_pattern
from tests.conditions.test_operators import only_condition


def pattern(text: str) -> Pattern:
    return parse_pattern(text, variables=True)


def test_a_pattern_without_variables_is_left_as_it_is() -> None:
    plain = pattern("a*b")
    assert bind(plain, {"aws:username": "x"}) is plain
    condition = only_condition("StringEquals", ["a", "${aws:username}"])
    kept = bound_values(condition.values, {"aws:username": "x"})
    assert kept[0] is condition.values[0]
    assert [value.pattern.literal for value in kept] == ["a", "x"]
    assert bound_values(condition.values, {}) == [condition.values[0]]


@pytest.mark.parametrize(
    ("text", "bindings", "parts"),
    [
        ("a${x:y}c", {"x:y": "b"}, ("abc",)),
        ("a${x:y}c", {"x:y": ""}, ("ac",)),
        ("${x:y}", {"x:y": ""}, ()),
        ("*${x:y}", {"x:y": ""}, (Wildcard.MANY,)),
        ("*${x:y}${x:z}", {"x:y": "*", "x:z": "?"}, (Wildcard.MANY, "*?")),
        ("${x:y, 'd'}", {"x:y": None}, ("d",)),
        ("${X:Y, 'd'}", {"x:y": "b"}, ("b",)),
        ("${x:y, 'd'}", {"x:y": ("b",)}, ("d",)),
    ],
)
def test_values_stand_for_variables(
    text: str, bindings: dict[str, str | tuple[str, ...] | None], parts: tuple[object, ...]
) -> None:
    bound = bind(pattern(text), bindings)
    assert bound is not None
    assert (bound.text, bound.parts) == (text, parts)


@pytest.mark.parametrize("bindings", [{}, {"x:y": None}, {"x:y": ("b",)}])
def test_a_variable_without_a_value_leaves_no_pattern(
    bindings: dict[str, str | tuple[str, ...] | None],
) -> None:
    assert bind(pattern("a${x:y}"), bindings) is None


def test_free_variables_are_those_that_nothing_is_known_of() -> None:
    patterns = [pattern("${x:y}${AWS:UserName}"), pattern("a"), pattern("${aws:username}${x:z}")]
    assert free_variables(patterns, {}) == ("x:y", "aws:username", "x:z")
    assert free_variables(patterns, {"aws:username": None, "x:z": "a"}) == ("x:y",)
