"""A line of a file with carets under what matters, as compilers show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.explain.shown import Style, plain
from policy_engine.presentation.excerpt import excerpt

if TYPE_CHECKING:
    from policy_engine.explain.shown import Paint
    from policy_engine.span import Span

_FRAME = 4


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
    number = str(span.begin.line)
    gutter = " " * len(number)
    shown = excerpt(span, width - len(number) - _FRAME)
    carets = shown.underline()
    blanks = len(carets) - len(carets.lstrip())
    bar = paint("|", Style.PLACE)
    return [
        f" {gutter} {bar}",
        f" {paint(number, Style.PLACE)} {bar} {shown}",
        f" {gutter} {bar} {' ' * blanks}{paint(f'{carets.lstrip()} {label}'.rstrip(), Style.BAD)}",
    ]
