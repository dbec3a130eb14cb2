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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from kms_core.audit.record import AuditEntry
    from kms_core.model.sources import Sources
    from kms_core.store.database import Database

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

    def append(self, entry: AuditEntry) -> None:
        """Write an entry down.

        Raises:
            KMSInternalError: it cannot be written, or what this writer wrote last is no longer there.
        """
        with self.beside(lambda: entry):
            pass

    @contextmanager
    def beside(self, entry: Callable[[], AuditEntry]) -> Iterator[Connection]:
        """A transaction for a change; what it was is written down in it: both are kept, or neither.

        Args:
            entry: asked for the entry when the change is made.

        Raises:
            KMSInternalError: as `append`.
        """
        row: AuditRow | None = None
        with self._turn:
            try:
                with self._database.write() as connection:
                    self._require_head(connection)
                    yield connection
                    row = self._next(entry())
                    insert_row(connection, row)
            except BaseException:
                self._keep_if_kept(row)
                raise
            self._head = row

    def _keep_if_kept(self, row: AuditRow | None) -> None:
        """A commit that failed may have been kept all the same: then the chain goes on behind it."""
        if row is None:
            return
        with suppress(KmsError), self._database.read() as connection:
            if last_row(connection, self._writer) == row:
                self._head = row

    def _require_head(self, connection: Connection) -> None:
        stored = last_row(connection, self._writer)
        if stored != self._head:
            _LOG.error("the audit log of writer %s was changed behind its back", self._writer)
            raise KMSInternalError("the audit log cannot be written")

    def _next(self, entry: AuditEntry) -> AuditRow:
        sequence = self._head.sequence + 1 if self._head else 1
        previous = self._head.hash if self._head else origin(self._writer)
        text = AuditRecord(self._writer, sequence, self._now(), entry).canonical()
        return AuditRow(self._writer, sequence, text, link(previous, text))
