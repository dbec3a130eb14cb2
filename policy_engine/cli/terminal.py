"""What the commands know about the terminal: colour, width, and how text gets there.

Colour is for people: a stream that is no terminal has none, unless FORCE_COLOR asks for it. NO_COLOR wins
over everything (https://no-color.org). COLUMNS sets the width.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, TextIO

import click

from policy_engine.explain.shown import Style, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.explain.shown import Paint

_BROKEN_PIPE = 141  # as shells report SIGPIPE
_WIDTH = 100
_LEAST_WIDTH = 40
_RESET = "\x1b[0m"
_CODES = {
    Style.GOOD: "\x1b[32m",
    Style.BAD: "\x1b[31m",
    Style.STRONG: "\x1b[1m",
    Style.FAINT: "\x1b[2m",
    Style.PLACE: "\x1b[36m",
}


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether text for a stream is coloured."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def _coloured(text: str, style: Style) -> str:
    return f"{_CODES[style]}{text}{_RESET}" if text else text


def paint_for(stream: TextIO) -> Paint:
    """How text for a stream gets its colour."""
    return _coloured if wants_colour(stream, os.environ) else plain


def stdout_paint() -> Paint:
    """How text for standard output gets its colour."""
    return paint_for(sys.stdout)


def columns() -> int:
    """How many columns text may have."""
    return max(shutil.get_terminal_size((_WIDTH, 0)).columns, _LEAST_WIDTH)


def write(text: str) -> None:
    """Write a text and a newline to standard output; characters that it cannot show are escaped."""
    _write(sys.stdout, text)


def write_error(text: str) -> None:
    """The same to standard error."""
    _write(sys.stderr, text)


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        stream.flush()
    except BrokenPipeError:
        # nobody reads any more: no answer was given, so the code is neither that of a yes nor of a no
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise click.exceptions.Exit(_BROKEN_PIPE) from None
