"""One line of the decision log, and its canonical text.

INVARIANT: no plaintext, no key, no PIN, no grant token, and no value of an encryption context is in a record;
the fields are the list below and there is no free one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from enum import StrEnum


class RecordKind(StrEnum):
    """Why a record was written."""

    DECISION = "decision"
    """The engine decided on a call: allowed, or which denial."""
    SERVICE = "service"
    """An internal job was let in; no caller asked for it."""
    REFUSAL = "refusal"
    """A call ended before anything was decided: a parameter out of bounds, no such key."""
    FAILURE = "failure"
    """A call that was allowed ended in an error; its decision is the record with the same call id."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What there is to say of a call.

    Attributes:
        kind: why it is written.
        call_id: the call; records of one call share it.
        principal: the caller's ARN or service name; for an internal job the job's name.
        action: ``kms:Decrypt``, or the internal job's action.
        resource: what was authorised: a key's ARN, or ``*``; empty where a refusal came before it was known.
        key_arn: the key that it was about; for CreateKey the new one.
        outcome: the decision, as IAM names it; empty where there was none.
        determining: labels of the statements or grants that decided (``key:0``, ``grant:...``).
        decision_id: names the decision; the same request under the same policies has the same.
        policies: SHA-256 of the policies that it was decided under, by what they are: ``key``,
            ``identities``.
        via_service: the service that forwarded the call.
        error_code: AWS's name of the error that the call ended in.
        reason: why an internal job ran.
    """

    kind: RecordKind
    call_id: str
    principal: str
    action: str
    resource: str = ""
    key_arn: str | None = None
    outcome: str = ""
    determining: tuple[str, ...] = ()
    decision_id: str = ""
    policies: tuple[tuple[str, str], ...] = ()
    via_service: str | None = None
    error_code: str | None = None
    reason: str | None = None


_FIELDS = tuple(each.name for each in fields(AuditEntry))


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An entry in its place: who wrote it, its number in that chain, and when (seconds since 1970)."""

    writer: str
    sequence: int
    time: float
    entry: AuditEntry

    def canonical(self) -> str:
        """The one text of this record: JSON in ASCII, names sorted, nothing between the tokens."""
        entry = {name: getattr(self.entry, name) for name in _FIELDS} | {
            "policies": dict(self.entry.policies)
        }
        place = {"writer": self.writer, "sequence": self.sequence, "time": self.time}
        return json.dumps(entry | place, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
