"""The document of a file with compiled policies (bundle/compiled.py), as JSON arrays.

Parts that many statements have stand in it once, and others name them by their numbers. Offsets are whole
numbers of code points; a statement's count from its own start.
"""

from typing import Annotated, NamedTuple

from pydantic import Field

from policy_engine.errors import Severity
from policy_engine.model.packed import PackedAction, PackedCondition, PackedPrincipal, PackedResource
from policy_engine.model.policy import Effect, PolicyKind, Version

Offset = Annotated[int, Field(ge=0, lt=2**31)]
Number = Annotated[int, Field(ge=0)]


class HeadForm(NamedTuple):
    """What a file is: its format, and the digest of its document under a key."""

    format: str
    digest: str


class StatementForm(NamedTuple):
    """A packed statement: the numbers of its parts."""

    kind: PolicyKind
    sid: str | None
    effect: Effect
    principal: Number | None
    action: Number | None
    resource: Number | None
    conditions: Number
    places: Number


class PlaceForm(NamedTuple):
    """A stretch of a text."""

    start: Offset
    end: Offset


class DiagnosticForm(NamedTuple):
    """A diagnostic; `related` has other places, each with a sentence."""

    code: str
    message: str
    place: PlaceForm | None
    help: str | None
    severity: Severity
    related: list[tuple[PlaceForm, str]]


class TextForm(NamedTuple):
    """A text that was read: the digest of all of it, and what reading gave.

    `statements` has their numbers, `starts` says where each stands.
    """

    digest: str
    kind: PolicyKind
    version: Version
    id: str | None
    policy_digest: str
    place: PlaceForm
    statements: list[Number]
    starts: list[Offset]
    diagnostics: list[DiagnosticForm]


class CompiledForm(NamedTuple):
    """The document."""

    principals: list[PackedPrincipal]
    actions: list[PackedAction]
    resources: list[PackedResource]
    conditions: list[tuple[PackedCondition, ...]]
    places: list[list[Offset]]
    statements: list[StatementForm]
    texts: list[TextForm]
