"""The tree of a JSON document: every node knows its offsets, strings know their text, numbers keep theirs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from policy_engine.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.span import Source

_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\.|[^\\]", re.DOTALL
)


class JsonNode:
    """A value in a document, from offset `start` to `end`."""

    __slots__ = ("end", "start")
    kind: ClassVar[str] = "value"

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end

    def span(self, source: Source) -> Span:
        """The node's span in the source that it was read from."""
        return Span(source, self.start, self.end)


class JsonString(JsonNode):
    """A string; `value` is unescaped, the offsets include the quotation marks."""

    __slots__ = ("value",)
    kind = "a string"

    def __init__(self, start: int, end: int, value: str) -> None:
        self.start = start
        self.end = end
        self.value = value

    def offsets(self, source: Source) -> list[int]:
        """The offset in its source of each character of `value`, and of where they end."""
        body_start, body_end = self.start + 1, self.end - 1
        found = [match.start() for match in _CHARACTER.finditer(source.text, body_start, body_end)]
        return [*found, body_end]


class JsonNumber(JsonNode):
    """A number, kept as its text: IAM compares values as text or by its own rules."""

    __slots__ = ("text",)
    kind = "a number"

    def __init__(self, start: int, end: int, text: str) -> None:
        self.start = start
        self.end = end
        self.text = text


class JsonBoolean(JsonNode):
    """`true` or `false`."""

    __slots__ = ("value",)
    kind = "a boolean"

    def __init__(self, start: int, end: int, value: bool) -> None:  # noqa: FBT001 - the value itself
        self.start = start
        self.end = end
        self.value = value


class JsonNull(JsonNode):
    """`null`."""

    __slots__ = ()
    kind = "null"


class JsonOpaque(JsonNode):
    """A value that is not known yet: a place that a deployment will fill in. No JSON text holds one."""

    __slots__ = ("name",)
    kind = "a value that is not known yet"

    def __init__(self, start: int, end: int, name: str) -> None:
        self.start = start
        self.end = end
        self.name = name


class JsonArray(JsonNode):
    """An array."""

    __slots__ = ("items",)
    kind = "an array"

    def __init__(self, start: int, end: int, items: tuple[JsonNode, ...]) -> None:
        self.start = start
        self.end = end
        self.items = items


class JsonMember:
    """A member of an object: its name with the name's offsets, and its value."""

    __slots__ = ("end", "name", "start", "value")

    def __init__(self, start: int, end: int, name: str, value: JsonNode) -> None:
        self.start = start
        self.end = end
        self.name = name
        self.value = value

    def name_span(self, source: Source) -> Span:
        """The span of the member's name, quotation marks included."""
        return Span(source, self.start, self.end)


class JsonObject(JsonNode):
    """An object. Members stay in order; names are unique unless the reader was told to collect."""

    __slots__ = ("members",)
    kind = "an object"

    def __init__(self, start: int, end: int, members: tuple[JsonMember, ...]) -> None:
        self.start = start
        self.end = end
        self.members = members

    def __iter__(self) -> Iterator[JsonMember]:
        return iter(self.members)

    def get(self, name: str) -> JsonNode | None:
        """The value of the first member of this name, or None."""
        return next((member.value for member in self.members if member.name == name), None)
