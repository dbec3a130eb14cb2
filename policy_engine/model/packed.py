"""Statements kept small: what they say apart from where it stands, and equal ones once.

An account has thousands of policies made from few templates. A packed statement holds what one says as tuples
of texts, and its offsets from its own beginning as bytes, so that the same statement in two policies is one
object. `PackedStatements` is what a policy has in place of a tuple of statements: it makes them when somebody
looks.

Only what a text can say is packed: nothing that is not known yet (model/opaque.py). The tuples are plain
data, so that a file can hold them (bundle/compiled.py).
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, overload
from weakref import WeakValueDictionary

from policy_engine.case import ascii_lower
from policy_engine.catalog.condition_keys import canonical_key
from policy_engine.model.condition import Condition, ConditionValue
from policy_engine.model.policy import (
    ActionElement,
    ActionPattern,
    Effect,
    PolicyKind,
    ResourceElement,
    ResourcePattern,
    Statement,
)
from policy_engine.model.principal import EntryKind, PrincipalElement, PrincipalEntry
from policy_engine.span import Source, Span
from policy_engine.syntax.operator_name import parse_operator
from policy_engine.syntax.pattern import Pattern, parse_pattern

if TYPE_CHECKING:
    from policy_engine.model.policy import Policy
    from policy_engine.syntax.operator_name import OperatorName

PackedPattern = str | tuple[str]
"""The text of a pattern; in a tuple where `${...}` in it is a policy variable."""
PackedPrincipal = tuple[bool, tuple[tuple[EntryKind, str, str], ...]]
"""Whether it is negated; kind, value and spelling of each entry."""
PackedAction = tuple[bool, tuple[str, ...]]
PackedResource = tuple[bool, tuple[PackedPattern, ...]]
PackedCondition = tuple[str, str, tuple[PackedPattern, ...]]
"""Operator, key as spelt, values."""
Content = tuple[
    str | None,
    Effect,
    PackedPrincipal | None,
    PackedAction | None,
    PackedResource | None,
    tuple[PackedCondition, ...],
]
"""Sid, effect, principal, action, resource, conditions."""

_Take = Callable[[], Span]
_NOWHERE = Span(Source("<any policy>", ""), 0, 0)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class PackedStatement:
    """A statement of a kind of policy; equal ones are one object.

    `places` holds a start and an end for each span, in the order of `_spans`, from the statement's start on.
    """

    kind: PolicyKind
    content: Content
    places: bytes

    @property
    def length(self) -> int:
        """How long the statement is, in code points."""
        return self.offsets[1]

    @property
    def offsets(self) -> Sequence[int]:
        """The places as numbers."""
        return memoryview(self.places).cast("i")

    def placeless(self) -> Statement:
        """The statement with no place for any part, to be compiled for all policies that have it."""
        return _statement(self.content, 0, lambda: _NOWHERE)

    def unpacked(self, index: int, source: Source, start: int) -> Statement:
        """The statement that stands at an offset of a source; `index` is its index in its policy."""
        offsets = self.offsets
        spans = (Span(source, start + a, start + b) for a, b in zip(offsets[::2], offsets[1::2], strict=True))
        return _statement(self.content, index, spans.__next__)


_SHARED: WeakValueDictionary[tuple[PolicyKind, Content, bytes], PackedStatement] = WeakValueDictionary()


def packed_statement(kind: PolicyKind, content: Content, offsets: Sequence[int]) -> PackedStatement:
    """The one object of this kind, content and places."""
    places = array("i", offsets).tobytes()
    return _SHARED.setdefault((kind, content, places), PackedStatement(kind, content, places))


def pack(kind: PolicyKind, statement: Statement) -> PackedStatement:
    """A statement, packed."""
    start = statement.span.start
    offsets: list[int] = []
    for span in _spans(statement):
        offsets += (span.start - start, span.end - start)
    return packed_statement(kind, _content(statement), offsets)


def pack_all(policy: Policy) -> PackedStatements:
    """The statements of a policy whose text says all of them, packed."""
    return PackedStatements(
        tuple(pack(policy.kind, statement) for statement in policy.statements),
        tuple(statement.span.start for statement in policy.statements),
        policy.span.source,
    )


class PackedStatements(Sequence[Statement]):
    """The statements of a policy, made anew each time that one is looked at.

    Attributes:
        packed: them, in order.
        starts: where each begins.
        source: what they stand in.
    """

    __slots__ = ("packed", "source", "starts")

    def __init__(self, packed: tuple[PackedStatement, ...], starts: Sequence[int], source: Source) -> None:
        self.packed = packed
        self.starts = starts
        self.source = source

    def __len__(self) -> int:
        return len(self.packed)

    def __iter__(self) -> Iterator[Statement]:
        return (self[index] for index in range(len(self.packed)))

    @overload
    def __getitem__(self, index: int) -> Statement: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Statement]: ...
    def __getitem__(self, index: int | slice) -> Statement | Sequence[Statement]:
        if isinstance(index, slice):
            return tuple(self[each] for each in range(*index.indices(len(self.packed))))
        index = range(len(self.packed))[index]
        return self.packed[index].unpacked(index, self.source, self.starts[index])

    def span(self, index: int) -> Span:
        """Where a statement stands."""
        start = self.starts[index]
        return Span(self.source, start, start + self.packed[index].length)

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, (tuple, PackedStatements)) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


# -- to content and places


def _content(statement: Statement) -> Content:
    principal, action, resource = statement.principal, statement.action, statement.resource
    return (
        sys.intern(statement.sid) if statement.sid is not None else None,
        statement.effect,
        (
            principal.negated,
            tuple((e.kind, sys.intern(e.value), sys.intern(e.spelling)) for e in principal.entries),
        )
        if principal
        else None,
        (action.negated, tuple(sys.intern(p.spelling) for p in action.patterns)) if action else None,
        (resource.negated, tuple(_text(p.pattern) for p in resource.patterns)) if resource else None,
        tuple(
            (sys.intern(str(c.operator)), sys.intern(c.spelling), tuple(_text(v.pattern) for v in c.values))
            for c in statement.conditions
        ),
    )


def _text(pattern: Pattern) -> PackedPattern:
    text = sys.intern(pattern.text)
    return (text,) if "${" in text and pattern != parse_pattern(text, variables=False) else text


def _spans(statement: Statement) -> Iterator[Span]:
    """The spans of a statement and its parts, always in this order."""
    yield statement.span
    if statement.principal:
        yield statement.principal.span
        yield from (entry.span for entry in statement.principal.entries)
    for element in (statement.action, statement.resource):
        if element:
            yield element.span
            yield from (pattern.span for pattern in element.patterns)
    for condition in statement.conditions:
        yield condition.operator_span
        yield condition.key_span
        yield condition.span
        yield from (value.span for value in condition.values)


# -- and back


def check_words(
    resources: Iterable[PackedResource], conditions: Iterable[tuple[PackedCondition, ...]]
) -> None:
    """Check that packed parts of statements can be unpacked; principals and actions always can.

    Raises:
        ValueError: there is no such operator, or a text has no such policy variable.
    """
    for resource in resources:
        _resource(resource, lambda: _NOWHERE)
    for condition in chain.from_iterable(conditions):
        _condition(condition, lambda: _NOWHERE)


def count_spans(content: Content) -> int:
    """How many places a statement of this content has."""
    _, _, principal, action, resource, conditions = content
    elements = sum(1 + len(element[1]) for element in (principal, action, resource) if element is not None)
    return 1 + elements + sum(3 + len(values) for _, _, values in conditions)


def _statement(content: Content, index: int, take: _Take) -> Statement:
    sid, effect, principal, action, resource, conditions = content
    span = take()
    return Statement(
        index,
        sid,
        effect,
        _principal(principal, take) if principal is not None else None,
        _action(action, take) if action is not None else None,
        _resource(resource, take) if resource is not None else None,
        tuple(_condition(condition, take) for condition in conditions),
        span,
    )


def _principal(packed: PackedPrincipal, take: _Take) -> PrincipalElement:
    (negated, entries), span = packed, take()
    return PrincipalElement(
        tuple(PrincipalEntry(kind, value, spelling, take()) for kind, value, spelling in entries),
        negated,
        span,
    )


def _action(packed: PackedAction, take: _Take) -> ActionElement:
    (negated, spellings), span = packed, take()
    return ActionElement(
        tuple(ActionPattern(parse_pattern(ascii_lower(s), variables=False), s, take()) for s in spellings),
        negated,
        span,
    )


def _resource(packed: PackedResource, take: _Take) -> ResourceElement:
    (negated, patterns), span = packed, take()
    return ResourceElement(tuple(ResourcePattern(_pattern(p), take()) for p in patterns), negated, span)


def _condition(packed: PackedCondition, take: _Take) -> Condition:
    operator, key, values = packed
    operator_span, key_span, span = take(), take(), take()
    return Condition(
        _operator(operator),
        canonical_key(key),
        key,
        tuple(_value(_pattern(value), take()) for value in values),
        operator_span,
        key_span,
        span,
    )


def _value(pattern: Pattern, span: Span) -> ConditionValue:
    return ConditionValue(pattern.text, span, pattern)


def _pattern(packed: PackedPattern) -> Pattern:
    if isinstance(packed, str):
        return parse_pattern(packed, variables=False)
    return parse_pattern(packed[0], variables=True)


def _operator(text: str) -> OperatorName:
    name = parse_operator(text)
    if name is None:
        raise ValueError(f"there is no operator `{text}`")
    return name
