from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from kms_core.store.locks import KeyLocks

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


def _started(target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def _take(manager: AbstractContextManager[None], log: list[str], name: str) -> threading.Thread:
    def run() -> None:
        with manager:
            log.append(name)

    return _started(run)


def test_calls_share_and_changes_are_alone() -> None:
    locks, log = KeyLocks(), []
    with locks.shared("k"):
        _take(locks.shared("k"), log, "shared").join(5)
        assert log == ["shared"]
        change = _take(locks.alone("k"), log, "alone")
        change.join(0.05)
        assert log == ["shared"]
    change.join(5)
    assert log == ["shared", "alone"]


def test_a_waiting_change_is_not_overtaken() -> None:
    locks, log = KeyLocks(), []
    with locks.shared("k"):
        change = _take(locks.alone("k"), log, "change")
        change.join(0.05)
        later = _take(locks.shared("k"), log, "later call")
        later.join(0.05)
        assert log == []
    change.join(5)
    later.join(5)
    assert log == ["change", "later call"]


def test_nobody_else_is_in_during_a_change_and_keys_are_apart() -> None:
    locks, log = KeyLocks(), []
    with locks.alone("k"):
        same = [_take(locks.shared("k"), log, "call"), _take(locks.alone("k"), log, "change")]
        _take(locks.alone("other"), log, "other key").join(5)
        assert log == ["other key"]
    for thread in same:
        thread.join(5)
    assert sorted(log[1:]) == ["call", "change"]


def test_a_lock_is_let_go_when_its_call_fails_and_forgotten_when_unused() -> None:
    locks = KeyLocks()
    for manager in (locks.shared, locks.alone, locks.alone, locks.shared):
        with pytest.raises(ZeroDivisionError), manager("k"):
            raise ZeroDivisionError
    assert locks._locks == {}


def test_many_threads_never_mix() -> None:
    locks, counting = KeyLocks(), threading.Lock()
    calls, changes, broken = [0], [0], []

    def enter(counter: list[int], by: int) -> None:
        with counting:
            counter[0] += by
            if changes[0] > 1 or (changes[0] and calls[0]):
                broken.append((calls[0], changes[0]))

    def work(turn: int) -> None:
        for number in range(30):
            change = (number + turn) % 5 == 0
            counter = changes if change else calls
            with locks.alone("k") if change else locks.shared("k"):
                enter(counter, 1)
                enter(counter, -1)

    threads = [_started(lambda turn=turn: work(turn)) for turn in range(6)]
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert broken == []
