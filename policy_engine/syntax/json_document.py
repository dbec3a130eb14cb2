"""Reads a JSON text with Lark into a tree with offsets, exactly as RFC 8259 says and a little stricter.

Stricter on purpose: duplicate names (compared after unescaping), lone surrogates, numbers out of range or
longer than 64 characters, nesting deeper than a limit and texts over a limit are refused. Python's own `json`
takes all of these, and a policy that two readers understand differently is a hole.
"""

from __future__ import annotations

import json
import math
import re
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from lark import Lark, TextSlice, Transformer
from lark.exceptions import UnexpectedInput, UnexpectedToken

from policy_engine.errors import Diagnostic, PolicySyntaxError, Severity
from policy_engine.span import Source, Span
from policy_engine.syntax import json_faults, json_limits
from policy_engine.syntax.grammar import load
from policy_engine.syntax.json_tree import (
    JsonArray,
    JsonBoolean,
    JsonMember,
    JsonNode,
    JsonNull,
    JsonNumber,
    JsonObject,
    JsonString,
)

if TYPE_CHECKING:
    from lark import Token

_WHITESPACE = " \t\n\r"
_TEXT = r'"(?:[^"\\]++|\\.)*+"'
_STRING = re.compile(_TEXT)
"""A string of a token, which holds only whole and right ones."""
_FIELD = re.compile(
    rf'({_TEXT})[ \t\n\r]*+:[ \t\n\r]*+({_TEXT}|\[(?:[^"\]]++|{_TEXT})*+\])',
)
"""A member of a token: its name, and a string or a list of strings."""
_LEADING = re.compile(r"[ \t\n\r]*")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class JsonDocument:
    """A read text: its source, its root node, and what was found but did not stop the reading."""

    __slots__ = ("diagnostics", "root", "source")

    def __init__(self, source: Source, root: JsonNode, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.source = source
        self.root = root
        self.diagnostics = diagnostics


class _Fault(Exception):  # noqa: N818 - never leaves this module
    """A fault that a token or an object shows only once it is looked into."""

    def __init__(self, start: int, end: int, fault: json_faults.Fault) -> None:
        super().__init__(fault.message)
        self.start = start
        self.end = end
        self.fault = fault


class _Duplicates(threading.local):
    """Where the objects of the text that this thread reads report their duplicate members."""

    def __init__(self) -> None:
        self.found: list[tuple[JsonMember, JsonMember]] = []


_duplicates = _Duplicates()


def _string(token: Token, start: int, end: int) -> JsonString:
    """The string between two places of a token."""
    begin = token.start_pos or 0
    return JsonString(begin + start, begin + end, _value(token, start, end))


def _strings(token: Token, start: int, end: int) -> tuple[JsonString, ...]:
    """The strings of a part of a token that holds nothing but strings and punctuation."""
    return tuple([_string(token, *match.span()) for match in _STRING.finditer(token, start, end)])


def _member(name: Token, value: JsonNode) -> JsonMember:
    begin, end = name.start_pos or 0, name.rindex('"') + 1
    return JsonMember(begin, begin + end, _value(name, 0, end), value)


def _fields(token: Token) -> list[JsonMember]:
    """The members of a token, whose values are strings and lists of strings."""
    return [_field(token, *found.span(1), *found.span(2)) for found in _FIELD.finditer(token)]


def _field(token: Token, start: int, end: int, value_start: int, value_end: int) -> JsonMember:
    """A member of a token, given where its name and its value stand."""
    begin = token.start_pos or 0
    value: JsonNode
    if token[value_start] == "[":
        items = _strings(token, value_start, value_end)
        value = JsonArray(begin + value_start, begin + value_end, items)
    else:
        value = _string(token, value_start, value_end)
    return JsonMember(begin + start, begin + end, _value(token, start, end), value)


def _value(token: Token, start: int, end: int) -> str:
    """What a string says that stands in a token, quotation marks and all."""
    body = token[start + 1 : end - 1]
    if "\\" not in body:
        return body
    value: str = json.loads(token[start:end])
    if _SURROGATE.search(value):
        raise _Fault(*json_faults.lone_surrogate((token.start_pos or 0) + start, token[start:end]))
    return value


class _TreeBuilder(Transformer["Token", JsonNode]):
    """Makes nodes while the parser reduces; holds no state, so that threads may share it.

    Its methods are the aliases of the grammar; each takes the list of what its alternative consists of.
    """

    def string(self, children: list[Token]) -> JsonString:
        return _string(children[0], 0, len(children[0].rstrip(_WHITESPACE)))

    def texts(self, children: list[Token]) -> JsonArray:
        token = children[0]
        start, length = token.start_pos or 0, len(token.rstrip(_WHITESPACE))
        return JsonArray(start, start + length, _strings(token, 0, length))

    def number(self, children: list[Token]) -> JsonNumber:
        text = children[0].rstrip(_WHITESPACE)
        start = children[0].start_pos or 0
        end = start + len(text)
        if len(text) > json_limits.MAX_NUMBER_LENGTH:
            raise _Fault(start, end, json_faults.NUMBER_TOO_LONG)
        if math.isinf(float(text)):
            raise _Fault(start, end, json_faults.NUMBER_OUT_OF_RANGE)
        return JsonNumber(start, end, text)

    def true(self, children: list[Token]) -> JsonBoolean:
        start = children[0].start_pos or 0
        return JsonBoolean(start, start + 4, value=True)

    def false(self, children: list[Token]) -> JsonBoolean:
        start = children[0].start_pos or 0
        return JsonBoolean(start, start + 5, value=False)

    def null(self, children: list[Token]) -> JsonNull:
        start = children[0].start_pos or 0
        return JsonNull(start, start + 4)

    def first_item(self, children: list[Any]) -> list[Any]:
        """The opening bracket, and the first of what an array holds."""
        return children

    def next_item(self, children: list[Any]) -> list[Any]:
        """What an array holds so far, a comma, and what follows it."""
        held: list[Any] = children[0]
        held.append(children[2])
        return held

    def first_member(self, children: list[Any]) -> list[Any]:
        """The opening bracket, and the first member of an object."""
        opening, name, value = children
        return [opening, _member(name, value)]

    def first_fields(self, children: list[Token]) -> list[Any]:
        """The opening bracket, and the first members of an object."""
        opening, token = children
        return [opening, *_fields(token)]

    def next_member(self, children: list[Any]) -> list[Any]:
        """What an object holds so far, a comma, and a member."""
        held: list[Any] = children[0]
        held.append(_member(children[2], children[3]))
        return held

    def next_fields(self, children: list[Any]) -> list[Any]:
        """What an object holds so far, a comma, and members."""
        held: list[Any] = children[0]
        held += _fields(children[2])
        return held

    def empty_array(self, children: list[Token]) -> JsonArray:
        return JsonArray(children[0].start_pos or 0, (children[1].start_pos or 0) + 1, ())

    def array(self, children: list[Any]) -> JsonArray:
        (opening, *items), closing = children
        return JsonArray(opening.start_pos, closing.start_pos + 1, tuple(items))

    def empty_object(self, children: list[Token]) -> JsonObject:
        return JsonObject(children[0].start_pos or 0, (children[1].start_pos or 0) + 1, ())

    def flat(self, children: list[Token]) -> JsonObject:
        token = children[0]
        start = token.start_pos or 0
        return _object(start, start + len(token.rstrip(_WHITESPACE)), _fields(token))

    def object(self, children: list[Any]) -> JsonObject:
        (opening, *members), closing = children
        return _object(opening.start_pos, closing.start_pos + 1, members)


def _object(start: int, end: int, members: list[JsonMember]) -> JsonObject:
    if len({member.name for member in members}) != len(members):
        _report_duplicates(members)
    return JsonObject(start, end, tuple(members))


def _report_duplicates(members: list[JsonMember]) -> None:
    first: dict[str, JsonMember] = {}
    for member in members:
        earlier = first.setdefault(member.name, member)
        if earlier is not member:
            _duplicates.found.append((earlier, member))


_parser: Lark = load("policy_document", start="value", transformer=_TreeBuilder())


def parse_json(
    text: str | bytes,
    name: str = "<text>",
    *,
    max_bytes: int = json_limits.MAX_POLICY_BYTES,
    max_depth: int = json_limits.MAX_POLICY_DEPTH,
    collect: bool = False,
) -> JsonDocument:
    """Read a JSON text into a tree.

    Args:
        text: the text, or its bytes, which must be UTF-8; a byte-order mark is accepted with a diagnostic.
        name: the file's name, for positions.
        max_bytes: what is longer is refused before it is read.
        max_depth: what nests deeper is refused before it is read.
        collect: report duplicate names as diagnostics (severity error), for lint, instead of raising one.

    Raises:
        PolicySyntaxError: the text is not strict JSON.
    """
    decoded = json_limits.decode(text, name, max_bytes)
    source = Source(name, decoded)
    json_limits.check(source, max_depth)
    return _parse(source, collect=collect)


def parse_nested(node: JsonString, source: Source, *, collect: bool = False) -> JsonDocument:
    """Read the JSON text that a string of another document holds; positions are those of the outer file."""
    nested = Source(source.name, node.value, outer=source, offsets=partial(node.offsets, source))
    json_limits.check_size(nested, json_limits.MAX_POLICY_BYTES)
    json_limits.check(nested, json_limits.MAX_POLICY_DEPTH)
    return _parse(nested, collect=collect)


def _parse(source: Source, *, collect: bool) -> JsonDocument:
    found: list[tuple[JsonMember, JsonMember]] = []
    _duplicates.found = found
    try:
        root = _run(source)
    except _Fault as fault:
        raise PolicySyntaxError(fault.fault.at(Span(source, fault.start, fault.end))) from None
    except UnexpectedInput as error:
        raise PolicySyntaxError(json_faults.explain(source, _offset(error, source))) from None
    duplicates = [_duplicate(source, *pair) for pair in sorted(found, key=lambda pair: pair[1].start)]
    if duplicates and not collect:
        raise PolicySyntaxError(duplicates[0])
    mark = (
        [json_faults.byte_order_mark(source)] if source.text.startswith(json_limits.BYTE_ORDER_MARK) else []
    )
    return JsonDocument(source, root, (*mark, *duplicates))


def _run(source: Source) -> JsonNode:
    text = source.text
    begin = 1 if text.startswith(json_limits.BYTE_ORDER_MARK) else 0
    leading = _LEADING.match(text, begin)
    start = leading.end() if leading else begin
    if start == len(text):
        raise _Fault(0, 0, json_faults.EMPTY)
    root: JsonNode = _parser.parse(TextSlice(text, start, len(text)))  # type: ignore[assignment] # the transformer's root, not a Tree
    return root


def _offset(error: UnexpectedInput, source: Source) -> int:
    """Where the parser gave up; for a text that stops too early, its end."""
    position: int | None = error.pos_in_stream
    ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    return len(source.text) if ended or position is None else position


def _duplicate(source: Source, first: JsonMember, second: JsonMember) -> Diagnostic:
    return Diagnostic(
        "duplicate-key",
        f"the key `{json_faults.printable(second.name)}` stands twice in one object",
        second.name_span(source),
        "keep one of them: most JSON readers silently keep the last",
        Severity.ERROR,
        ((first.name_span(source), "first seen here"),),
    )
