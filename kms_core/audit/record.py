"""One line of the decision log, and its canonical text.

A call is one record, whatever it asked for: it lists every decision that was made for it. With a decision
stands the request that was put to the engine, so that it can be decided again under other policies.

INVARIANT: no plaintext, no ciphertext, no key, no PIN and no grant token is in a record; the fields are the
lists below. The encryption context is in the requests: it is not secret, and AWS CloudTrail shows it too
(https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from policy_engine.syntax.canonical_json import canonical_json


class RecordKind(StrEnum):
    """How far a call came."""

    DECISION = "decision"
    """It was decided: denied, or allowed and done; or a dry run that would have been done."""
    SERVICE = "service"
    """An internal job was let in; no caller asked for it."""
    REFUSAL = "refusal"
    """It ended before anything was decided: a parameter out of bounds, no such key."""
    FAILURE = "failure"
    """It was allowed and ended in an error; what it changed was taken back."""


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """One decision of a call.

    Attributes:
        action: ``kms:Decrypt``.
        resource: what was authorised: a key's ARN, or ``*``.
        outcome: as IAM names it.
        determining: labels of the statements or grants that decided (``key:0``, ``grant:...``).
        decision_id: names the decision; the same request under the same policies has the same.
        policies: SHA-256 of the policies that it was decided under, by what they are: ``key``,
            ``identities``.
        access_version: which state of the key's policy and grants it was decided under; it grows with each
            change. None where there is no key.
        request: what was asked, as `explain-access check --request` reads it. Grant tokens are left out: here
            a grant is in force with and without them.
    """

    action: str
    resource: str
    outcome: str
    determining: tuple[str, ...] = ()
    decision_id: str = ""
    policies: tuple[tuple[str, str], ...] = ()
    access_version: int | None = None
    request: dict[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What there is to say of a call.

    Attributes:
        kind: how far it came.
        call_id: the call.
        principal: the caller's ARN or service name; for an internal job the job's name.
        action: ``kms:Decrypt`` for Decrypt, whatever that is authorised as; or the internal job's action.
        key_arn: the key that it was about; for CreateKey the new one.
        outcome: allowed where all decisions were, else the one that was not; empty where there was none.
        decisions: each decision, in the order in which they were made.
        via_service: the service that forwarded the call.
        error_code: AWS's name of the error that the call ended in.
        dry_run: whether it was only to be tried.
        reason: why an internal job ran.
    """

    kind: RecordKind
    call_id: str
    principal: str
    action: str
    key_arn: str | None = None
    outcome: str = ""
    decisions: tuple[RecordedDecision, ...] = ()
    via_service: str | None = None
    error_code: str | None = None
    dry_run: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RecordText:
    """The one text of an entry, but for its place: JSON in ASCII, names sorted, nothing between the tokens.

    Attributes:
        before: what comes before number and time.
        between: what comes between these and the writer.
    """

    before: str
    between: str

    @classmethod
    def of(cls, entry: AuditEntry) -> RecordText:
        """The text of an entry."""
        content = {
            "action": entry.action,
            "call_id": entry.call_id,
            "decisions": [_plain(decision) for decision in entry.decisions],
            "dry_run": entry.dry_run,
            "error_code": entry.error_code,
            "key_arn": entry.key_arn,
            "kind": entry.kind,
            "outcome": entry.outcome,
            "principal": entry.principal,
            "reason": entry.reason,
        }
        return cls(canonical_json(content)[:-1], _via_service(entry.via_service))

    def placed(self, writer: str, sequence: int, time: float) -> str:
        """The record: who wrote it, its number in that chain, and when (seconds since 1970)."""
        who = canonical_json(writer)
        return f'{self.before},"sequence":{sequence},"time":{time!r},{self.between},"writer":{who}}}'


@lru_cache(maxsize=1_024)
def _via_service(service: str | None) -> str:
    return canonical_json({"via_service": service})[1:-1]


def _plain(decision: RecordedDecision) -> dict[str, object]:
    return {
        "access_version": decision.access_version,
        "action": decision.action,
        "decision_id": decision.decision_id,
        "determining": decision.determining,
        "outcome": decision.outcome,
        "policies": dict(decision.policies),
        "request": decision.request,
        "resource": decision.resource,
    }
