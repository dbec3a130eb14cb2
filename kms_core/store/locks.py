"""One lock for each key: calls share it, a change of who may use the key takes it alone.

Between threads and between processes alike, by one mechanism: open-file-description locks on bytes of one
file beside the database (fcntl(2), "Open file description locks"). Each holder has the file open for itself,
so two threads are to each other what two processes are. The kernel lets go of a lock when nobody has the file
open any more: when its holder dies, and a fork closes its copies at once. A second mechanism for the threads
alone would be faster to wake up, but calls that hold two keys could then deadlock across the two. SQLite has
no such lock: there a reader never keeps a writer out.

INVARIANT: a change returns only after every call that was let in under the old rules has ended, and no call
is let in meanwhile. A change that waits for calls is not overtaken by later ones, except by a call that holds
another key's lock already, which might be what those wait for. Whoever waits too long gives up.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from kms_core.errors import DependencyTimeoutError, KMSInternalError
from kms_core.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE = 10.0
MOST_IDLE = 64
"""How many open files are kept for the next calls."""
_PRIVATE = 0o600
_FLOCK = struct.Struct("hhqqi4x")
"""`struct flock` of 64-bit Linux: type, whence, start, length, process."""
_EVERYTHING = (0, 0)
"""A place and a length: from the file's beginning to wherever it ends."""
_FIRST_WAIT = 0.0002
_LONGEST_WAIT = 0.004
_PLACE_BYTES = 7
_OPEN: set[int] = set()
"""This process's open files of locks."""


def _close_copies() -> None:
    for file in _OPEN:
        with suppress(OSError):
            os.close(file)
    _OPEN.clear()


os.register_at_fork(after_in_child=_close_copies)


def locks_beside(database: Path) -> Path:
    """The file of the locks that goes with a database."""
    return database.with_suffix(".locks")


class KeyLocks:
    """The locks of all keys of a database.

    A key has two bytes of the file. Who holds the key shares or owns the second. The first is the turnstile:
    a change that comes keeps it shut, and calls come in while it is open, so that nobody gets in behind a
    change. An open file is used again, by one holder after the other.

    Args:
        path: the file; it is made when it is first needed, and stays empty.
        patience: how many seconds somebody waits.
        turns: the turns of those who want locks; nobody waits for a lock with a turn of its own.
    """

    def __init__(self, path: Path, *, patience: float = PATIENCE, turns: Turns | None = None) -> None:
        self._path = path
        self._patience = patience
        self._turns = turns or Turns()
        self._process = os.getpid()
        self._idle: list[int] = []
        self._closed = False

    def shared(self, key_arn: str, *, overtaking: bool = False) -> KeyLock:
        """A key's lock, to be held together with other calls.

        Args:
            key_arn: the key.
            overtaking: go past a change that waits; for who holds another key's lock.
        """
        return KeyLock(self, key_arn, alone=False, overtaking=overtaking)

    def alone(self, key_arn: str) -> KeyLock:
        """A key's lock, to be held alone."""
        return KeyLock(self, key_arn, alone=True)

    def close(self) -> None:
        """Close every file that nobody uses, now or when its holder lets go of it."""
        self._closed = True
        if os.getpid() == self._process:
            with suppress(IndexError):
                while True:
                    _close(self._idle.pop())

    def lend(self) -> int:
        """Open the file, or give one that nobody uses now.

        Raises:
            KMSInternalError: it cannot be opened.
        """
        if os.getpid() != self._process:
            self._process, self._idle = os.getpid(), []  # a fork has closed its copies
        with suppress(IndexError):
            return self._idle.pop()
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
        except OSError as error:
            raise KMSInternalError("the file of the keys' locks cannot be opened") from error
        _OPEN.add(file)
        return file

    def take_back(self, file: int) -> None:
        """Keep a file without locks for others to use it, or close it."""
        if self._closed or len(self._idle) >= MOST_IDLE:
            _close(file)
        else:
            self._idle.append(file)

    def deadline(self) -> float:
        """Until when who begins to wait now is patient."""
        return time.monotonic() + self._patience

    def wait(self, condition: Callable[[], bool], deadline: float) -> None:
        """Wait until something is so.

        Raises:
            DependencyTimeoutError: it is not so in time.
        """
        wait = _FIRST_WAIT
        while not condition():
            if time.monotonic() > deadline:
                raise DependencyTimeoutError("the key is busy with other calls for too long")
            with self._turns.waiting():
                time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)


class KeyLock:
    """The lock of one key, held from `take` to `let_go` or for as long as its context lasts.

    INVARIANT: however its holder ends, it is let go of when nobody has this object any more.
    """

    __slots__ = ("_alone", "_file", "_locks", "_overtaking", "_place", "_process")

    def __init__(self, locks: KeyLocks, key_arn: str, *, alone: bool, overtaking: bool = False) -> None:
        self._locks = locks
        self._place = _place(key_arn)
        self._alone = alone
        self._overtaking = overtaking
        self._process = os.getpid()
        self._file: int | None = None

    def take(self) -> None:
        """Wait for it.

        Raises:
            DependencyTimeoutError: other calls or changes took too long.
            KMSInternalError: the file cannot be used.
        """
        self._process = os.getpid()
        self._file = file = self._locks.lend()
        try:
            if not self._alone:
                if not self._comes_in(file):
                    self._locks.wait(lambda: self._comes_in(file), self._locks.deadline())
                return
            deadline = self._locks.deadline()
            self._locks.wait(lambda: _ask(file, fcntl.F_WRLCK, self._place), deadline)
            self._locks.wait(lambda: _ask(file, fcntl.F_WRLCK, self._place + 1), deadline)
        except BaseException:
            self.let_go()
            raise

    def let_go(self) -> None:
        """Let others have it; a second time, or in a fork of the holder, does nothing."""
        file = self._file
        if file is None or os.getpid() != self._process:
            return
        try:
            _ask(file, fcntl.F_UNLCK, *_EVERYTHING)
        except KMSInternalError:
            self._file = None
            _close(file)  # which lets go of it too
            return
        self._file = None
        self._locks.take_back(file)

    def __del__(self) -> None:
        with suppress(AttributeError):  # it may have been interrupted while it was made
            self.let_go()

    def __enter__(self) -> None:
        self.take()

    def __exit__(self, *_: object) -> None:
        self.let_go()

    def _comes_in(self, file: int) -> bool:
        if not self._overtaking and not _is_open(file, self._place):
            return False
        return _ask(file, fcntl.F_RDLCK, self._place + 1)


def _place(key_arn: str) -> int:
    """The first of a key's two bytes. Two keys that met in one place would only wait for each other."""
    return 2 * int.from_bytes(hashlib.sha256(key_arn.encode()).digest()[:_PLACE_BYTES])


def _close(file: int) -> None:
    _OPEN.discard(file)
    with suppress(OSError):
        os.close(file)


def _is_open(file: int, turnstile: int) -> bool:
    """Whether no change keeps a turnstile shut."""
    try:
        asked = _FLOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, turnstile, 1, 0)
        kind, *_ = _FLOCK.unpack(fcntl.fcntl(file, fcntl.F_OFD_GETLK, asked))
    except OSError as error:
        raise KMSInternalError("a key's lock cannot be looked at") from error
    return bool(kind == fcntl.F_UNLCK)


def _ask(file: int, kind: int, place: int, length: int = 1) -> bool:
    try:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, _FLOCK.pack(kind, os.SEEK_SET, place, length, 0))
    except BlockingIOError:
        return False
    except OSError as error:
        raise KMSInternalError("a key's lock cannot be taken") from error
    return True
