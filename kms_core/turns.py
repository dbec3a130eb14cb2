"""Threads take turns: one of them runs at a time, until it has to wait for something that takes long.

CPython runs one thread at a time in any case, and lets go of its lock around every call into the kernel,
SQLite and the token. Where many threads want to run, each of these two dozen moments of a call wakes another
thread, and they fight for the lock and for the processor's caches: a call takes twice the processor time.
With turns the others sleep on. Who waits for a commit is given another turn after it, one after the other;
and who is about to commit lingers while others run, so that they come along (`group_commit`).

INVARIANT: a turn is a courtesy, and nothing rests on it. Whoever has waited for `PATIENCE` goes on without
one, or takes over from a thread that never ended its own. So nobody waits for ever for one who waits for him.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PATIENCE = 0.05
"""For how many seconds a thread waits for its turn."""
LINGERING = 0.01
"""For how many seconds a commit waits for who runs; some tens of calls fit in, or one commit of a disk."""

_NO_TURN = 0
_WITHOUT = -1


class Sleeper:
    """A thread that is about to sleep until somebody wakes it, once.

    Attributes:
        lock: locked until it is woken; then the thread has what it waits for.
        wants_turn: whether it is to be woken with a turn.
        is_woken: whether somebody has woken it, though its turn may not have come; or it does not sleep.
        number: the turn that it was given, or before that the newest when it was woken.
    """

    __slots__ = ("is_woken", "lock", "number", "wants_turn")

    def __init__(self, *, wants_turn: bool) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()
        self.wants_turn = wants_turn
        self.number = _NO_TURN
        self.is_woken = False


class _Mine(threading.local):
    """The number of this thread's turn."""

    number = _NO_TURN


class _Newest(threading.local):
    """The turns that this thread took one of last."""

    turns: Turns | None = None


_NEWEST = _Newest()


def wait_for(lock: threading.Lock) -> None:
    """Let others run while a lock is somebody else's, for who does not know whose turns this thread takes.

    It may be somebody else's again when this returns; a thread without a turn need not wait here.
    """
    turns = _NEWEST.turns
    if turns is not None and turns.has_one and lock.locked():
        with turns.waiting(), lock:
            pass


class Turns:
    """The turns of the threads that use one database. Each has a number; the last one given out runs."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._newest = 0
        self._is_taken = False
        self._waiting: deque[Sleeper] = deque()
        self._lingering: list[Sleeper] = []
        self._mine = _Mine()

    def take(self) -> None:
        """Wait for a turn, unless this thread has one."""
        if self.has_one:
            return
        _NEWEST.turns = self
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                self._newest += 1
                self._mine.number = self._newest
                return
        sleeper = Sleeper(wants_turn=True)
        self.wake((sleeper,))
        while not self.sleep(sleeper):
            pass

    @property
    def has_one(self) -> bool:
        """Whether this thread has a turn, or goes on without one."""
        return self._mine.number != _NO_TURN

    def end(self) -> None:
        """End this thread's turn, if it has one: it is done, or about to wait."""
        number, self._mine.number = self._mine.number, _NO_TURN
        if number != _NO_TURN:
            with self._guard:
                if number == self._newest:
                    self._give_next()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let others run while this thread does something that takes long outside of Python."""
        had = self.has_one
        self.end()
        try:
            yield
        finally:
            if had:
                self.take()

    def sleep(self, sleeper: Sleeper) -> bool:
        """Sleep until woken, for `PATIENCE` at most; and say whether that was so, or a turn was due."""
        try:
            woken = sleeper.lock.acquire(timeout=PATIENCE)
        except BaseException:
            self._forget(sleeper)
            raise
        if woken:
            if sleeper.wants_turn:
                self._mine.number = sleeper.number
            return True
        with self._guard:
            if sleeper not in self._waiting:
                return False  # nobody has woken it yet, or somebody did this moment: then sleep again
            self._waiting.remove(sleeper)
            if sleeper.number == self._newest:
                self._newest += 1  # nothing has moved since
                self._mine.number = self._newest
            else:
                self._mine.number = _WITHOUT
        return True

    def wake(self, sleepers: Iterable[Sleeper]) -> None:
        """Wake threads: who wants a turn when it is its turn, in this order."""
        with self._guard:
            for each in [each for each in sleepers if not each.is_woken]:
                each.is_woken = True
                if each.wants_turn:
                    each.number = self._newest
                    self._waiting.append(each)
                else:
                    each.lock.release()
            if not self._is_taken:
                self._give_next()

    def linger(self) -> None:
        """Wait for those who run or want to, a little while."""
        until = time.monotonic() + LINGERING
        # when nobody runs any more somebody may already be back for the next call
        while (left := until - time.monotonic()) > 0:
            sleeper = Sleeper(wants_turn=False)
            with self._guard:
                if not self._is_taken:
                    return
                self._lingering.append(sleeper)
            try:
                sleeper.lock.acquire(timeout=left)
            finally:
                with self._guard, suppress(ValueError):
                    self._lingering.remove(sleeper)

    def _forget(self, sleeper: Sleeper) -> None:
        """Pass over a thread that was interrupted; a turn that it was given meanwhile is the next one's."""
        with self._guard:
            was_woken, sleeper.is_woken = sleeper.is_woken, True
            if sleeper in self._waiting:
                self._waiting.remove(sleeper)
            elif was_woken and sleeper.wants_turn and sleeper.number == self._newest:
                self._give_next()

    def _give_next(self) -> None:
        self._is_taken = bool(self._waiting)
        if self._waiting:
            self._newest += 1
            next_one = self._waiting.popleft()
            next_one.number = self._newest
            next_one.lock.release()
        else:
            for each in self._lingering:
                each.lock.release()
            self._lingering.clear()
