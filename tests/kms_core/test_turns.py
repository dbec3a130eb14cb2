from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from kms_core import turns as rooms
from kms_core.store.group_commit import GroupCommit
from kms_core.turns import Sleeper, Turns, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

_LONG = 10


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    """Turns whose threads are patient, so that what a test sees does not hang on the machine."""
    monkeypatch.setattr(rooms, "PATIENCE", _LONG)
    monkeypatch.setattr(rooms, "LINGERING", _LONG)
    return Turns()


def _start(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def _queue(turns: Turns, names: str, log: list[str]) -> list[threading.Thread]:
    """Threads that want a turn one after another, each of which notes its name and ends its turn."""
    return _queue_behind(turns, 0, log, names)


def _queue_behind(turns: Turns, before: int, log: list[str], names: str = "a") -> list[threading.Thread]:

    def run(name: str) -> None:
        turns.take()
        log.append(name)
        turns.end()

    threads = []
    for number, name in enumerate(names, before + 1):
        threads.append(_start(lambda name=name: run(name)))
        while len(turns._waiting) < number:
            pass
    return threads


def test_one_runs_and_the_others_follow_in_the_order_in_which_they_came(turns: Turns) -> None:
    log: list[str] = []
    turns.take()
    threads = _queue(turns, "abc", log)
    assert log == []
    turns.end()
    for thread in threads:
        thread.join(_LONG)
    assert log == ["a", "b", "c"]


def test_to_take_and_to_end_twice_changes_nothing(turns: Turns) -> None:
    turns.take()
    turns.take()
    turns.end()
    assert not turns.has_one
    turns.end()
    turns.take()
    assert turns.has_one


def test_others_run_while_a_thread_waits_and_then_it_has_a_turn_again(turns: Turns) -> None:
    log: list[str] = []
    turns.take()
    (thread,) = _queue(turns, "a", log)
    with turns.waiting():
        assert not turns.has_one
        thread.join(_LONG)
        assert log == ["a"]
    assert turns.has_one


def test_a_thread_without_a_turn_has_none_after_waiting(turns: Turns) -> None:
    with turns.waiting():
        pass
    assert not turns.has_one


def test_a_turn_that_is_never_ended_is_taken_over(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    _start(turns.take).join(_LONG)
    monkeypatch.setattr(rooms, "PATIENCE", 0.01)
    turns.take()
    assert turns.has_one
    turns.end()
    monkeypatch.setattr(rooms, "PATIENCE", _LONG)
    turns.take()
    assert turns.has_one


def test_who_is_impatient_goes_on_without_a_turn_and_takes_nobody_elses(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    turns.take()
    sleeper = Sleeper(wants_turn=True)
    patient = _queue(turns, "a", log)
    turns.wake([sleeper])
    turns._newest += 1  # the turn has moved on since
    monkeypatch.setattr(rooms, "PATIENCE", 0.01)
    turns._mine.number = 0
    assert turns.sleep(sleeper)
    assert turns.has_one
    turns.end()
    assert log == []
    turns._give_next()
    patient[0].join(_LONG)
    assert log == ["a"]


def test_who_is_not_woken_is_told_so(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "PATIENCE", 0.01)
    sleeper = Sleeper(wants_turn=True)
    assert not turns.sleep(sleeper)
    assert not turns.has_one
    turns.wake([sleeper])
    assert turns.sleep(sleeper)
    assert turns.has_one


def test_who_was_woken_is_not_woken_again(turns: Turns) -> None:
    sleeper = Sleeper(wants_turn=True)
    turns.wake([sleeper])
    turns.wake([sleeper])
    assert turns.sleep(sleeper)
    assert not turns._waiting


def test_who_is_woken_when_its_patience_ends_has_its_turn_all_the_same(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turn comes after the sleeper has given up waiting, and before it looks whether it is still in the queue."""
    turns.take()
    slept, had = [], []

    class Late:
        """A lock whose first wait ends by time, in the moment in which it is let go of."""

        def __init__(self, lock: threading.Lock) -> None:
            self._lock = lock

        def acquire(self, timeout: float) -> bool:
            slept.append(timeout)
            if len(slept) == 1:
                ended.set()
                assert given.wait(_LONG)
                return False
            return self._lock.acquire(timeout=timeout)

        def release(self) -> None:
            self._lock.release()

    ended, given = threading.Event(), threading.Event()

    def make(*, wants_turn: bool) -> Sleeper:
        sleeper = Sleeper(wants_turn=wants_turn)
        sleeper.lock = Late(sleeper.lock)  # type: ignore[assignment] # stands in for one
        return sleeper

    monkeypatch.setattr(rooms, "Sleeper", make)
    thread = _start(lambda: (turns.take(), had.append(turns.has_one), turns.end()))
    assert ended.wait(_LONG)
    turns.end()
    given.set()
    thread.join(_LONG)
    assert (len(slept), had, turns._is_taken) == (2, [True], False)


@pytest.mark.parametrize("given", [False, True])
def test_a_thread_that_is_interrupted_is_passed_over(turns: Turns, *, given: bool) -> None:
    log: list[str] = []

    class Interrupted:
        def acquire(self, timeout: float) -> bool:
            assert timeout == _LONG
            if given:
                turns.end()
            raise KeyboardInterrupt

        def release(self) -> None:
            log.append("given a turn")

    turns.take()
    sleeper = Sleeper(wants_turn=True)
    sleeper.lock = Interrupted()  # type: ignore[assignment] # stands in for one
    turns.wake([sleeper])
    (next_one,) = _queue_behind(turns, 1, log)
    with pytest.raises(KeyboardInterrupt):
        turns.sleep(sleeper)
    turns.end()
    next_one.join(_LONG)
    assert log == (["given a turn", "a"] if given else ["a"])
    assert not turns._is_taken


def test_a_thread_that_is_interrupted_before_it_is_woken_is_not_woken_any_more(turns: Turns) -> None:
    sleeper = Sleeper(wants_turn=True)
    turns._forget(sleeper)
    turns.wake([sleeper])
    assert not turns._is_taken


def test_who_lingered_is_forgotten(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "LINGERING", 0.001)
    turns.take()
    for _ in range(3):
        _start(turns.linger).join(_LONG)
    assert turns._lingering == []


def test_others_run_while_a_thread_waits_for_a_lock(turns: Turns) -> None:
    log: list[str] = []
    lock = threading.Lock()

    def wait() -> None:
        turns.take()
        log.append("waits")
        wait_for(lock)
        log.append(f"has a turn: {turns.has_one}")
        turns.end()

    with lock:
        thread = _start(wait)
        while not log:
            pass
        turns.take()
        log.append("another runs")
        turns.end()
    thread.join(_LONG)
    assert log == ["waits", "another runs", "has a turn: True"]


def test_a_lock_that_is_free_is_not_waited_for_nor_one_without_a_turn(turns: Turns) -> None:
    lock = threading.Lock()
    turns.take()
    number = turns._newest
    wait_for(lock)
    assert turns._newest == number
    turns.end()
    with lock:
        wait_for(lock)
        _start(lambda: wait_for(lock)).join(_LONG)
    assert turns._newest == number


def test_nobody_lingers_where_nobody_runs(turns: Turns) -> None:
    turns.linger()
    turns.take()
    turns.end()
    turns.linger()
    assert not turns._lingering


def test_who_lingers_waits_for_everyone_who_runs_or_wants_to(turns: Turns) -> None:
    log: list[str] = []
    turns.take()
    threads = _queue(turns, "ab", log)
    lingering = _start(lambda: (turns.linger(), log.append("committed")))
    while not turns._lingering:
        pass
    turns.end()
    for thread in (*threads, lingering):
        thread.join(_LONG)
    assert log == ["a", "b", "committed"]


def test_nobody_lingers_for_long(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "LINGERING", 0.01)
    turns.take()
    lingering = _start(turns.linger)
    lingering.join(_LONG)
    assert not lingering.is_alive()
    assert turns.has_one


@pytest.mark.parametrize("had", [True, False])
def test_who_had_a_turn_before_a_commit_has_one_after_it_and_none_meanwhile(
    turns: Turns, *, had: bool
) -> None:
    seen: list[bool] = []
    together = GroupCommit[int](lambda _: seen.append(turns.has_one or turns._is_taken), turns)
    if had:
        turns.take()
    together.join(1)
    assert seen == [False]
    assert turns.has_one is had


def test_those_who_run_come_along_with_a_commit(turns: Turns) -> None:
    """The first of three joins while the others want their turns; then all have turns, one after another."""
    groups: list[list[int]] = []
    log: list[str] = []
    together = GroupCommit[int](lambda group: groups.append([*group]), turns)

    def run(number: int) -> None:
        turns.take()
        together.join(number)
        log.append(f"{number} begins")
        log.append(f"{number} ends")
        turns.end()

    turns.take()
    threads = []
    for number in range(3):
        threads.append(_start(lambda number=number: run(number)))
        while len(turns._waiting) < number + 1:
            pass
    turns.end()
    for thread in threads:
        thread.join(_LONG)
    assert groups == [[0, 1, 2]]
    assert sorted(log[::2]) == ["0 begins", "1 begins", "2 begins"]
    assert [entry.replace("begins", "ends") for entry in log[::2]] == log[1::2]
