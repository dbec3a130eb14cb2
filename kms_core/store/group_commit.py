"""Who waits for the disk at the same time goes there together: one commit for all of them.

A commit takes the disk some milliseconds, however much is in it. Who comes while one is under way waits for
the next, and the first of those who wait leads it. Nobody waits for others to come: who is alone goes at
once.

INVARIANT: `join` returns only after the commit that its item was in; where that failed, it raises for
everyone who was in it.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

from kms_core.errors import KMSInternalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")

_PATIENCE = 10.0
"""After so many seconds who waits leads: the leader may have been stopped from outside, as by Ctrl-C."""


class _Waiting(Generic[T]):
    """Somebody who waits; `woken` gets something when `kept` is final, or nobody else leads any more."""

    __slots__ = ("item", "kept", "woken")

    def __init__(self, item: T) -> None:
        self.item = item
        self.kept: bool | None = None
        self.woken: SimpleQueue[None] = SimpleQueue()


class GroupCommit(Generic[T]):
    """Commits items, in the order in which they came.

    Args:
        commit: commits some items together, or raises and commits none; never called by two at once.
    """

    def __init__(self, commit: Callable[[Sequence[T]], None]) -> None:
        self._commit = commit
        self._turn = threading.Lock()
        self._guard = threading.Lock()
        self._waiting: list[_Waiting[T]] = []
        self._led = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Do something while no group is committed."""
        with self._turn:
            yield

    def join(self, item: T) -> None:
        """Have an item committed.

        Raises:
            KMSInternalError: it was not, nor was what was to be committed with it.
        """
        mine = _Waiting(item)
        with self._guard:
            self._waiting.append(mine)
            leads, self._led = not self._led, True
        if not leads:
            with suppress(Empty):
                mine.woken.get(timeout=_PATIENCE)
        if mine.kept is None:
            self._lead()
        if not mine.kept:
            raise KMSInternalError("the store failed")

    def _lead(self) -> None:
        group: list[_Waiting[T]] = []
        try:
            with self._turn:
                with self._guard:
                    group, self._waiting = self._waiting, []
                self._keep(group)
        finally:
            with self._guard:
                heirs = self._waiting[:1]
                self._led = bool(heirs)
            for each in (*group, *heirs):
                each.woken.put(None)

    def _keep(self, group: Sequence[_Waiting[T]]) -> None:
        kept = False
        try:
            if group:
                self._commit([each.item for each in group])
            kept = True
        finally:
            for each in group:
                each.kept = kept
