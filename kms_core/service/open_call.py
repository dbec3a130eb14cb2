"""A call that has begun, one that was admitted, and what is recorded of a call when it ends.

Values only: `calls` brings a call from one to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kms_core.audit.record import AuditEntry, RecordKind
from kms_core.errors import AccessDeniedError, DryRunOperationError
from kms_core.model.caller import Caller

if TYPE_CHECKING:
    from typing import Self

    from kms_core.audit.record import RecordedDecision
    from kms_core.errors import KmsError
    from kms_core.model.key import KeyMetadata
    from kms_core.model.operations import Operation
    from kms_core.permit import Permit
    from kms_core.store.locks import KeyLock

_LONGEST_NAME = 2048
_ALLOWED = "allowed"
_AS_DECIDED = (AccessDeniedError, DryRunOperationError)
"""The errors that a call ends in because it was decided so, or was only to be decided."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that may go ahead: its permit, and its key and key policy as they were when it was let in.

    Leaving it as a context manager closes the permit; at the latest the end of the call does.
    """

    permit: Permit
    key: KeyMetadata
    policy_digest: str

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.permit.close()


@dataclass(slots=True)
class OpenCall:
    """A call that has begun.

    Attributes:
        operation: what is called.
        caller: who calls.
        id: the call's id.
        dry_run: whether it is only to be tried: it does everything and keeps nothing.
        grant_tokens: the tokens that the caller presented, all genuine.
        key_arn: the key that it turned out to be about.
        decisions: what was decided so far.
        locks: the locks of its keys, held until its record is written.
        held: the ARNs of the keys whose locks it holds.
        permits: all that it was given.
        retries: how often it began anew, since an alias was moved from key to key.
        recorded: whether its record is written.
    """

    operation: Operation
    caller: Caller
    id: str
    dry_run: bool = False
    grant_tokens: tuple[str, ...] = field(default=(), repr=False)
    key_arn: str | None = None
    decisions: list[RecordedDecision] = field(default_factory=list, repr=False)
    locks: list[KeyLock] = field(default_factory=list, repr=False)
    held: set[str] = field(default_factory=set, repr=False)
    permits: list[Permit] = field(default_factory=list, repr=False)
    retries: int = 0
    recorded: bool = False

    def hold(self, lock: KeyLock) -> None:
        """Take a key's lock for the rest of the call."""
        self.locks.append(lock)
        lock.take()

    def let_go(self) -> None:
        """Let go of all locks, the last one first."""
        for lock in reversed(self.locks):
            lock.let_go()
        self.locks.clear()
        self.held.clear()

    def close_permits(self) -> None:
        """See to it that nothing more is permitted."""
        for permit in self.permits:
            permit.close()

    def end_dry_run(self) -> None:
        """End the call here if it is only to be tried: all its checks are made.

        Raises:
            DryRunOperationError: it is.
        """
        if self.dry_run:
            raise DryRunOperationError("The request would have succeeded, but the DryRun option is set.")


def ending(call: OpenCall, error: KmsError | None = None) -> AuditEntry:
    """What the audit log says of a call that ends, well or in an error."""
    return AuditEntry(
        kind=_kind(call, error),
        call_id=call.id,
        principal=call.caller.principal_arn,
        action=call.operation.action,
        key_arn=call.key_arn,
        outcome=_outcome(call),
        decisions=tuple(call.decisions),
        via_service=call.caller.via_service,
        error_code=error.code if error else None,
        dry_run=call.dry_run,
    )


def never_begun(
    operation: Operation, caller: Caller | str, call_id: str, error: KmsError, *, dry_run: bool
) -> AuditEntry:
    """What the audit log says of a call whose caller is none."""
    principal = caller.principal_arn if isinstance(caller, Caller) else str(caller)[:_LONGEST_NAME]
    return AuditEntry(
        RecordKind.REFUSAL, call_id, principal, operation.action, error_code=error.code, dry_run=dry_run
    )


def _kind(call: OpenCall, error: KmsError | None) -> RecordKind:
    if not call.decisions:
        return RecordKind.REFUSAL
    return RecordKind.DECISION if error is None or isinstance(error, _AS_DECIDED) else RecordKind.FAILURE


def _outcome(call: OpenCall) -> str:
    outcomes = [decision.outcome for decision in call.decisions]
    return next((outcome for outcome in outcomes if outcome != _ALLOWED), _ALLOWED if outcomes else "")
