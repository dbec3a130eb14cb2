"""A line of a file with the marked stretch underlined, cut to a width; nothing reaches the terminal raw.

A stretch over several lines is marked on its first. Widths are those of a terminal: East Asian wide
characters take two columns, an escaped character takes what its escape takes.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.lint.outputs.look import Look
    from policy_engine.span import Span

_CUT = "…"
_BEFORE = 20
_LEAST = 20


def snippet(span: Span, look: Look, *, gutter: int, mark: str = "^", words: str = "") -> list[str]:
    """The lines that show a span: an empty one, the line itself, and what is marked in it.

    Args:
        span: what to show; a file that has no text has no lines.
        look: colours and width.
        gutter: columns of the line numbers.
        mark: the character that underlines.
        words: said after the mark.
    """
    begin, finish = span.begin, span.finish
    line = span.source.line(begin.line)
    if not line:
        return []
    last = finish.column - 1 if finish.line == begin.line else len(line.rstrip())
    before, marked, after = (
        _shown(part) for part in (line[: begin.column - 1], line[begin.column - 1 : last], line[last:])
    )
    before, marked, after = _cut(before, marked, after, max(look.width - gutter - 4, _LEAST))
    underline = " " * _columns(before) + mark * max(_columns(marked), 1)
    number = str(begin.line).rjust(gutter)
    return [
        look.frame(" " * gutter + " |"),
        f"{look.frame(f'{number} |')} {before}{marked}{after}".rstrip(),
        f"{look.frame(' ' * gutter + ' |')} {look.strong(underline)} {words}".rstrip(),
    ]


def _shown(text: str) -> str:
    return printable(text.replace("\t", "    "), len(text) * 4)


def _cut(before: str, marked: str, after: str, width: int) -> tuple[str, str, str]:
    """The three parts of a line, shortened so that the marked one stays in sight."""
    if _columns(before + marked + after) <= width:
        return before, marked, after
    room = max(width - _columns(marked), 0)
    if _columns(before) > min(room, width // 2):
        kept = min(_BEFORE, max(room - 1, 0))
        before = _CUT + before[len(before) - kept :]
    left = width - _columns(before)
    if _columns(marked) > left:
        return before, marked[: left - 1] + _CUT, ""
    rest = left - _columns(marked)
    if _columns(after) > rest:
        after = after[: rest - 1] + _CUT if rest > 0 else ""
    return before, marked, after


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
