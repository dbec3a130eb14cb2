"""Is a decision log what was written? The chains, and the checkpoints that bind them; and what stays unseen.

Not how a chain or a checkpoint is made (`chain`, `checkpoint`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kms_core.audit.chain import verify
from kms_core.audit.checkpoint import bound_by
from kms_core.store.audit_rows import all_checkpoints, all_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kms_core.audit.checkpoint import Bound, Checkpoint
    from kms_core.store.audit_rows import AuditRow, CheckpointRow
    from kms_core.store.database import Database


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a look at a log found.

    Attributes:
        writers: how many have records.
        records: how many there are.
        faults: each fault, in words.
        checkpoints: how many there are.
        macs_checked: whether their MACs were made again; without the HSM they are not.
        last: the newest checkpoint that holds.
        last_mac: its MAC, in hexadecimal.
        unbound: how many records came after it. That more came, and were cut off, would not show.
    """

    writers: int
    records: int
    faults: tuple[str, ...]
    checkpoints: int
    macs_checked: bool
    last: Checkpoint | None
    last_mac: str
    unbound: int


def verify_log(
    database: Database, mac: Callable[[bytes], bytes] | None = None, *, kept: tuple[int, str] | None = None
) -> LogReport:
    """Check the log of a database, as it is now.

    Args:
        database: the database.
        mac: makes the MAC of a checkpoint's text; without it checkpoints are taken as they are.
        kept: number and MAC (in hexadecimal) of a checkpoint that was kept elsewhere and must be there.
    """
    with database.read() as connection:
        return verify_rows(all_rows(connection), all_checkpoints(connection), mac, kept=kept)


def verify_rows(
    rows: Iterable[AuditRow],
    checkpoints: tuple[CheckpointRow, ...],
    mac: Callable[[bytes], bytes] | None,
    *,
    kept: tuple[int, str] | None = None,
) -> LogReport:
    """Check records, writer by writer and each writer's by number, and checkpoints in order."""
    bound = bound_by(checkpoints, mac)
    watch = _Watch(bound)
    chains = verify(watch.passing(rows))
    faults = [f"record {each.sequence} of {each.writer} {each.problem}" for each in chains.faults]
    faults += [f"checkpoint {number} {problem}" for number, problem in bound.faults]
    faults += watch.faults()
    macs = {row.number: row.mac.hex() for row in checkpoints}
    if kept is not None and macs.get(kept[0]) != kept[1]:
        faults.append(f"checkpoint {kept[0]} is not the one that was kept")
    return LogReport(
        writers=chains.writers,
        records=chains.records,
        faults=tuple(faults),
        checkpoints=len(checkpoints),
        macs_checked=mac is not None,
        last=bound.last,
        last_mac=macs[bound.last.number] if bound.last else "",
        unbound=watch.unbound,
    )


class _Watch:
    """Looks at records as they pass: are those that checkpoints name there, with the hash that they had?"""

    def __init__(self, bound: Bound) -> None:
        self._missing = dict(bound.hashes)
        self._last = bound.last.heads if bound.last else {}
        self._changed: list[str] = []
        self.unbound = 0

    def passing(self, rows: Iterable[AuditRow]) -> Iterator[AuditRow]:
        for row in rows:
            digest, number = self._missing.pop((row.writer, row.sequence), (None, 0))
            if digest is not None and digest != row.hash.hex():
                self._changed.append(
                    f"record {row.sequence} of {row.writer} is not what checkpoint {number} binds"
                )
            self.unbound += row.sequence > self._last.get(row.writer, (0, ""))[0]
            yield row

    def faults(self) -> list[str]:
        missing = (
            f"record {sequence} of {writer}, which checkpoint {number} binds, is missing"
            for (writer, sequence), (_, number) in self._missing.items()
        )
        return [*self._changed, *missing]
