"""The database file and its transactions.

Not the tables (`schema`) and not their version (`versions`). SQLite in WAL mode: readers are never blocked by
the one writer (https://www.sqlite.org/wal.html). A commit is on the disk when it returns (synchronous FULL).
A writing transaction takes the write lock at once: one that reads first and then wants to write would fail
without waiting (https://www.sqlite.org/lang_transaction.html).

What every call does goes past SQLAlchemy to the driver (`rows`, `record`; see `prepared`), on connections
that are set up in the same way and kept.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from kms_core.errors import ConfigurationError, KMSInternalError
from kms_core.store.prepared import driver_of
from kms_core.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

    from sqlalchemy import Connection, Engine

    from kms_core.store.prepared import Filled, Values

_BUSY_SECONDS = 5.0
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF")
_BEGIN = "kms_begin"
_ANY_TABLE = "SELECT name FROM sqlite_master LIMIT 1"


class Database:
    """An open database; safe for use by several threads.

    Leaving it as a context manager closes it. `path` is its file, `turns` those of the threads that
    use it.
    """

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self.path = path
        self._process = os.getpid()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self.turns = Turns()

    @classmethod
    def open(cls, path: Path) -> Database:
        """Open an existing database file; its version is checked by `versions`.

        Raises:
            ConfigurationError: there is no such file, it is no database or an empty one, or it cannot be
                written.
        """
        if not path.is_file():
            raise ConfigurationError(f"there is no database at `{path}`", help="make one with `kmsgate init`")
        database = cls._connected(path)
        with database.read() as connection:
            if connection.exec_driver_sql(_ANY_TABLE).first():
                return database
        # INVARIANT: an empty file is a loss, and never taken for a new database
        database.close()
        raise ConfigurationError(f"the database at `{path}` is empty", help="restore it from a backup")

    @classmethod
    def create(cls, path: Path) -> Database:
        """Make an empty database file.

        Raises:
            ConfigurationError: the file exists, or cannot be made.
        """
        if path.exists():
            raise ConfigurationError(f"there is a database at `{path}` already")
        return cls._connected(path)

    @classmethod
    def _connected(cls, path: Path) -> Database:
        engine = create_engine(
            URL.create("sqlite", database=str(path)),
            connect_args={"timeout": _BUSY_SECONDS},
            hide_parameters=True,  # an error would show the values of its statement
        )
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        database = cls(engine, path)
        try:
            with (
                engine.connect().execution_options(**{_BEGIN: "IMMEDIATE"}) as connection,
                connection.begin(),
            ):
                connection.exec_driver_sql(_ANY_TABLE)
        except DBAPIError as error:
            database.close()
            raise ConfigurationError(
                f"the database at `{path}` cannot be used: {error.orig}",
                help="check that it is a kmsgate database and that its folder and all in it may be written",
            ) from None
        return database

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database throughout.

        Raises:
            KMSInternalError: the database fails.
        """
        with self._transaction("DEFERRED") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write: all of it is kept when it ends, or nothing when it raises.

        Raises:
            KMSInternalError: the database fails, or another writer holds it for too long.
        """
        with self._transaction("IMMEDIATE") as connection:
            yield connection

    def rows(self, asked: Filled) -> list[Values]:
        """What one statement finds now.

        Raises:
            KMSInternalError: the database fails.
        """
        connection = self._taken()
        try:
            found = asked.run(connection)
        except BaseException as error:
            _give_up(connection, error)
            raise
        self._idle.append(connection)
        return found

    @contextmanager
    def record(self) -> Iterator[sqlite3.Connection]:
        """As `write`, for prepared statements.

        Raises:
            KMSInternalError: the database fails, or another writer holds it for too long.
        """
        connection = self._taken()
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            _give_up(connection, error)
            raise
        self._idle.append(connection)

    def _taken(self) -> sqlite3.Connection:
        """A connection that nobody else uses: an idle one, or another."""
        self.require_home()
        try:
            return self._idle.pop()
        except IndexError:
            return self._new_driver()

    def _new_driver(self) -> sqlite3.Connection:
        try:
            pooled = self._engine.raw_connection()
        except (sqlite3.Error, SQLAlchemyError) as error:
            raise KMSInternalError("the store failed") from error
        connection: sqlite3.Connection = pooled.dbapi_connection  # type: ignore[assignment] # the only driver
        pooled.detach()
        return connection

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[Connection]:
        self.require_home()
        try:
            with self._engine.connect().execution_options(**{_BEGIN: kind}) as connection, connection.begin():
                yield connection
        except (sqlite3.Error, SQLAlchemyError) as error:
            raise KMSInternalError("the store failed") from error

    @property
    def is_home(self) -> bool:
        """Whether this is still the process that opened it."""
        return os.getpid() == self._process

    def require_home(self) -> None:
        """Check that it is open, and in this process; to be asked before a lock that the parent may hold.

        Raises:
            KMSInternalError: it is not.
        """
        if not self.is_home:
            # two processes on one SQLite connection damage the file: https://www.sqlite.org/howtocorrupt.html
            raise KMSInternalError("the store was opened by the process that this one was forked from")
        if self._closed:
            raise KMSInternalError("the store is closed")

    def close(self) -> None:
        """Let go of the file, for good; in a forked process nothing is done, since it is the parent's."""
        if not self.is_home:
            return
        self._closed = True
        with suppress(IndexError):
            while True:
                self._idle.pop().close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _give_up(connection: sqlite3.Connection, error: BaseException) -> None:
    """Close a connection on which something failed: what it changed is undone.

    Raises:
        KMSInternalError: it was the database that failed.
    """
    with suppress(sqlite3.Error):
        connection.close()
    if isinstance(error, sqlite3.Error):
        raise KMSInternalError("the store failed") from error


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - driver connections share no type
    connection.isolation_level = None  # the driver shall not begin transactions of its own; `_begin` does
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    kind = connection.get_execution_options().get(_BEGIN, "IMMEDIATE")
    driver_of(connection).execute(f"BEGIN {kind}")
