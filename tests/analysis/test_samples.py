"""Texts that patterns match, alone and together."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.analysis.samples import Found, joint_samples, sample, samples
from policy_engine.analysis.shapes import Shape, of_pattern
from policy_engine.conditions.glob import glob
from policy_engine.syntax.pattern import parse_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

PATTERNS = st.text("ab*?", max_size=5)


def shapes(texts: Iterable[str]) -> list[Shape]:
    return [of_pattern(pattern(text)) for text in texts]


def pattern(text: str):  # noqa: ANN201 - as parse_pattern
    return parse_pattern(text, variables=False)


@given(PATTERNS, st.sampled_from(["", "example", "a"]))
def test_a_sample_matches_its_pattern(text: str, filler: str) -> None:
    assert glob(pattern(text)).matches(sample(pattern(text), filler))


@given(st.lists(PATTERNS, min_size=1, max_size=3))
def test_joint_samples_have_every_way_to_fit_that_a_short_text_has(texts: list[str]) -> None:
    globs = [glob(pattern(text)) for text in texts]
    found = {tuple(g.matches(text) for g in globs) for text in joint_samples(shapes(texts), 10**6).texts}
    short = ("".join(letters) for length in range(6) for letters in itertools.product("abx", repeat=length))
    assert {tuple(g.matches(text) for g in globs) for text in short} <= found


def test_joint_samples_are_the_shortest() -> None:
    found = joint_samples(shapes(["a*", "*b"]))
    assert found == Found(("", "a", "b", "ab"), complete=True)


def test_the_joint_search_gives_up_in_time() -> None:
    many = shapes("*".join("abcdefgh"[i:]) + "*" for i in range(8))
    found = joint_samples(many, max_states=5)
    assert len(found.texts) <= 5
    assert not found.complete


@pytest.mark.parametrize(("text", "first"), [("s3.*.x", "s3.example.x"), ("k?y", "kxy"), ("plain", "plain")])
def test_readable_samples_come_first_and_none_twice(text: str, first: str) -> None:
    found = list(samples([pattern(text), pattern(text)]))
    assert found[0] == first
    assert len(found) == len(set(found))
