"""SPAN → the line that it stands on, in three parts: before, under and after the mark, fit for a terminal.

Nothing of the line reaches the reader raw. A long line, such as a whole policy in a JSON string, is cut to
the neighbourhood of the mark. Widths are those of a terminal: East Asian wide characters take two columns,
combining ones none, an escaped character takes what its escape takes. Frames and colours are each output's.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.span import Span

_CUT = "…"
_LEAST = 20
_BEFORE = 0.6
_LONGEST_ESCAPE = 10  # \U0010FFFF


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line with a marked part, escaped and cut."""

    before: str
    marked: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}{self.marked}{self.after}".rstrip()

    def underline(self, mark: str = "^") -> str:
        """What stands under the line: marks under the marked part, one at least."""
        return " " * columns(self.before) + mark * max(1, columns(self.marked))


def excerpt(span: Span, room: int) -> Excerpt:
    """What to show of a span in about `room` columns; of a span over several lines the first."""
    begin, finish = span.begin, span.finish
    line = span.source.line(begin.line)
    start = begin.column - 1
    end = finish.column - 1 if finish.line == begin.line else len(line.rstrip())
    end = max(start, end)
    parts = escaped(line[:start]), escaped(line[start:end]), escaped(line[end:])
    return _window(*parts, max(room, _LEAST))


def escaped(text: str) -> str:
    """All of a text with invisible characters spelt out, a tab as four blanks."""
    return printable(text.replace("\t", "    "), len(text) * _LONGEST_ESCAPE or 1)


def columns(text: str) -> int:
    """How many columns a text takes in a terminal."""
    return sum(_column(character) for character in text)


def _column(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _window(before: str, marked: str, after: str, room: int) -> Excerpt:
    if columns(before + marked + after) <= room:
        return Excerpt(before, marked, after)
    if columns(marked) > room - 2:  # what is cut off on either side still shows as an ellipsis
        marked, after = _head(marked, room - 2), ""
    left = room - columns(marked)
    before = _tail(before, max(int(left * _BEFORE), left - columns(after)))
    return Excerpt(before, marked, _head(after, max(0, left - columns(before))))


def _head(text: str, room: int) -> str:
    return text if columns(text) <= room else text[: max(0, room - 1)] + _CUT


def _tail(text: str, room: int) -> str:
    return text if columns(text) <= room else _CUT + text[len(text) - max(0, room - 1) :]
