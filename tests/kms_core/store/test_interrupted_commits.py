"""A thread that is ended from outside while it waits for a commit: what becomes of its item, and of the others."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kms_core.store.group_commit import GroupCommit
from kms_core.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LONG = 10


class Interrupting(Turns):
    """Turns under which a thread of a name is interrupted where it sleeps, or where it lingers."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where
        self.before: Callable[[], None] = lambda: None

    def _interrupt(self, where: str) -> None:
        if where == self._where and threading.current_thread().name == "interrupted":
            self.before()
            raise KeyboardInterrupt

    def sleep(self, sleeper: object) -> bool:
        self._interrupt("asleep")
        return super().sleep(sleeper)

    def linger(self) -> None:
        self._interrupt("about to commit")
        super().linger()


class Disk:
    def __init__(self, where: str) -> None:
        self.groups: list[list[str]] = []
        self.goes_on = threading.Event()
        self.turns = Interrupting(where)
        self.together = GroupCommit[str](self.commit, self.turns)
        self.ends: dict[str, str] = {}

    def commit(self, items: Sequence[str]) -> None:
        self.groups.append([*items])
        assert self.goes_on.wait(_LONG)

    def start(self, name: str) -> threading.Thread:
        thread = threading.Thread(target=self._run, args=(name,), name=name)
        thread.start()
        return thread

    def _run(self, name: str) -> None:
        try:
            self.together.join(name)
            self.ends[name] = "kept"
        except KeyboardInterrupt:
            self.ends[name] = "interrupted"

    def wait_for(self, condition: Callable[[], bool]) -> None:
        while not condition():
            pass


def test_what_waits_is_taken_back_and_the_next_one_leads() -> None:
    disk = Disk("asleep")
    first = disk.start("first")
    disk.wait_for(lambda: bool(disk.groups))
    disk.start("interrupted").join(_LONG)
    assert disk.ends == {"interrupted": "interrupted"}
    others = [disk.start(name) for name in ("a", "b")]
    disk.wait_for(lambda: len(disk.together._waiting) == 2)
    disk.goes_on.set()
    for thread in (first, *others):
        thread.join(_LONG)
    assert sorted(name for group in disk.groups for name in group) == ["a", "b", "first"]
    assert set(disk.ends.values()) == {"kept", "interrupted"}
    assert not disk.together._led


def test_what_is_being_committed_is_final_before_the_interruption_goes_on() -> None:
    """It sleeps until the leader has taken it along, and is interrupted then."""
    disk = Disk("asleep")
    taken = threading.Event()
    disk.turns.before = lambda: taken.wait(_LONG)
    with disk.together.alone():
        first = disk.start("first")
        disk.wait_for(lambda: len(disk.together._waiting) == 1)
        interrupted = disk.start("interrupted")
        disk.wait_for(lambda: len(disk.together._waiting) == 2)
    disk.wait_for(lambda: bool(disk.groups))
    taken.set()
    interrupted.join(0.05)
    assert disk.ends == {}
    disk.goes_on.set()
    for thread in (first, interrupted):
        thread.join(_LONG)
    assert disk.groups == [["first", "interrupted"]]
    assert disk.ends == {"first": "kept", "interrupted": "interrupted"}


def test_a_leader_that_is_interrupted_leaves_nothing_of_its_own_and_lets_another_lead() -> None:
    disk = Disk("about to commit")
    come = threading.Event()
    disk.turns.before = lambda: come.wait(_LONG)
    disk.goes_on.set()
    interrupted = disk.start("interrupted")
    disk.wait_for(lambda: len(disk.together._waiting) == 1)
    others = [disk.start(name) for name in ("a", "b")]
    disk.wait_for(lambda: len(disk.together._waiting) == 3)
    come.set()
    for thread in (interrupted, *others):
        thread.join(_LONG / 2)  # in less than a patience
    assert sorted(name for group in disk.groups for name in group) == ["a", "b"]
    assert disk.ends == {"interrupted": "interrupted", "a": "kept", "b": "kept"}


def test_a_leader_that_is_interrupted_leaves_no_turn_behind() -> None:
    disk = Disk("about to commit")
    disk.goes_on.set()
    disk.start("interrupted").join(_LONG)
    assert disk.ends == {"interrupted": "interrupted"}
    disk.turns.take()
    disk.together.join("later")
    assert disk.turns.has_one
    disk.turns.end()
    assert not disk.turns._waiting
    assert not disk.turns._is_taken
