"""The beginning of a call and its end: that nothing leaves unrecorded, whatever becomes of it.

INVARIANT: a call has one record, with all its decisions, and it is on the disk before the call answers. What
an operation changes it changes in `changing` or `change_together`, so that change and record are kept
together or not at all.
INVARIANT: the locks of a call's keys are let go of after that record is written, and its permits are closed.

Not what is in a record (`open_call`), nor how it is written (`audit`).
"""

from __future__ import annotations

import logging
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kms_core.errors import InvalidGrantTokenError, KmsError, KMSInternalError
from kms_core.model.caller import Caller
from kms_core.model.last_use import USES, LastUse
from kms_core.service.open_call import OpenCall, ending, never_begun
from kms_core.service.parameters import check_grant_tokens
from kms_core.store.grants import token_grant
from kms_core.store.last_uses import keeping_use

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from kms_core.audit.log import AuditLog
    from kms_core.model.operations import Operation
    from kms_core.model.sources import Sources
    from kms_core.service.checkpoints import Checkpoints
    from kms_core.service.clock import Clock
    from kms_core.service.request_rates import RequestRates
    from kms_core.store.database import Database
    from kms_core.store.prepared import Filled

_LOG = logging.getLogger(__name__)


class CallRecords:
    """Begins calls and records how they end."""

    def __init__(
        self,
        database: Database,
        log: AuditLog,
        sources: Sources,
        clock: Clock,
        checkpoints: Checkpoints,
        rates: RequestRates,
    ) -> None:
        self._database = database
        self._log = log
        self._new_id = sources.new_id
        self._clock = clock
        self._checkpoints = checkpoints
        self._rates = rates

    @contextmanager
    def begin(
        self,
        operation: Operation,
        caller: Caller | str,
        grant_tokens: Sequence[str] = (),
        *,
        dry_run: bool | None = None,
    ) -> Iterator[OpenCall]:
        """A call of an operation; however it ends, that is recorded before its answer leaves.

        Args:
            operation: what is called.
            caller: who calls.
            grant_tokens: the tokens that the caller presents.
            dry_run: whether the call is only to be tried: then it does not answer, whatever it did.

        Raises:
            ValidationError: the caller or a grant token is malformed.
            ThrottlingError: the caller's account calls more often than it may.
            InvalidGrantTokenError: a grant token was not made here.
            DryRunOperationError: it was only to be tried, and would have succeeded.
            KMSInternalError: anything that no operation answers with, nothing of which is told to the caller;
                or the record cannot be written.
        """
        self._database.require_home()
        try:
            self._database.turns.take()
            call = self._opened(operation, caller, dry_run=bool(dry_run))
            try:
                self._rates.count(call.caller.account)
                if grant_tokens != ():
                    call.grant_tokens = self._genuine(check_grant_tokens(grant_tokens))
                yield call
                call.end_dry_run()
                if not call.recorded:
                    self._record(call)
            except Exception as error:
                self._record_error(call, error)
                raise
            finally:
                call.close_permits()
                call.let_go()
        finally:
            self._database.turns.end()
            self._checkpoints.make_if_due()

    def _opened(self, operation: Operation, caller: Caller | str, *, dry_run: bool) -> OpenCall:
        """A call, unless its caller is none; that is recorded too."""
        call_id = self._new_id()
        try:
            return OpenCall(operation, Caller.of(caller), call_id, dry_run)
        except Exception as error:
            known = _known(error, call_id)
            self._log.append(never_begun(operation, caller, call_id, known, dry_run=dry_run))
            if known is error:
                raise
            raise known from None

    def _record_error(self, call: OpenCall, error: Exception) -> None:
        """Record the error that a call ends in while its keys are held: the log has the order of calls.

        Raises:
            KMSInternalError: what the caller is told instead, if the error is not meant for callers.
        """
        known = _known(error, call.id)
        self._log.append(ending(call, known))
        if known is not error:
            raise known from None

    @contextmanager
    def changing(self, call: OpenCall) -> Iterator[Connection]:
        """The transaction in which a call changes things, its record with them; of a dry run nothing is kept.

        Raises:
            DryRunOperationError: it was only to be tried; the change would have been made.
            KMSInternalError: the store fails, or the record cannot be written; then nothing is changed.
        """
        with self._log.beside(lambda: ending(call)) as connection:
            yield connection
            call.end_dry_run()
            self._clock.keep(connection)
        call.recorded = True

    def change_together(self, call: OpenCall, make: Callable[[sqlite3.Connection], None]) -> None:
        """As `changing`, in a commit that is shared with calls that end at the same time.

        Args:
            call: the call.
            make: makes the change by prepared statements alone.

        Raises:
            As `changing`, and what `make` raises.
        """

        def made(connection: sqlite3.Connection) -> None:
            make(connection)
            call.end_dry_run()
            self._clock.keep(connection)

        self._log.append(ending(call), change=made)
        call.recorded = True

    def _record(self, call: OpenCall) -> None:
        uses: list[Filled] = []
        if call.operation in USES:
            use = LastUse(call.operation.value, self._clock.now(), call.id)
            uses = [keeping_use(arn.rpartition("/")[2], use) for arn in call.held]
        self._log.append(ending(call), *uses)

    def _genuine(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        with self._database.read() as connection:
            if any(token_grant(connection, token) is None for token in tokens):
                raise InvalidGrantTokenError("a grant token is not valid")
        return tokens


def _known(error: Exception, call_id: str) -> KmsError:
    """The error that a caller is told: whatever is not meant for callers tells them nothing."""
    if isinstance(error, KmsError):
        return error
    # its own text may quote the call, so only its kind and place are logged, and no traceback shows it
    _LOG.error("call %s failed with %s at %s", call_id, type(error).__name__, _place(error))
    return KMSInternalError("an internal error ended the call")


def _place(error: Exception) -> str:
    """Where an error was raised: the file and the line."""
    frame, line = list(traceback.walk_tb(error.__traceback__))[-1]
    return f"{frame.f_code.co_filename}:{line}"
