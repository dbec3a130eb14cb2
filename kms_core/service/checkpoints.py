"""When checkpoints of the audit log are made: after so many records, and when a service ends.

A checkpoint that cannot be made is tried again after the next call; it stops no call, since every call's own
record is on the disk.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from kms_core.audit.checkpoint import next_checkpoint
from kms_core.errors import KmsCoreError
from kms_core.hsm.protocol import CHECKPOINT_ACTION
from kms_core.store.audit_rows import heads, insert_checkpoint, last_checkpoint

if TYPE_CHECKING:
    from kms_core.audit.log import AuditLog
    from kms_core.gate import Gate
    from kms_core.hsm import Hsm
    from kms_core.model.sources import Sources
    from kms_core.store.database import Database

_LOG = logging.getLogger(__name__)

EVERY = 1_000


class Checkpoints:
    """Makes checkpoints of one database's audit log."""

    def __init__(
        self, database: Database, gate: Gate, log: AuditLog, hsm: Hsm, sources: Sources, every: int = EVERY
    ) -> None:
        self._database = database
        self._gate = gate
        self._log = log
        self._hsm = hsm
        self._now = sources.now
        self._every = every
        self._turn = threading.Lock()
        self._written = 0

    def make_if_due(self) -> None:
        """Make one if this process has written so many records since the last; never raises."""
        if self._log.written - self._written < self._every or not self._turn.acquire(blocking=False):
            return
        try:
            self._try()
        finally:
            self._turn.release()

    def close(self) -> None:
        """Make one for what this process has written since the last; never raises."""
        if not self._database.is_home:
            return
        with self._turn:
            if self._log.written > self._written:
                self._try()

    def _try(self) -> None:
        try:
            self._make()
        except KmsCoreError as error:
            _LOG.warning("a checkpoint of the audit log could not be made: %s", error)
        else:
            self._written = self._log.written

    def _make(self) -> None:
        reason = "a checkpoint of the audit log"
        with (
            self._gate.serve("kmsgate", CHECKPOINT_ACTION, reason) as permit,
            self._database.write() as connection,
        ):
            row = next_checkpoint(
                last_checkpoint(connection),
                heads(connection),
                self._now(),
                lambda content: self._hsm.checkpoint_mac(permit, content),
            )
            insert_checkpoint(connection, row)
