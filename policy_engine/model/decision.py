"""The answer to a request, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NoReturn, Protocol

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
        if not self.document:
            return f"{self.layer}:{self.index}"
        return f"{self.layer}{''.join([f'[{i}]' for i in self.document])}:{self.index}"

    @property
    def file(self) -> str | None:
        """The file that holds it."""
        return self.span.file if self.span else None


@dataclass(frozen=True, slots=True)
class Details:
    """What a decision says besides its outcome; see `Decision`."""

    reason: str
    missing_context_keys: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    id: str = ""
    expression: str | None = None


class Later(Protocol):
    """What works details out when somebody asks; the id also without the rest, for who keeps a log."""

    def details(self, decision: Decision) -> Details:
        """All details."""
        ...

    def id(self, decision: Decision) -> str:
        """The id alone."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Decision:
    """The answer to one request.

    Most callers look at the outcome alone, so the rest is worked out when it is first asked for, by the
    policies that the request was decided under.

    Attributes:
        request: what was asked.
        outcome: the answer.
        determining: on allowed the path that holds, on explicitDeny every deny that matched, else empty.
        source: the details, or what works them out.
    """

    request: Request
    outcome: Outcome
    determining: tuple[Origin, ...]
    source: Details | Later = field(compare=False)

    def __repr__(self) -> str:
        labels = ", ".join(origin.label for origin in self.determining)
        return f"<Decision {self.outcome.value} [{labels}]>"

    def __bool__(self) -> NoReturn:
        raise TypeError("a decision has no truth value, since a denial would be true: use `decision.allowed`")

    @property
    def details(self) -> Details:
        """All that follows from the outcome."""
        source = self.source
        if not isinstance(source, Details):
            source = source.details(self)
            object.__setattr__(self, "source", source)  # frozen, but for what follows from the rest
        return source

    @property
    def allowed(self) -> bool:
        """Whether the call may go ahead: the one question that a gate asks."""
        return self.outcome is Outcome.ALLOWED

    @property
    def reason(self) -> str:
        """The answer in AWS's words."""
        return self.details.reason

    @property
    def missing_context_keys(self) -> tuple[str, ...]:
        """Keys that a statement asks about and the request does not have."""
        return self.details.missing_context_keys

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What the reader should know besides: an unknown key, a contradicted fact."""
        return self.details.diagnostics

    @property
    def id(self) -> str:
        """Names this decision; the same request under the same policies has the same id."""
        source = self.source
        return source.id if isinstance(source, Details) else source.id(self)

    @property
    def expression(self) -> str | None:
        """For undetermined, what it depends on."""
        return self.details.expression
