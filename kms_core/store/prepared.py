"""Statements that run often: written in SQLAlchemy Core, compiled once, run by the driver itself.

SQLAlchemy takes ten times as long around such a statement as SQLite takes to run it. Not for anything else:
what runs once in a while goes through SQLAlchemy. Values go in and come out as SQLite has them, a Boolean as
0 or 1.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy.dialects.sqlite import dialect

if TYPE_CHECKING:
    from sqlalchemy import ClauseElement, Connection

    AnyConnection = Connection | sqlite3.Connection
    """A transaction, begun by either way to the database."""

Values = tuple[Any, ...]
"""A row, as SQLite has it."""

_DIALECT = dialect(paramstyle="named")


class Filled(NamedTuple):
    """A statement with all its values, ready to run."""

    text: str
    values: dict[str, Any]

    def run(self, connection: sqlite3.Connection) -> list[Values]:
        """Run it, and give the rows that it found."""
        return connection.execute(self.text, self.values).fetchall()

    def change(self, connection: sqlite3.Connection) -> int:
        """Run it, and tell how many rows it changed."""
        return connection.execute(self.text, self.values).rowcount


class Prepared:
    """A statement, compiled."""

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self._text = str(compiled)
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}

    def filled(self, **values: object) -> Filled:
        """It, with the values of its parameters."""
        return Filled(self._text, {**self._fixed, **values})


def driver_of(connection: AnyConnection) -> sqlite3.Connection:
    """What a connection of SQLAlchemy stands on: what runs there is part of its transaction."""
    if isinstance(connection, sqlite3.Connection):
        return connection
    return connection.connection.dbapi_connection  # type: ignore[return-value] # the one driver that is used
