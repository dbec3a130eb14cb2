"""What rules look at: a policy with the tree that it was read from, and the document that holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.errors import Severity
from policy_engine.lint.forms import Role
from policy_engine.syntax.json_tree import JsonObject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.errors import Diagnostic
    from policy_engine.model.policy import Policy, PolicyKind
    from policy_engine.span import Position, Source, Span
    from policy_engine.syntax.json_tree import JsonNode


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One policy.

    Attributes:
        source: the text that `root` stands in: a file, or a JSON string in one.
        root: the policy's node.
        kind: what the policy is attached to.
        name: its name, for people.
        policy: the policy, without the statements that cannot be read; None where nothing can.
        diagnostics: what reading found.
        key_arn: for a key policy, the key that it belongs to, where that is known.
        aws_managed: whether AWS owns the key and alone changes its policy.
    """

    source: Source
    root: JsonNode
    kind: PolicyKind
    name: str
    policy: Policy | None
    diagnostics: tuple[Diagnostic, ...]
    key_arn: str | None = None
    aws_managed: bool = False

    @property
    def span(self) -> Span:
        """Where the policy stands."""
        return self.root.span(self.source)

    @property
    def place(self) -> tuple[str, Position]:
        """File and position of its beginning, which name it among all policies."""
        span = self.span
        return span.file, span.begin

    @property
    def whole(self) -> Policy | None:
        """The policy where all of it could be read: a graph that lacks a part answers another question."""
        return None if any(d.severity is Severity.ERROR for d in self.diagnostics) else self.policy

    @property
    def statements_span(self) -> Span:
        """The name of the Statement element, for what is said of all statements together."""
        if isinstance(self.root, JsonObject):
            for member in self.root:
                if member.name == "Statement":
                    return member.name_span(self.source)
        return self.span

    def holds(self, span: Span) -> bool:
        """Whether a span stands in the policy."""
        return span.source is self.source and self.root.start <= span.start and span.end <= self.root.end


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One file, or standard input.

    Attributes:
        file: its name, as findings show it.
        source: its text; None where it is not text.
        root: its tree; None where it is none.
        diagnostics: what was found that stands in no policy.
        subjects: the policies that it holds.
        references: policies in other files that it names.
        role: what a bundle makes of it.
    """

    file: str
    source: Source | None
    root: JsonNode | None
    diagnostics: tuple[Diagnostic, ...] = ()
    subjects: tuple[Subject, ...] = ()
    references: tuple[Reference, ...] = ()
    role: Role = Role.NONE

    def subject_of(self, span: Span) -> Subject | None:
        """The policy that a span stands in."""
        return next((subject for subject in self.subjects if subject.holds(span)), None)

    def __iter__(self) -> Iterator[Subject]:
        return iter(self.subjects)


@dataclass(frozen=True, slots=True)
class Reference:
    """A policy that a document keeps in a file of its own."""

    path: str
    kind: PolicyKind
