"""The rows of the audit log; what they say and how they hang together is `audit`'s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, select

from kms_core.store.schema import AUDIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One link of a writer's chain: its place, its record's canonical text, the chain's hash up to here."""

    writer: str
    sequence: int
    record: str
    hash: bytes


# made once: these run in every call, and SQLAlchemy takes longer to build a statement than SQLite to run it
_INSERT = insert(AUDIT)
_LAST = select(AUDIT).where(AUDIT.c.writer == bindparam("of")).order_by(AUDIT.c.sequence.desc()).limit(1)
_ALL = select(AUDIT).order_by(AUDIT.c.writer, AUDIT.c.sequence)


def insert_row(connection: Connection, row: AuditRow) -> None:
    """Append a link."""
    values = {"writer": row.writer, "sequence": row.sequence, "record": row.record, "hash": row.hash}
    connection.execute(_INSERT, values)


def last_row(connection: Connection, writer: str) -> AuditRow | None:
    """A writer's newest link."""
    row = connection.execute(_LAST, {"of": writer}).one_or_none()
    return AuditRow(row.writer, row.sequence, row.record, row.hash) if row else None


def all_rows(connection: Connection) -> Iterator[AuditRow]:
    """Every link, writer by writer, in order."""
    for row in connection.execute(_ALL):
        yield AuditRow(row.writer, row.sequence, row.record, row.hash)
