"""A line of a file with the marked stretch underlined, in the frame that the report for people has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.presentation.excerpt import excerpt

if TYPE_CHECKING:
    from policy_engine.lint.outputs.look import Look
    from policy_engine.span import Span

_FRAME = 4


def snippet(span: Span, look: Look, *, gutter: int, mark: str = "^", words: str = "") -> list[str]:
    """The lines that show a span: an empty one, the line itself, and what is marked in it.

    Args:
        span: what to show; a file that has no text has no lines.
        look: colours and width.
        gutter: columns of the line numbers.
        mark: the character that underlines.
        words: said after the mark.
    """
    line = span.begin.line
    if not span.source.line(line):
        return []
    shown = excerpt(span, look.width - gutter - _FRAME)
    empty = " " * gutter
    return [
        look.frame(f"{empty} |"),
        f"{look.frame(f'{str(line).rjust(gutter)} |')} {shown}",
        f"{look.frame(f'{empty} |')} {look.strong(shown.underline(mark))} {words}".rstrip(),
    ]
