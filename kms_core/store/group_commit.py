"""Who waits for the disk at the same time goes there together: one commit for all of them.

A commit takes the disk some milliseconds, however much is in it. Who comes while one is under way waits for
the next, and the first of those who wait leads it, after a little while in which those who are on their way
come along (`turns`); who is alone goes at once.

INVARIANT: `join` returns only after the commit that its item was in; where that failed, it raises for
everyone who was in it.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from kms_core.errors import KMSInternalError
from kms_core.turns import Sleeper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kms_core.turns import Turns

T = TypeVar("T")

_PATIENCE = 10.0
"""After so many seconds who waits leads: the leader may have been stopped from outside, as by Ctrl-C."""


class _Waiting(Generic[T]):
    """Somebody who waits, and is woken when `kept` is final or nobody else leads any more."""

    __slots__ = ("item", "kept", "sleeper")

    def __init__(self, item: T, sleeper: Sleeper) -> None:
        self.item = item
        self.kept: bool | None = None
        self.sleeper = sleeper


class GroupCommit(Generic[T]):
    """Commits items, in the order in which they came.

    Args:
        commit: commits some items together, or raises and commits none; never called by two at once.
        turns: the turns of those who come.
    """

    def __init__(self, commit: Callable[[Sequence[T]], None], turns: Turns) -> None:
        self._commit = commit
        self._turns = turns
        self._committing = threading.Lock()
        self._guard = threading.Lock()
        self._waiting: list[_Waiting[T]] = []
        self._led = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Do something while no group is committed; the thread's turn ends."""
        self._turns.end()
        with self._committing:
            yield

    def join(self, item: T) -> None:
        """Have an item committed; if the thread has a turn it ends, and there is another one afterwards.

        An exception from outside, as from Ctrl-C, ends this only when it is final what becomes of the item.

        Raises:
            KMSInternalError: it was not, nor was what was to be committed with it.
        """
        had_turn = self._turns.has_one
        mine = _Waiting(item, Sleeper(wants_turn=had_turn))
        try:
            with self._guard:
                self._waiting.append(mine)
                leads, self._led = not self._led, True
            self._turns.end()
            if not leads:
                self._sleep(mine)
            if mine.kept is None:
                self._turns.end()
                self._lead(mine)
                if had_turn:
                    self._turns.take()
        except BaseException:
            self._take_back(mine)
            raise
        if not mine.kept:
            raise KMSInternalError("the store failed")

    def _sleep(self, mine: _Waiting[T]) -> None:
        until = time.monotonic() + _PATIENCE
        while not self._turns.sleep(mine.sleeper) and time.monotonic() < until:
            pass

    def _lead(self, mine: _Waiting[T]) -> None:
        group: list[_Waiting[T]] = []
        try:
            with self._committing:
                self._turns.linger()
                with self._guard:
                    group, self._waiting = self._waiting, []
                self._keep(group)
        finally:
            self._withdraw(mine)
            self._turns.wake([each.sleeper for each in group if each is not mine])
            self._let_lead()

    def _let_lead(self) -> None:
        """Let the first of those who wait lead, if there is one."""
        with self._guard:
            heirs = self._waiting[:1]
            self._led = bool(heirs)
        self._turns.wake([each.sleeper for each in heirs])

    def _take_back(self, mine: _Waiting[T]) -> None:
        """Have nothing more become of an item; where it is being committed, wait until that is final."""
        if self._withdraw(mine):
            self._let_lead()  # it may have been this thread that was to lead
        elif mine.kept is None:
            with self._committing:
                pass

    def _withdraw(self, mine: _Waiting[T]) -> bool:
        """Take an item out that nobody has begun to commit, and say whether that was so."""
        with self._guard:
            waits = mine in self._waiting
            if waits:
                self._waiting.remove(mine)
                mine.kept = False
        return waits

    def _keep(self, group: Sequence[_Waiting[T]]) -> None:
        kept = False
        try:
            if group:
                self._commit([each.item for each in group])
            kept = True
        finally:
            for each in group:
                each.kept = kept
