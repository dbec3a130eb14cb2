"""A call that has begun, one that was admitted, and what is recorded of one that ends in an error.

Values only: `calls` brings a call from one to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kms_core.audit.record import AuditEntry, RecordKind
from kms_core.model.caller import Caller

if TYPE_CHECKING:
    from kms_core.errors import KmsError
    from kms_core.model.key import KeyMetadata
    from kms_core.model.operations import Operation
    from kms_core.permit import Permit

_LONGEST_NAME = 2048


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that may go ahead: its permit, and its key and key policy as they were when it was let in."""

    permit: Permit
    key: KeyMetadata
    policy_digest: str


@dataclass(slots=True)
class OpenCall:
    """A call that has begun.

    Attributes:
        operation: what is called.
        caller: who calls.
        id: the call's id.
        grant_tokens: the tokens that the caller presented, all genuine.
        key_arn: the key that it turned out to be about.
        decided: whether the engine was asked.
    """

    operation: Operation
    caller: Caller
    id: str
    grant_tokens: tuple[str, ...] = field(default=(), repr=False)
    key_arn: str | None = None
    decided: bool = False


def ending(
    operation: Operation, caller: Caller | str, call_id: str, call: OpenCall | None, error: KmsError
) -> AuditEntry:
    """What the audit log says of a call that an error ended, before it was decided or after."""
    principal = caller.principal_arn if isinstance(caller, Caller) else str(caller)[:_LONGEST_NAME]
    return AuditEntry(
        kind=RecordKind.FAILURE if call and call.decided else RecordKind.REFUSAL,
        call_id=call_id,
        principal=principal,
        action=operation.action,
        key_arn=call.key_arn if call else None,
        via_service=call.caller.via_service if call else None,
        error_code=error.code,
    )
