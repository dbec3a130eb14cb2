"""One lock for each key: calls share it, a change of who may use the key takes it alone.

Within this process. INVARIANT: a change returns only after every call that was let in under the old rules has
ended, and no call is let in meanwhile. A change that waits is not overtaken by calls that come later.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class _SharedLock:
    """Many readers or one writer; a waiting writer keeps new readers out."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._readers = 0
        self._writing = False
        self._writers_waiting = 0

    def acquire_shared(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._writing and not self._writers_waiting)
            self._readers += 1

    def release_shared(self) -> None:
        with self._changed:
            self._readers -= 1
            self._changed.notify_all()

    def acquire_alone(self) -> None:
        with self._changed:
            self._writers_waiting += 1
            try:
                self._changed.wait_for(lambda: not self._writing and not self._readers)
                self._writing = True
            finally:
                self._writers_waiting -= 1

    def release_alone(self) -> None:
        with self._changed:
            self._writing = False
            self._changed.notify_all()


class KeyLocks:
    """The locks of all keys, made when they are first asked for and dropped when nobody holds them."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, tuple[_SharedLock, int]] = {}

    @contextmanager
    def shared(self, key_arn: str) -> Iterator[None]:
        """Hold a key's lock together with other calls."""
        with self._used(key_arn) as lock:
            lock.acquire_shared()
            try:
                yield
            finally:
                lock.release_shared()

    @contextmanager
    def alone(self, key_arn: str) -> Iterator[None]:
        """Hold a key's lock alone."""
        with self._used(key_arn) as lock:
            lock.acquire_alone()
            try:
                yield
            finally:
                lock.release_alone()

    @contextmanager
    def _used(self, key_arn: str) -> Iterator[_SharedLock]:
        with self._guard:
            lock, users = self._locks.get(key_arn) or (_SharedLock(), 0)
            self._locks[key_arn] = (lock, users + 1)
        try:
            yield lock
        finally:
            with self._guard:
                lock, users = self._locks.pop(key_arn)
                if users > 1:
                    self._locks[key_arn] = (lock, users - 1)
