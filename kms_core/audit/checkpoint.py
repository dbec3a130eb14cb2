"""Checkpoints: where each chain stood at a time, bound by a key that only the HSM has, and to each other.

A chain alone can be written anew by whoever can write the database, since everybody can compute its hashes.
What a checkpoint binds cannot be, as long as the checkpoint is there: not changed, not cut off, and no writer
taken out whole. It shows nothing of the records after the newest one, nor that newer ones were cut off; for
that, keep a checkpoint's number and MAC where the writer of the database cannot reach them.

Pure: the text of a checkpoint and what a row of them says; the MAC itself is the HSM's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kms_core.store.audit_rows import CheckpointRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kms_core.store.audit_rows import AuditRow

Place = tuple[str, int]
"""A writer and a number in its chain."""

_NOT_READABLE = "cannot be read"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says.

    Attributes:
        number: 1 for the first.
        time: seconds since 1970.
        previous: the MAC of the one before, in hexadecimal; empty for the first.
        heads: by writer, the number and the hash of its newest record then.
    """

    number: int
    time: float
    previous: str
    heads: Mapping[str, tuple[int, str]]

    def canonical(self) -> str:
        """Its one text: JSON in ASCII, names sorted, nothing between the tokens."""
        content = {
            "number": self.number,
            "time": self.time,
            "previous": self.previous,
            "heads": {writer: list(head) for writer, head in self.heads.items()},
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)

    @classmethod
    def read(cls, text: str) -> Checkpoint | None:
        """The checkpoint that a text is; None where it is none."""
        try:
            content = json.loads(text)
            heads = {
                str(writer): (int(number), str(digest))
                for writer, (number, digest) in content["heads"].items()
            }
            return cls(int(content["number"]), float(content["time"]), str(content["previous"]), heads)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


def next_checkpoint(
    before: CheckpointRow | None, heads: Iterable[AuditRow], time: float, mac: Callable[[bytes], bytes]
) -> CheckpointRow:
    """The checkpoint after another."""
    number, previous = (before.number + 1, before.mac.hex()) if before else (1, "")
    where = {row.writer: (row.sequence, row.hash.hex()) for row in heads}
    text = Checkpoint(number, time, previous, where).canonical()
    return CheckpointRow(number, text, mac(text.encode()))


@dataclass(frozen=True, slots=True)
class Bound:
    """What the checkpoints of a log bind, and what is wrong with them.

    Attributes:
        hashes: the hash that each record which some checkpoint names must have, and that one's number.
        last: the newest checkpoint; None without one.
        faults: each faulty checkpoint's number, and how it shows.
    """

    hashes: Mapping[Place, tuple[str, int]]
    last: Checkpoint | None
    faults: tuple[tuple[int, str], ...]


def bound_by(rows: Iterable[CheckpointRow], mac: Callable[[bytes], bytes] | None) -> Bound:
    """Look at checkpoints in order; without a way to make MACs these are taken as they are."""
    hashes: dict[Place, tuple[str, int]] = {}
    faults: list[tuple[int, str]] = []
    before: CheckpointRow | None = None
    last: Checkpoint | None = None
    for row in rows:
        found = Checkpoint.read(row.content)
        problem = _problem(row, found, before, mac)
        if problem is not None:
            faults.append((row.number, problem))
        elif found is not None:
            problem = _went_back(found, last)
            if problem is not None:
                faults.append((row.number, problem))
            for writer, (sequence, digest) in found.heads.items():
                hashes[writer, sequence] = (digest, row.number)
            last = found
        before = row
    return Bound(hashes, last, tuple(faults))


def _problem(
    row: CheckpointRow,
    found: Checkpoint | None,
    before: CheckpointRow | None,
    mac: Callable[[bytes], bytes] | None,
) -> str | None:
    if mac is not None and mac(row.content.encode()) != row.mac:
        return "does not have the MAC that it must have"
    if found is None:
        return _NOT_READABLE
    if row.number != found.number:
        return "says that it has another number"
    if row.number != (before.number if before else 0) + 1:
        return f"follows checkpoint {before.number if before else 0}"
    if found.previous != (before.mac.hex() if before else ""):
        return "was not made after the one before it"
    return None


def _went_back(found: Checkpoint, last: Checkpoint | None) -> str | None:
    for writer, (sequence, _) in (last.heads if last else {}).items():
        if found.heads.get(writer, (0, ""))[0] < sequence:
            return f"was made when records of {writer} were missing"
    return None
