"""The rows of the audit log; what they say and how they hang together is `audit`'s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

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


def insert_row(connection: Connection, row: AuditRow) -> None:
    """Append a link."""
    values = {"writer": row.writer, "sequence": row.sequence, "record": row.record, "hash": row.hash}
    connection.execute(insert(AUDIT).values(values))


def last_row(connection: Connection, writer: str) -> AuditRow | None:
    """A writer's newest link."""
    query = select(AUDIT).where(AUDIT.c.writer == writer).order_by(AUDIT.c.sequence.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return AuditRow(row.writer, row.sequence, row.record, row.hash) if row else None


def all_rows(connection: Connection) -> Iterator[AuditRow]:
    """Every link, writer by writer, in order."""
    for row in connection.execute(select(AUDIT).order_by(AUDIT.c.writer, AUDIT.c.sequence)):
        yield AuditRow(row.writer, row.sequence, row.record, row.hash)
