"""Reads a pattern where policy variables may stand, and says what is wrong with one that is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.syntax.json_faults import printable
from policy_engine.syntax.pattern import BadVariable, parse_pattern

if TYPE_CHECKING:
    from policy_engine.reading.reader import Reader
    from policy_engine.span import Span
    from policy_engine.syntax.pattern import Pattern


def read_pattern(reader: Reader, text: str, span: Span, *, variables: bool) -> Pattern | None:
    """The pattern of a text; None, reported, for a broken variable."""
    try:
        return parse_pattern(text, variables=variables)
    except BadVariable as fault:
        reader.error(
            "bad-variable",
            f"`{printable(text[fault.offset :])}` begins no policy variable",
            span,
            "write ${key} or ${key, 'default'}; ${$} stands for a dollar sign",
        )
        return None
