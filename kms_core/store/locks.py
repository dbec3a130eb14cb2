"""One lock for each key: calls share it, a change of who may use the key takes it alone.

Between threads and between processes alike, by one mechanism: open-file-description locks on bytes of one
file beside the database (fcntl(2), "Open file description locks"). Each holder opens the file for itself, so
two threads are to each other what two processes are. The kernel lets go of a lock when its holder dies, and
with it whatever was forked from it meanwhile: a fork shares the open file, though it holds nothing itself. A
second mechanism for the threads alone would be faster to wake up, but calls that hold two keys could then
deadlock across the two. SQLite has no such lock: there a reader never keeps a writer out.

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
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kms_core.errors import DependencyTimeoutError, KMSInternalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 10.0
_PRIVATE = 0o600
_FLOCK = "hhqqi4x"
"""`struct flock` of 64-bit Linux: type, whence, start, length, process."""
_EVERYTHING = (0, 0)
"""A place and a length: from the file's beginning to wherever it ends."""
_FIRST_WAIT = 0.0002
_LONGEST_WAIT = 0.004
_PLACE_BYTES = 7


def locks_beside(database: Path) -> Path:
    """The file of the locks that goes with a database."""
    return database.with_suffix(".locks")


class KeyLocks:
    """The locks of all keys of a database.

    A key has two bytes of the file. Who holds the key shares or owns the second; who wants it comes by the
    first, the turnstile: a change keeps it, and so nobody gets in behind.

    Args:
        path: the file; it is made when it is first needed, and stays empty.
        patience: how many seconds somebody waits.
    """

    def __init__(self, path: Path, *, patience: float = PATIENCE) -> None:
        self._path = path
        self._patience = patience

    @contextmanager
    def shared(self, key_arn: str, *, overtaking: bool = False) -> Iterator[None]:
        """Hold a key's lock together with other calls.

        Args:
            key_arn: the key.
            overtaking: go past a change that waits; for who holds another key's lock.

        Raises:
            DependencyTimeoutError: a change took too long.
            KMSInternalError: the file cannot be used.
        """
        turnstile, key = _places(key_arn)
        with self._file() as (file, deadline):
            if not overtaking:
                _take(file, fcntl.F_RDLCK, turnstile, deadline)
            _take(file, fcntl.F_RDLCK, key, deadline)
            if not overtaking:
                _ask(file, fcntl.F_UNLCK, turnstile)
            yield

    @contextmanager
    def alone(self, key_arn: str) -> Iterator[None]:
        """Hold a key's lock alone.

        Raises:
            DependencyTimeoutError: other calls or changes took too long.
            KMSInternalError: the file cannot be used.
        """
        turnstile, key = _places(key_arn)
        with self._file() as (file, deadline):
            _take(file, fcntl.F_WRLCK, turnstile, deadline)
            _take(file, fcntl.F_WRLCK, key, deadline)
            yield

    @contextmanager
    def _file(self) -> Iterator[tuple[int, float]]:
        """A file of one's own, and until when to be patient; in the end all its locks are let go."""
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
        except OSError as error:
            raise KMSInternalError("the file of the keys' locks cannot be opened") from error
        holder = os.getpid()
        try:
            yield file, time.monotonic() + self._patience
        finally:
            try:
                # closing is not enough: a fork may have the file, and its locks stay until nobody has it
                if os.getpid() == holder:
                    _ask(file, fcntl.F_UNLCK, *_EVERYTHING)
            finally:
                os.close(file)


def _places(key_arn: str) -> tuple[int, int]:
    """A key's two bytes. Two keys that met in one place would only wait for each other."""
    number = int.from_bytes(hashlib.sha256(key_arn.encode()).digest()[:_PLACE_BYTES])
    return 2 * number, 2 * number + 1


def _take(file: int, kind: int, place: int, deadline: float) -> None:
    wait = _FIRST_WAIT
    while not _ask(file, kind, place):
        if time.monotonic() > deadline:
            raise DependencyTimeoutError("the key is busy with other calls for too long")
        time.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT)


def _ask(file: int, kind: int, place: int, length: int = 1) -> bool:
    try:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack(_FLOCK, kind, os.SEEK_SET, place, length, 0))
    except BlockingIOError:
        return False
    except OSError as error:
        raise KMSInternalError("a key's lock cannot be taken") from error
    return True
