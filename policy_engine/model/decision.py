"""The answer to a request, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from policy_engine.errors import Diagnostic
    from policy_engine.model.request import Request
    from policy_engine.span import Span


class Outcome(StrEnum):
    """What IAM's EvaluationResult says; UNDETERMINED where a value that decides is not known."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"
    UNDETERMINED = "undetermined"

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "an outcome has no truth value, since a denial would be true: compare with Outcome.ALLOWED"
        )


class OriginKind(StrEnum):
    """What a deciding row came from."""

    STATEMENT = "statement"
    GRANT = "grant"


@dataclass(frozen=True, slots=True)
class Origin:
    """The statement or grant that a decision rests on.

    Attributes:
        kind: statement or grant.
        layer: key, identity, boundary, session, scp, rcp, endpoint or grant.
        document: the index of the policy in its layer, empty where the layer has one (``(1, 0)``: the second
            level's first policy).
        index: the statement's index in its policy; 0 for a grant.
        policy: the policy's name; for a grant its name or id.
        sid: the statement's Sid.
        grant_id: the grant's id.
        span: where it stands.
    """

    kind: OriginKind
    layer: str
    document: tuple[int, ...]
    index: int
    policy: str
    sid: str | None = None
    grant_id: str | None = None
    span: Span | None = None

    @property
    def label(self) -> str:
        """`key:0`, `identity[1]:2`, `scp[1][0]:0` or `grant:ID`, as scenario files spell it."""
        if self.kind is OriginKind.GRANT:
            return f"grant:{self.grant_id}"
        return f"{self.layer}{''.join(f'[{i}]' for i in self.document)}:{self.index}"

    @property
    def file(self) -> str | None:
        """The file that holds it."""
        return self.span.file if self.span else None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one request.

    Attributes:
        request: what was asked.
        outcome: the answer.
        determining: on allowed the path that holds, on explicitDeny every deny that matched, else empty.
        reason: the answer in AWS's words.
        missing_context_keys: keys that a statement asks about and the request does not have.
        diagnostics: what the reader should know besides: an unknown key, a contradicted fact.
        id: names this decision; the same request under the same policies has the same id.
        expression: for undetermined, what it depends on.
    """

    request: Request
    outcome: Outcome
    determining: tuple[Origin, ...]
    reason: str
    missing_context_keys: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    id: str = ""
    expression: str | None = None

    @property
    def allowed(self) -> bool:
        """Whether the call may go ahead: the one question that a gate asks."""
        return self.outcome is Outcome.ALLOWED

    def __bool__(self) -> NoReturn:
        raise TypeError("a decision has no truth value, since a denial would be true: use `decision.allowed`")
