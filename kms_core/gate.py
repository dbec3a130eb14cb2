"""The gate: it decides on a call, writes the decision down, and opens a permit for exactly that call.

Every way to the HSM goes through here, since every method of the HSM wants a permit and only the gate makes
one. Not the rules (the engine) and not the order of the other checks (`service.calls`).

INVARIANT: a permit exists only after its record is in the audit log, and it is closed when its call ends.
INVARIANT: whatever goes wrong while deciding is a denial, and is written down as one.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from kms_core.audit.record import AuditEntry, RecordKind
from kms_core.errors import AccessDeniedError
from kms_core.permit import Permit, PermitKind
from policy_engine.model.decision import Decision, Details, Outcome
from policy_engine.model.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kms_core.audit.log import AuditLog
    from kms_core.model.sources import Sources
    from policy_engine.model.grant import Grant
    from policy_engine.model.request import ContextInput

_LOG = logging.getLogger(__name__)


class Authorizer(Protocol):
    """Who decides: the policy engine, or what stands in for it in a test."""

    def authorize(self, request: Request) -> Decision:
        """Decide on a request."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One authorization that a call needs.

    Attributes:
        call_id: the call.
        principal: the caller's ARN or service name.
        action: ``kms:Decrypt``.
        resource: what is authorised: the key's ARN, or ``*``.
        key_arn: the key that the permit is for; for CreateKey the key to be made; None for no key.
        context: condition keys and their values.
        grant_tokens: the tokens that the caller presented.
        policies: digests of the policies in force, for the record.
        via_service: the service that forwards the call.
        grant: for CreateGrant the grant to be made.
    """

    call_id: str
    principal: str
    action: str
    resource: str
    key_arn: str | None
    context: ContextInput = field(default_factory=dict, repr=False)
    grant_tokens: tuple[str, ...] = field(default=(), repr=False)
    policies: tuple[tuple[str, str], ...] = ()
    via_service: str | None = None
    grant: Grant | None = None


class Gate:
    """Lets calls through, or not."""

    def __init__(self, engine: Authorizer, log: AuditLog, sources: Sources) -> None:
        self._engine = engine
        self._log = log
        self._new_id = sources.new_id

    @contextmanager
    def admit(self, call: Call) -> Iterator[Permit]:
        """Let a caller's call through, for as long as the context lasts.

        Raises:
            AccessDeniedError: the engine denies; it carries the decision, and speaks in its words.
            KMSInternalError: the decision could not be written down.
        """
        decision = self._decide(call)
        self._log.append(_entry(call, decision))
        if not decision.allowed:
            raise AccessDeniedError(decision.reason, decision)
        with Permit(call.principal, call.action, call.key_arn, call.call_id) as permit:
            yield permit

    @contextmanager
    def serve(self, job: str, action: str, reason: str, *, key_arn: str | None = None) -> Iterator[Permit]:
        """Let an internal job through, which no caller asked for and no policy speaks of.

        Raises:
            KMSInternalError: it could not be written down.
        """
        call_id = self._new_id()
        self._log.append(AuditEntry(RecordKind.SERVICE, call_id, job, action, key_arn=key_arn, reason=reason))
        with Permit(job, action, key_arn, call_id, PermitKind.SERVICE, reason) as permit:
            yield permit

    def _decide(self, call: Call) -> Decision:
        request = Request(
            call.principal, call.action, call.resource, call.context, call.grant_tokens, call.grant
        )
        try:
            return self._engine.authorize(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer is a denial
            # the error's own text may quote the request, so only its kind is logged
            _LOG.error("call %s is denied: deciding failed with %s", call.call_id, type(error).__name__)
            return Decision(request, Outcome.IMPLICIT_DENY, (), Details("the request could not be evaluated"))


def _entry(call: Call, decision: Decision) -> AuditEntry:
    return AuditEntry(
        kind=RecordKind.DECISION,
        call_id=call.call_id,
        principal=call.principal,
        action=call.action,
        resource=call.resource,
        key_arn=call.key_arn,
        outcome=decision.outcome.value,
        determining=tuple(origin.label for origin in decision.determining),
        decision_id=decision.id,
        policies=call.policies,
        via_service=call.via_service,
        error_code=None if decision.allowed else AccessDeniedError.code,
    )
