"""KNOWN TEXTS → FORM and back: what stands in a file with compiled policies (bundle/compiled.py).

On the way back nothing is taken for what it is not: every number must name something, every word mean
something, every part stand inside its whole.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar, cast

from policy_engine.bundle.compiled_form import (
    CompiledForm,
    DiagnosticForm,
    PlaceForm,
    StatementForm,
    TextForm,
)
from policy_engine.errors import Diagnostic
from policy_engine.model.packed import PackedStatement, check_words, count_spans, packed_statement
from policy_engine.model.principal import EntryKind
from policy_engine.reading.known import ANYWHERE, KnownText
from policy_engine.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy_engine.model.packed import PackedAction, PackedCondition, PackedPrincipal, PackedResource

_Part = TypeVar("_Part")


class _Numbered(dict[_Part, int]):
    """Different parts, numbered in the order in which they come."""

    def number(self, part: _Part) -> int:
        return self.setdefault(part, len(self))


class _Writer:
    """The parts that were met so far."""

    def __init__(self) -> None:
        self.principals: _Numbered[PackedPrincipal] = _Numbered()
        self.actions: _Numbered[PackedAction] = _Numbered()
        self.resources: _Numbered[PackedResource] = _Numbered()
        self.conditions: _Numbered[tuple[PackedCondition, ...]] = _Numbered()
        self.places: _Numbered[bytes] = _Numbered()
        self.statements: _Numbered[PackedStatement] = _Numbered()

    def text(self, digest: bytes, known: KnownText) -> TextForm:
        return TextForm(
            digest.hex(),
            known.kind,
            known.version,
            known.id,
            known.digest,
            PlaceForm(known.start, known.end),
            [self.statements.number(statement) for statement in known.statements],
            list(known.starts),
            [_diagnostic_form(diagnostic) for diagnostic in known.diagnostics],
        )

    def statement(self, packed: PackedStatement) -> StatementForm:
        sid, effect, principal, action, resource, conditions = packed.content
        return StatementForm(
            packed.kind,
            sid,
            effect,
            None if principal is None else self.principals.number(principal),
            None if action is None else self.actions.number(action),
            None if resource is None else self.resources.number(resource),
            self.conditions.number(conditions),
            self.places.number(packed.places),
        )


def form_of(texts: Iterable[tuple[bytes, KnownText]]) -> CompiledForm:
    """The document that holds these texts, each given with its digest."""
    writer = _Writer()
    different = {(digest, known.kind): known for digest, known in texts}
    forms = [writer.text(digest, known) for (digest, _), known in different.items()]
    statements = [writer.statement(packed) for packed in writer.statements]
    places = [list(memoryview(each).cast("i")) for each in writer.places]
    return CompiledForm(
        list(writer.principals),
        list(writer.actions),
        list(writer.resources),
        list(writer.conditions),
        places,
        statements,
        forms,
    )


def _diagnostic_form(diagnostic: Diagnostic) -> DiagnosticForm:
    return DiagnosticForm(
        diagnostic.code,
        diagnostic.message,
        _place(diagnostic.span) if diagnostic.span else None,
        diagnostic.help,
        diagnostic.severity,
        [(_place(span), words) for span, words in diagnostic.related],
    )


def _place(span: Span) -> PlaceForm:
    return PlaceForm(span.start, span.end)


def texts_of(form: CompiledForm) -> list[tuple[bytes, KnownText]]:
    """The texts of a document, each with its digest.

    Raises:
        ValueError: what the document says cannot be.
        IndexError: a number names nothing.
    """
    for offsets in form.places:
        _check_places(offsets)
    check_words(form.resources, form.conditions)
    parts = form._replace(
        principals=_shared(form.principals),
        actions=_shared(form.actions),
        resources=_shared(form.resources),
        conditions=_shared(form.conditions),
    )
    statements = [_statement(each, parts) for each in form.statements]
    return [(bytes.fromhex(text.digest), _known(text, statements)) for text in form.texts]


def _check_places(offsets: Sequence[int]) -> None:
    pairs = zip(offsets[::2], offsets[1::2], strict=True)
    if offsets[0] != 0 or not all(start <= end <= offsets[1] for start, end in pairs):
        raise ValueError("a part of a statement stands outside it")


def _shared(part: _Part) -> _Part:
    """Plain data with its texts shared."""
    shared: object = part
    if isinstance(part, str) and not isinstance(part, EntryKind):
        shared = sys.intern(part)
    elif isinstance(part, (tuple, list)):
        shared = type(part)(map(_shared, part))
    return cast("_Part", shared)


def _statement(form: StatementForm, parts: CompiledForm) -> PackedStatement:
    content = (
        None if form.sid is None else sys.intern(form.sid),
        form.effect,
        None if form.principal is None else parts.principals[form.principal],
        None if form.action is None else parts.actions[form.action],
        None if form.resource is None else parts.resources[form.resource],
        parts.conditions[form.conditions],
    )
    offsets = parts.places[form.places]
    if len(offsets) != 2 * count_spans(content):
        raise ValueError("a statement has not as many places as parts")
    return packed_statement(form.kind, content, offsets)


def _known(form: TextForm, statements: Sequence[PackedStatement]) -> KnownText:
    held = tuple(statements[number] for number in form.statements)
    for statement, start in zip(held, form.starts, strict=True):
        inside = form.place.start <= start and start + statement.length <= form.place.end
        if statement.kind is not form.kind or not inside:
            raise ValueError("a statement stands outside its policy")
    return KnownText(
        form.kind,
        form.version,
        form.id,
        form.policy_digest,
        form.place.start,
        form.place.end,
        held,
        tuple(form.starts),
        tuple(_diagnostic(diagnostic) for diagnostic in form.diagnostics),
    )


def _diagnostic(form: DiagnosticForm) -> Diagnostic:
    related = tuple((_span(place), words) for place, words in form.related)
    span = _span(form.place) if form.place else None
    return Diagnostic(form.code, form.message, span, form.help, form.severity, related)


def _span(place: PlaceForm) -> Span:
    return Span(ANYWHERE, place.start, place.end)
