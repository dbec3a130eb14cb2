"""WHERE in a text something stands: sources, positions and spans.

A leaf: it knows no JSON and no policy. Offsets are Unicode code points into `Source.text`; positions are
what people read (1-based line and column, end exclusive), worked out only when somebody asks.
"""

from __future__ import annotations

import re
import zlib
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NEWLINE = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file as an editor shows it: `line` and `column`, both from 1, in code points."""

    line: int
    column: int


def packed_text(text: str) -> bytes:
    """A text as a source can keep it: a quarter of its size for a policy."""
    return zlib.compress(text.encode(), 1)


class Source:
    """A text with a name, and, for a policy that is a JSON string in another file, its place there.

    Args:
        name: the file's name as the user gave it, or a label such as ``<key policy>``.
        text: the whole text, or its `packed_text`: then it is unpacked whenever somebody looks at it.
        outer: for a nested text, the source that holds it.
        offsets: for a nested text, gives the offset in `outer` of each of its characters and of its end;
            called when somebody asks for a place.
    """

    __slots__ = ("_offsets", "_starts", "_text", "name", "outer")

    def __init__(
        self,
        name: str,
        text: str | bytes,
        *,
        outer: Source | None = None,
        offsets: Callable[[], Sequence[int]] = tuple,
    ) -> None:
        self.name = name
        self._text = text
        self.outer = outer
        self._offsets = offsets
        self._starts: Sequence[int] | None = None

    def __repr__(self) -> str:
        return f"Source({self.name!r}, {len(self.text)} characters)"

    @property
    def text(self) -> str:
        """The whole text."""
        return self._text if isinstance(self._text, str) else zlib.decompress(self._text).decode()

    @property
    def _line_starts(self) -> Sequence[int]:
        if self._starts is None:
            self._starts = array("Q", [0, *(match.end() for match in _NEWLINE.finditer(self.text))])
        return self._starts

    @property
    def _outer_offsets(self) -> Sequence[int]:
        if self._starts is None:
            self._starts = array("Q", self._offsets())
        return self._starts

    def position(self, offset: int) -> Position:
        """The line and column of an offset, in the outermost file."""
        if self.outer is not None:
            return self.outer.position(self._outer_offsets[offset])
        if offset == 0:  # a text that is too large is refused here, and is not searched for lines
            return Position(1, 1)
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of a line of the outermost file, without its line ending."""
        if self.outer is not None:
            return self.outer.line(number)
        starts = self._line_starts
        end = starts[number] if number < len(starts) else None
        return self.text[starts[number - 1] : end].rstrip("\r\n")


class Span:
    """A stretch of a source, `start` to `end` (exclusive), as offsets."""

    __slots__ = ("end", "source", "start")

    def __init__(self, source: Source, start: int, end: int) -> None:
        self.source = source
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"Span({self})"

    def __str__(self) -> str:
        begin = self.begin
        return f"{self.file}:{begin.line}:{begin.column}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Span):
            return NotImplemented
        return (self.source, self.start, self.end) == (other.source, other.start, other.end)

    def __hash__(self) -> int:
        return hash((id(self.source), self.start, self.end))

    @property
    def file(self) -> str:
        """The name of the outermost file."""
        source = self.source
        while source.outer is not None:
            source = source.outer
        return source.name

    @property
    def begin(self) -> Position:
        """Where the span begins."""
        return self.source.position(self.start)

    @property
    def finish(self) -> Position:
        """Where the span ends, exclusive."""
        return self.source.position(self.end)
