from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import KMSInternalError
from kms_core.store import group_commit
from kms_core.store.group_commit import GroupCommit
from kms_core.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LONG = 10


class Disk:
    """Commits groups when it is told to; what it holds is what was committed."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.failing = False
        self.busy = threading.Event()
        self.slow = threading.Event()
        self.slow.set()
        self._inside = threading.Lock()
        self.together = GroupCommit[int](self.commit, Turns())

    def commit(self, items: Sequence[int]) -> None:
        assert self._inside.acquire(blocking=False)
        try:
            self.busy.set()
            assert self.slow.wait(_LONG)
            if self.failing:
                raise OSError("the disk is full")
            self.groups.append([*items])
        finally:
            self._inside.release()

    def waiting(self) -> int:
        with self.together._guard:
            return len(self.together._waiting)

    @contextmanager
    def held(self) -> Iterator[None]:
        """While this lasts, a commit of -1 is under way."""
        self.busy.clear()
        self.slow.clear()
        first = threading.Thread(target=self.join, args=(-1,))
        first.start()
        assert self.busy.wait(_LONG)
        yield
        self.slow.set()
        first.join(_LONG)

    def join(self, item: int) -> bool:
        """Whether the item is kept, as `join` says it."""
        try:
            self.together.join(item)
        except (KMSInternalError, OSError):
            return False
        return True


@pytest.fixture
def disk() -> Disk:
    return Disk()


def _start(disk: Disk, count: int, answers: dict[int, bool]) -> list[threading.Thread]:
    """Threads that join one after another, so that the order in which they came is known."""
    threads = []
    for number in range(count):
        thread = threading.Thread(target=lambda n=number: answers.update({n: disk.join(n)}))
        thread.start()
        threads.append(thread)
        while disk.waiting() < number + 1:
            pass
    return threads


def test_who_is_alone_goes_at_once(disk: Disk) -> None:
    for number in range(3):
        disk.together.join(number)
        assert disk.groups[-1] == [number]


def test_who_waits_at_the_same_time_goes_together_in_the_order_of_coming(disk: Disk) -> None:
    answers: dict[int, bool] = {}
    with disk.held():
        threads = _start(disk, 6, answers)
        assert answers == {}
    for thread in threads:
        thread.join(_LONG)
    assert disk.groups == [[-1], [0, 1, 2, 3, 4, 5]]
    assert answers == dict.fromkeys(range(6), True)


def test_a_commit_that_fails_refuses_everyone_in_it_and_nobody_else(disk: Disk) -> None:
    answers: dict[int, bool] = {}
    with disk.held():
        threads = _start(disk, 6, answers)
        disk.failing = True
    for thread in threads:
        thread.join(_LONG)
    assert answers == dict.fromkeys(range(6), False)
    assert disk.groups == []
    disk.failing = False
    assert disk.join(7)
    assert disk.groups == [[7]]


def test_nobody_commits_while_somebody_is_alone(disk: Disk) -> None:
    answers: dict[int, bool] = {}
    with disk.together.alone():
        threads = _start(disk, 3, answers)
        assert disk.groups == []
    for thread in threads:
        thread.join(_LONG)
    assert disk.groups == [[0, 1, 2]]


def test_a_leader_that_was_stopped_is_not_waited_for_for_ever(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "_PATIENCE", 0.05)
    disk.together._led = True  # as an exception from outside may leave it, just before the leader leads
    assert disk.join(1)
    assert disk.join(2)
    assert disk.groups == [[1], [2]]
    assert not disk.together._led


def test_who_is_impatient_is_kept_once(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "_PATIENCE", 0.01)
    answers: dict[int, bool] = {}
    with disk.held():
        threads = _start(disk, 4, answers)
        for thread in threads:
            thread.join(0.05)  # their patience ends, and all of them want to lead
        assert disk.groups == []
    for thread in threads:
        thread.join(_LONG)
    assert answers == dict.fromkeys(range(4), True)
    assert sorted(each for group in disk.groups[1:] for each in group) == [0, 1, 2, 3]
    assert all(disk.groups)


def test_many_threads_each_find_what_they_joined_with(disk: Disk) -> None:
    missed: list[int] = []

    def work(first: int) -> None:
        for item in range(first, first + 200):
            disk.together.join(item)
            if not any(item in group for group in reversed(disk.groups)):
                missed.append(item)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(1_000 * n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        sys.setswitchinterval(interval)
    assert missed == []
    kept = [item for group in disk.groups for item in group]
    assert sorted(kept) == [1_000 * n + m for n in range(8) for m in range(200)]
    assert all(
        [each for each in kept if each // 1_000 == n] == sorted(each for each in kept if each // 1_000 == n)
        for n in range(8)
    )
