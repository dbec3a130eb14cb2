"""Globs agree with a naive matcher, and cost steps linear in the text."""

from __future__ import annotations

import random
from functools import cache
from typing import Self

import pytest

from policy_engine.conditions.glob import Automaton, Step, glob
from policy_engine.syntax.pattern import PolicyVariable, parse_pattern


def naive(pattern: str, text: str) -> bool:
    @cache
    def fits(i: int, j: int) -> bool:
        if i == len(pattern):
            return j == len(text)
        if pattern[i] == "*":
            return fits(i + 1, j) or (j < len(text) and fits(i, j + 1))
        return j < len(text) and pattern[i] in ("?", text[j]) and fits(i + 1, j + 1)

    return fits(0, 0)


@pytest.mark.parametrize("seed", range(300))
def test_agrees_with_a_naive_matcher(seed: int) -> None:
    rng = random.Random(seed)
    pattern = "".join(rng.choice("ab:*?") for _ in range(rng.randrange(9)))
    compiled = glob(parse_pattern(pattern, variables=False))
    for _ in range(12):
        text = "".join(rng.choice("ab:c") for _ in range(rng.randrange(9)))
        assert compiled.matches(text) is naive(pattern, text), (pattern, text)


def test_inside_wildcards_stop_at_a_colon() -> None:
    inside = Automaton(["a", Step.MANY_INSIDE, "b", Step.ONE_INSIDE])
    assert inside.matches("axxbx")
    assert not inside.matches("ax:xbx")
    assert not inside.matches("axb:")


@pytest.mark.parametrize("begins", ["", "a"])
def test_inside_wildcards_stop_at_a_colon_where_they_come_first_too(begins: str) -> None:
    for items in ([Step.ONE_INSIDE], [Step.ONE_INSIDE, "b"], [Step.MANY_INSIDE], [Step.MANY_INSIDE, "b"]):
        ends = "b" if "b" in items else ""
        automaton = Automaton([*begins, *items])
        assert automaton.matches(begins + "x" + ends)
        assert not automaton.matches(begins + ":" + ends)


def test_neighbouring_runs_are_the_wider_one() -> None:
    assert Automaton([Step.MANY_INSIDE, Step.MANY]).matches("a:b")
    assert not Automaton([Step.MANY_INSIDE, Step.MANY_INSIDE]).matches("a:b")
    assert Automaton(["a", Step.MANY, Step.MANY_INSIDE]).matches("a:b")
    assert not Automaton([Step.MANY, "a", Step.MANY_INSIDE, Step.MANY_INSIDE]).matches("xa:b")
    assert not Automaton([Step.MANY, "a", Step.MANY_INSIDE]).matches("xa:b")


class CountingText(str):
    """A text that counts how many of its characters are looked at one by one, in its parts too."""

    __slots__ = ("looked",)

    def __new__(cls, text: str, looked: list[str] | None = None) -> Self:
        made = super().__new__(cls, text)
        made.looked = [] if looked is None else looked
        return made

    @property
    def looked_at(self) -> int:
        return len(self.looked)

    def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204 - str's own
        for character in str.__str__(self):
            self.looked.append(character)
            yield character

    def __getitem__(self, key):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204 - str's own
        return CountingText(str.__getitem__(self, key), self.looked)


@pytest.mark.parametrize("pattern", ["*a" * 1000 + "b", "a*" * 1000 + "?", "*?" * 500 + "x"])
def test_steps_are_linear_in_the_text(pattern: str) -> None:
    text = CountingText("a" * 5000)
    compiled = glob(parse_pattern(pattern, variables=False))
    compiled.matches(text)
    assert 0 < text.looked_at <= len(text)


def test_a_text_that_cannot_fit_any_more_is_not_read_on() -> None:
    text = CountingText("ab" * 5000)
    assert not glob(parse_pattern("a?c*d", variables=False)).matches(text)
    assert text.looked_at == 2


@pytest.mark.parametrize(
    ("pattern", "fits", "looked_at"),
    [
        ("abc", True, 0),
        ("abd", False, 0),
        ("ab", False, 0),
        ("ab*", True, 0),
        ("b*", False, 0),
        ("*", True, 0),
        ("a*c", True, 2),
    ],
)
def test_what_has_no_wildcard_or_one_at_its_end_is_compared_at_once(
    pattern: str, fits: bool, looked_at: int
) -> None:
    text = CountingText("abc")
    assert glob(parse_pattern(pattern, variables=False)).matches(text) is fits
    assert text.looked_at == looked_at


def test_what_stands_before_the_first_wildcard_is_compared_as_a_whole() -> None:
    refused, taken = CountingText("ab" * 5000), CountingText("abababab")
    assert not glob(parse_pattern("ac*d", variables=False)).matches(refused)
    assert refused.looked_at == 0
    assert glob(parse_pattern("abab?b*b", variables=False)).matches(taken)
    assert taken.looked_at == 4


def test_what_a_last_run_covers_is_not_looked_at() -> None:
    text = CountingText("ab" * 5000)
    assert glob(parse_pattern("a?a*", variables=False)).matches(text)
    assert text.looked_at == 3
    assert Automaton(["a", Step.ONE, Step.MANY_INSIDE]).matches("abab")
    assert not Automaton(["a", Step.ONE, Step.MANY_INSIDE]).matches("abab:")


def test_a_variable_without_a_value_cannot_be_matched() -> None:
    pattern = parse_pattern("${aws:username}", variables=True)
    assert isinstance(pattern.parts[0], PolicyVariable)
    with pytest.raises(TypeError, match=r"^the policy variable aws:username has no value yet$"):
        glob(pattern)
