"""Writing the decision log.

INVARIANT: a record is on the disk when `append` returns, or when the transaction of `beside` has ended; who
gets an exception instead must refuse the call. Each process that writes has a chain of its own, so that
writers never wait for each other's.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from kms_core.audit.chain import link, origin
from kms_core.audit.record import AuditRecord
from kms_core.errors import KmsError, KMSInternalError
from kms_core.store.audit_rows import AuditRow, insert_row, last_row
from kms_core.store.prepared import driver_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from kms_core.audit.record import AuditEntry
    from kms_core.model.sources import Sources
    from kms_core.store.database import Database
    from kms_core.store.prepared import Filled

_LOG = logging.getLogger(__name__)


class AuditLog:
    """The decision log of one database, with one new writer."""

    def __init__(self, database: Database, sources: Sources) -> None:
        self._database = database
        self._now = sources.now
        self._writer = sources.new_id()
        self._turn = threading.Lock()
        self._head: AuditRow | None = None

    @property
    def written(self) -> int:
        """How many records this writer has written."""
        return self._head.sequence if self._head else 0

    def append(self, entry: AuditEntry, *also: Filled) -> None:
        """Write an entry down, and with it what is to be kept or lost together with it.

        Raises:
            KMSInternalError: it cannot be written, or what this writer wrote last is no longer there.
        """
        with self._turn, self._going_on() as link_to, self._database.record() as connection:
            for statement in also:
                statement.run(connection)
            link_to(connection, entry)

    @contextmanager
    def beside(self, entry: Callable[[], AuditEntry]) -> Iterator[Connection]:
        """A transaction for a change; what it was is written down in it: both are kept, or neither.

        Args:
            entry: asked for the entry when the change is made.

        Raises:
            KMSInternalError: as `append`.
        """
        with self._turn, self._going_on() as link_to, self._database.write() as connection:
            yield connection
            link_to(driver_of(connection), entry())

    @contextmanager
    def _going_on(self) -> Iterator[Callable[[sqlite3.Connection, AuditEntry], None]]:
        """Go on with the chain, around a transaction: gives what links an entry to it in there."""
        row: AuditRow | None = None

        def link_to(connection: sqlite3.Connection, entry: AuditEntry) -> None:
            nonlocal row
            self._require_head(connection)
            row = self._next(entry)
            insert_row(connection, row)

        try:
            yield link_to
        except BaseException:
            self._keep_if_kept(row)
            raise
        self._head = row

    def _keep_if_kept(self, row: AuditRow | None) -> None:
        """A commit that failed may have been kept all the same: then the chain goes on behind it."""
        if row is None:
            return
        with suppress(KmsError), self._database.record() as connection:
            if last_row(connection, self._writer) == row:
                self._head = row

    def _require_head(self, connection: sqlite3.Connection) -> None:
        stored = last_row(connection, self._writer)
        if stored != self._head:
            _LOG.error("the audit log of writer %s was changed behind its back", self._writer)
            raise KMSInternalError("the audit log cannot be written")

    def _next(self, entry: AuditEntry) -> AuditRow:
        sequence = self._head.sequence + 1 if self._head else 1
        previous = self._head.hash if self._head else origin(self._writer)
        text = AuditRecord(self._writer, sequence, self._now(), entry).canonical()
        return AuditRow(self._writer, sequence, text, link(previous, text))
