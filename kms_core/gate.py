"""The gate: it decides on a call, notes the decision for the audit log, and opens a permit for that call.

Every way to the HSM goes through here, since every method of the HSM wants a permit and only the gate makes
one. Not the rules (the engine), not the order of the other checks, and not the writing of the call's one
record: `service.calls` does that before the call's result leaves, and in one transaction with what the call
changes.

INVARIANT: a permit exists only after its decision is noted, and it is closed when its call ends. An internal
job is recorded before it begins, or with what it changes: there is no way to a permit that leaves no record,
unless the process dies in a job that is recorded with what it changes; then nothing is changed.
INVARIANT: whatever goes wrong while deciding is a denial, and is noted as one.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from kms_core.audit.record import AuditEntry, RecordedDecision, RecordKind
from kms_core.audit.request_form import request_form
from kms_core.errors import AccessDeniedError, KmsError, KMSInternalError
from kms_core.permit import Permit, PermitKind
from policy_engine.model.decision import Decision, Details, Outcome
from policy_engine.model.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from kms_core.audit.log import AuditLog
    from kms_core.model.sources import Sources
    from policy_engine.model.grant import Grant
    from policy_engine.model.request import ContextInput

T = TypeVar("T")

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
        access_version: which state of the key's policy and grants is in force, for the record.
        grant: for CreateGrant the grant to be made, for RetireGrant the one to retire.
    """

    call_id: str
    principal: str
    action: str
    resource: str
    key_arn: str | None
    context: ContextInput = field(default_factory=dict, repr=False)
    grant_tokens: tuple[str, ...] = field(default=(), repr=False)
    policies: tuple[tuple[str, str], ...] = ()
    access_version: int | None = None
    grant: Grant | None = None


class Gate:
    """Lets calls through, or not."""

    def __init__(self, engine: Authorizer, log: AuditLog, sources: Sources) -> None:
        self._engine = engine
        self._log = log
        self._new_id = sources.new_id

    def admit(self, call: Call, note: Callable[[RecordedDecision], None]) -> Permit:
        """Let a caller's call through, until its permit is left: ``with gate.admit(...) as permit``.

        Args:
            call: what is asked for.
            note: is given the decision; whoever gives it writes it down before anything leaves the call.

        Raises:
            AccessDeniedError: the engine denies; it carries the decision, and speaks in its words.
        """
        decision = self._decide(call)
        note(_recorded(call, decision))
        if not decision.allowed:
            raise AccessDeniedError(decision.reason, decision)
        return Permit(call.principal, call.action, call.key_arn, call.call_id)

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

    def serve_change(
        self,
        job: str,
        action: str,
        reason: str,
        *,
        key_arn: str,
        make: Callable[[Permit], T],
        keep: Callable[[Connection, T], None],
    ) -> None:
        """Let an internal job through that changes a key: change and record are kept together or not at all.

        Args:
            job: its name.
            action: what it does, ``internal:...``.
            reason: why.
            key_arn: the key.
            make: what it does in the HSM.
            keep: files what `make` made, in the transaction of the record.

        Raises:
            What `make` and `keep` raise, once it is written down that the job ended in it.
            KMSInternalError: it could not be written down; then nothing is changed.
        """
        entry = AuditEntry(RecordKind.SERVICE, self._new_id(), job, action, key_arn=key_arn, reason=reason)
        try:
            with Permit(job, action, key_arn, entry.call_id, PermitKind.SERVICE, reason) as permit:
                made = make(permit)
            with self._log.beside(lambda: entry) as connection:
                keep(connection, made)
        except Exception as error:
            known = error if isinstance(error, KmsError) else KMSInternalError()
            self._log.append(replace(entry, error_code=known.code))
            raise

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


def _recorded(call: Call, decision: Decision) -> RecordedDecision:
    return RecordedDecision(
        action=call.action,
        resource=call.resource,
        outcome=decision.outcome.value,
        determining=tuple(origin.label for origin in decision.determining),
        decision_id=decision.id,
        policies=call.policies,
        access_version=call.access_version,
        request=request_form(decision.request),
    )
