"""The rows of the audit log; what they say and how they hang together is `audit`'s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, insert, select

from kms_core.store.prepared import Prepared, driver_of
from kms_core.store.schema import AUDIT, CHECKPOINTS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One link of a writer's chain: its place, its record's canonical text, the chain's hash up to here."""

    writer: str
    sequence: int
    record: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A checkpoint: its number, its canonical text, and the MAC by the HSM's key."""

    number: int
    content: str
    mac: bytes


_INSERT = Prepared(insert(AUDIT))
_LAST = Prepared(
    select(AUDIT)
    .where(AUDIT.c.writer == bindparam("of", required=False))
    .order_by(AUDIT.c.sequence.desc())
    .limit(1)
)
_ALL = select(AUDIT).order_by(AUDIT.c.writer, AUDIT.c.sequence)

_NEXT_WRITER = select(func.min(AUDIT.c.writer)).where(AUDIT.c.writer > bindparam("after"))
_CHECKPOINTS = select(CHECKPOINTS).order_by(CHECKPOINTS.c.number)


def insert_row(connection: sqlite3.Connection, row: AuditRow) -> None:
    """Append a link."""
    _INSERT.filled(writer=row.writer, sequence=row.sequence, record=row.record, hash=row.hash).run(connection)


def last_row(connection: sqlite3.Connection, writer: str) -> AuditRow | None:
    """A writer's newest link."""
    return next((AuditRow(*row) for row in _LAST.filled(of=writer).run(connection)), None)


def all_rows(connection: Connection) -> Iterator[AuditRow]:
    """Every link, writer by writer, in order."""
    for row in connection.execute(_ALL):
        yield AuditRow(row.writer, row.sequence, row.record, row.hash)


def heads(connection: Connection) -> Iterator[AuditRow]:
    """Every writer's newest link."""
    writer = connection.execute(_NEXT_WRITER, {"after": ""}).scalar()
    while writer is not None:
        newest = last_row(driver_of(connection), writer)
        if newest is not None:
            yield newest
        writer = connection.execute(_NEXT_WRITER, {"after": writer}).scalar()


def insert_checkpoint(connection: Connection, row: CheckpointRow) -> None:
    """Append a checkpoint."""
    connection.execute(insert(CHECKPOINTS).values(number=row.number, content=row.content, mac=row.mac))


def last_checkpoint(connection: Connection) -> CheckpointRow | None:
    """The newest checkpoint."""
    query = select(CHECKPOINTS).order_by(CHECKPOINTS.c.number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return CheckpointRow(row.number, row.content, row.mac) if row else None


def all_checkpoints(connection: Connection) -> tuple[CheckpointRow, ...]:
    """Every checkpoint, in order."""
    return tuple(CheckpointRow(row.number, row.content, row.mac) for row in connection.execute(_CHECKPOINTS))
