"""The hash chain over a writer's records, and its verification: pure, from rows to faults.

h(n) = SHA-256(h(n-1) || canonical record n), and h(0) is the hash of the writer's name. It shows that a
record was changed, dropped, moved, repeated or put in. It cannot show that a writer's newest records, or a
whole writer, were cut off, nor that all was rewritten by someone who can compute hashes: `checkpoint` binds
chains against that. FIPS 180-4 for SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kms_core.store.audit_rows import AuditRow

_ORIGIN = b"kmsgate audit log of "


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Where a chain does not hold, and how it shows."""

    writer: str
    sequence: int
    problem: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What verification found: how many records of how many writers, and each fault."""

    writers: int
    records: int
    faults: tuple[ChainFault, ...]


def origin(writer: str) -> bytes:
    """The hash that a writer's chain begins with."""
    return hashlib.sha256(_ORIGIN + writer.encode()).digest()


def link(previous: bytes, record: str) -> bytes:
    """The hash of a chain after one more record."""
    return hashlib.sha256(previous + record.encode()).digest()


def verify(rows: Iterable[AuditRow]) -> ChainReport:
    """Check every chain; the rows come writer by writer, each writer's by sequence.

    After a fault the chain goes on from what the faulty row says, so that one change is one fault.
    """
    heads: dict[str, tuple[int, bytes]] = {}
    faults: list[ChainFault] = []
    count = 0
    for row in rows:
        count += 1
        sequence, previous = heads.get(row.writer) or (0, origin(row.writer))
        problem = _problem(row, sequence, previous)
        if problem:
            faults.append(ChainFault(row.writer, row.sequence, problem))
        heads[row.writer] = (row.sequence, row.hash)
    return ChainReport(len(heads), count, tuple(faults))


def _problem(row: AuditRow, sequence: int, previous: bytes) -> str | None:
    if row.sequence != sequence + 1:
        return f"follows record {sequence}"
    if link(previous, row.record) != row.hash:
        return "does not have the hash that it must have"
    if _place(row.record) != (row.writer, row.sequence):
        return "says that it belongs elsewhere"
    return None


def _place(record: str) -> tuple[object, object] | None:
    try:
        content = json.loads(record)
        return content["writer"], content["sequence"]
    except (ValueError, TypeError, KeyError):
        return None
