"""A line of a file with carets under what matters, as compilers show it.

Nothing of the line reaches the reader raw. A long line, such as a whole policy in a JSON string, is cut to
the neighbourhood of the carets.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from policy_engine.explain.shown import Style, plain
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.explain.shown import Paint
    from policy_engine.span import Span

_CUT = "…"
_LEAST = 20
_BEFORE = 0.6


def snippet(
    span: Span,
    label: str = "",
    *,
    width: int = 100,
    paint: Paint = plain,
) -> list[str]:
    """The lines of a snippet.

    Args:
        span: what to underline; of a span over several lines the first is shown.
        label: what to say beside the carets.
        width: how many columns there are.
        paint: gives pieces their colour.
    """
    begin, finish = span.begin, span.finish
    line = span.source.line(begin.line)
    end = finish.column - 1 if finish.line == begin.line else len(line)
    start = begin.column - 1
    number = str(begin.line)
    gutter = " " * len(number)
    before, marked, after = _window(line, start, max(end, start), width - len(number) - 4)
    carets = "^" * max(1, _cells(marked))
    bar = paint("|", Style.PLACE)
    return [
        f" {gutter} {bar}",
        f" {paint(number, Style.PLACE)} {bar} {before}{marked}{after}".rstrip(),
        f" {gutter} {bar} {' ' * _cells(before)}{paint(f'{carets} {label}'.rstrip(), Style.BAD)}",
    ]


def _window(line: str, start: int, end: int, room: int) -> tuple[str, str, str]:
    """What stands before, under and after the carets, escaped and cut to about `room` columns."""
    room = max(room, _LEAST)
    before, marked, after = (_escaped(part) for part in (line[:start], line[start:end], line[end:]))
    if _cells(before + marked + after) <= room:
        return before, marked, after
    marked = _head(marked, room - 2)  # what is cut off on either side still shows as an ellipsis
    left = room - _cells(marked)
    before = _tail(before, max(int(left * _BEFORE), left - _cells(after)))
    return before, marked, _head(after, max(0, left - _cells(before)))


def _escaped(text: str) -> str:
    return printable(text.replace("\t", "    "), len(text) * 4 or 1)


def _head(text: str, room: int) -> str:
    return text if _cells(text) <= room else text[: max(0, room - 1)] + _CUT


def _tail(text: str, room: int) -> str:
    return text if _cells(text) <= room else _CUT + text[len(text) - max(0, room - 1) :]


def _cells(text: str) -> int:
    """How many columns a text takes in a terminal."""
    return sum(_cell(character) for character in text)


def _cell(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
