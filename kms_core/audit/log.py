"""Writing the decision log.

INVARIANT: a record is on the disk when `append` returns, or when the transaction of `beside` has ended; who
gets an exception instead must refuse the call. Each process that writes has a chain of its own, so that
writers never wait for each other's. Records that wait for the disk at the same time are committed together.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kms_core.audit.chain import link, origin
from kms_core.audit.record import RecordText
from kms_core.errors import KmsCoreError, KmsError, KMSInternalError
from kms_core.store.audit_rows import AuditRow, insert_row, last_row
from kms_core.store.group_commit import GroupCommit
from kms_core.store.prepared import driver_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from kms_core.audit.record import AuditEntry
    from kms_core.model.sources import Sources
    from kms_core.store.database import Database
    from kms_core.store.prepared import Filled

    Change = Callable[[sqlite3.Connection], None]

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Pending:
    """A record without its place, and what is to be kept or lost with it.

    Attributes:
        text: the record.
        also: statements that cannot fail but with the database.
        change: makes a change by prepared statements, or raises; then nothing of it is kept, nor the record.
        refused: what it raised.
    """

    text: RecordText
    also: tuple[Filled, ...]
    change: Change | None
    refused: KmsCoreError | None = None

    def kept(self, connection: sqlite3.Connection) -> bool:
        """Keep what there is beside the record, and say whether it is kept."""
        for statement in self.also:
            statement.run(connection)
        if self.change is None:
            return True
        connection.execute("SAVEPOINT change")
        try:
            self.change(connection)
        except KmsCoreError as error:
            connection.execute("ROLLBACK TO change")
            self.refused = error
        connection.execute("RELEASE change")
        return self.refused is None


class AuditLog:
    """The decision log of one database, with one new writer."""

    def __init__(self, database: Database, sources: Sources) -> None:
        self._database = database
        self._now = sources.now
        self._writer = sources.new_id()
        self._disk = GroupCommit(self._commit, database.turns)
        self._head: AuditRow | None = None
        self._next_head: AuditRow | None = None
        self._unsure: AuditRow | None = None

    @property
    def written(self) -> int:
        """How many records this writer has written."""
        return self._head.sequence if self._head else 0

    def append(self, entry: AuditEntry, *also: Filled, change: Change | None = None) -> None:
        """Write an entry down, and with it what is to be kept or lost together with it.

        Args:
            entry: the entry.
            also: statements.
            change: makes a change by prepared statements. Others may share the transaction, but what it
                raises of this project's own errors undoes its own doing alone.

        Raises:
            KMSInternalError: it cannot be written, or what this writer wrote last is no longer there.
            KmsCoreError: what `change` raised; nothing is written.
        """
        self._database.require_home()
        pending = _Pending(RecordText.of(entry), also, change)
        self._disk.join(pending)
        if pending.refused is not None:
            raise pending.refused

    @contextmanager
    def beside(self, entry: Callable[[], AuditEntry]) -> Iterator[Connection]:
        """A transaction for a change; what it was is written down in it: both are kept, or neither.

        Args:
            entry: asked for the entry when the change is made.

        Raises:
            KMSInternalError: as `append`.
        """
        self._database.require_home()
        with self._disk.alone(), self._going_on(), self._database.write() as connection:
            yield connection
            self._link(driver_of(connection), [RecordText.of(entry())])

    def _commit(self, group: Sequence[_Pending]) -> None:
        with self._going_on(), self._database.record() as connection:
            self._link(connection, [each.text for each in group if each.kept(connection)])

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        """Go on with the chain, around the transaction that links records to it."""
        self._next_head = self._head
        try:
            yield
        except BaseException:
            self._keep_if_kept()
            raise
        self._head = self._next_head

    def _keep_if_kept(self) -> None:
        """A commit that failed may have been kept all the same: then the chain goes on behind it.

        Where that cannot be seen now it is seen when the next record is linked.
        """
        if self._next_head is self._head:
            return
        self._unsure = self._next_head
        with suppress(KmsError), self._database.read() as connection:
            self._settle(last_row(driver_of(connection), self._writer))

    def _settle(self, stored: AuditRow | None) -> None:
        if self._unsure is not None and stored == self._unsure:
            self._head = stored
        self._unsure = None

    def _link(self, connection: sqlite3.Connection, texts: Sequence[RecordText]) -> None:
        self._require_head(connection)
        for text in texts:
            self._next_head = self._after(self._next_head, text)
            insert_row(connection, self._next_head)

    def _require_head(self, connection: sqlite3.Connection) -> None:
        stored = last_row(connection, self._writer)
        if self._unsure is not None:
            self._settle(stored)
            self._next_head = self._head
        if stored != self._head:
            _LOG.error("the audit log of writer %s was changed behind its back", self._writer)
            raise KMSInternalError("the audit log cannot be written")

    def _after(self, head: AuditRow | None, text: RecordText) -> AuditRow:
        sequence = head.sequence + 1 if head else 1
        previous = head.hash if head else origin(self._writer)
        record = text.placed(self._writer, sequence, self._now())
        return AuditRow(self._writer, sequence, record, link(previous, record))
