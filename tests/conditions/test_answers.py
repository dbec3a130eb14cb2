"""What a test remembers of the values that it was asked about."""

from __future__ import annotations

import pytest

from policy_engine.conditions.answers import LONGEST_VALUE, Answers


def test_a_value_that_comes_again_is_not_asked_about_again() -> None:
    asked: list[object] = []

    def answer(value: object) -> bool:
        asked.append(value)
        return value == "a"

    answers = Answers(answer)
    assert [answers[value] for value in ("a", "b", None, "a", "b", None)] == [True, False, False] * 2
    assert asked == [None, "a", "b"]


def test_what_is_remembered_is_bounded_and_what_comes_last_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("policy_engine.conditions.answers.MOST_VALUES", 3)
    answers = Answers(lambda value: value is not None)
    for value in ("a", "b", "c", "d", "e", None):
        assert answers[value] is (value is not None)
        assert len(answers) <= 3
        assert value in answers


@pytest.mark.parametrize("value", ["x" * (LONGEST_VALUE + 1), ("a", "b")])
def test_long_values_and_lists_are_asked_about_each_time(value: object) -> None:
    answers = Answers(lambda value: value is not None)
    assert answers[value]  # type: ignore[index]
    assert value not in answers


def test_two_memories_are_two_whatever_they_hold() -> None:
    one, other = (Answers(lambda value: value is not None) for _ in range(2))
    assert one == one  # noqa: PLR0124 - this is what is tested
    assert one != other
    assert {one: 1, other: 2}[one] == 1


def test_what_cannot_be_a_value_raises() -> None:
    with pytest.raises(TypeError):
        Answers(lambda _: True)[["a"]]  # type: ignore[index]
