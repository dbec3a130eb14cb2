"""The checker of histories sees what it must, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kms_core.concurrency.history import Event, wrong_answers

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST = {"policy": False, "grant": False}


def _rule(event: Event, values: Mapping[str, object]) -> str:
    return "done" if event.what == "change" or any(values.values()) else "denied"


def _change(fact: str, *, value: bool, began: float, ended: float) -> Event:
    return Event("change", began, ended, fact=fact, value=value)


def _use(began: float, ended: float, answer: str, *facts: str) -> Event:
    return Event("use", began, ended, answer, depends=facts or ("policy",))


CHANGES = [
    _change("policy", value=True, began=0, ended=1),
    _change("policy", value=False, began=10, ended=11),
    _change("grant", value=True, began=20, ended=21),
]


def test_any_rules_that_held_meanwhile_may_answer() -> None:
    right = [
        _use(-2, -1, "denied"),
        _use(2, 3, "done"),
        _use(9, 12, "done"),
        _use(9, 12, "denied"),
        _use(10.5, 10.6, "done"),
        _use(11, 12, "done"),
        _use(12, 13, "denied"),
        _use(-1, 30, "denied"),
        _use(12, 20, "done", "policy", "grant"),
        _use(22, 23, "done", "policy", "grant"),
    ]
    assert wrong_answers([*CHANGES, *right], FIRST, _rule) == []


def test_a_planted_violation_is_found() -> None:
    wrong = [
        _use(-2, -1, "done"),
        _use(2, 3, "denied"),
        _use(11.5, 12, "done"),
        _use(12, 19, "done", "policy", "grant"),
        _use(22, 23, "denied", "policy", "grant"),
        _use(9, 12, "broken"),
    ]
    found = wrong_answers([*wrong, *CHANGES], FIRST, _rule)
    assert [each.event for each in found] == wrong
    assert found[2].possible == {"denied"}


def test_a_change_that_failed_is_none() -> None:
    failed = Event("change", 30, 31, "broken", fact="grant", value=False)
    found = wrong_answers([*CHANGES, failed, _use(32, 33, "denied", "grant")], FIRST, _rule)
    assert [each.event.what for each in found] == ["change", "use"]


def test_changes_that_overlap_tell_nothing() -> None:
    with pytest.raises(ValueError, match="overlap"):
        wrong_answers([*CHANGES, _change("grant", value=False, began=20.5, ended=22)], FIRST, _rule)
