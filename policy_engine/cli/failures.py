"""FAULTS → ONE CLEAR MESSAGE and an exit code. "Denied" and "broken" never share a code.

0  allowed, as expected, or all passed       3  input unreadable or invalid, no such key or principal
1  denied, not as expected, or one failed    4  undetermined: a deciding value was not given
2  usage error                               5  an internal failure
"""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import TYPE_CHECKING

import click

from policy_engine.cli.terminal import columns, paint_for, write_error
from policy_engine.errors import BundleError, PolicySchemaError, PolicySyntaxError, RequestError, Severity
from policy_engine.explain.shown import Style, shown
from policy_engine.explain.snippet import snippet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_engine.errors import Diagnostic
    from policy_engine.explain.shown import Paint

_MOST_ERRORS = 20
_INTERRUPTED = 130  # as shells report SIGINT
_MESSAGE_LIMIT = 2000


class ExitCode(IntEnum):
    """How a command ends."""

    OK = 0
    NO = 1
    USAGE = 2
    INPUT = 3
    UNDETERMINED = 4
    INTERNAL = 5


class InputError(Exception):
    """What a user gave cannot be used: no such key, nothing to decide from.

    Args:
        message: lower-case, one line.
        help: how to mend it.
    """

    def __init__(self, message: str, help: str | None = None) -> None:  # noqa: A002 - the field's name
        super().__init__(message)
        self.help = help


def run(command: click.Command, name: str, arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code; every fault becomes a message on standard error.

    Args:
        command: the command.
        name: its name in messages and for completion.
        arguments: what follows the name; by default those of the process.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        result = command.main(list(arguments), prog_name=name, standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except click.Abort:
        write_error("interrupted")
        return _INTERRUPTED
    except (BundleError, PolicySyntaxError, PolicySchemaError, RequestError, InputError) as error:
        for line in input_lines(error):
            write_error(line)
        return ExitCode.INPUT
    except Exception as error:  # noqa: BLE001 - whatever fails inside has one message and a code of its own
        return _internal(error, name, debug="--debug" in arguments)
    return result if isinstance(result, int) else ExitCode.OK


def _internal(error: Exception, name: str, *, debug: bool) -> int:
    if debug:
        import traceback  # noqa: PLC0415 - only where somebody asks for it

        traceback.print_exception(error)
    else:
        write_error(f"{name}: internal error: {type(error).__name__}")
        write_error("  = help: run it again with --debug, and report what it prints")
    return ExitCode.INTERNAL


def input_lines(error: Exception) -> list[str]:
    """The lines of a fault of the input."""
    paint = paint_for(sys.stderr)
    if isinstance(error, BundleError):
        return _bundle_lines(error, paint)
    if isinstance(error, (PolicySyntaxError, PolicySchemaError)):
        return diagnostic_lines(error.diagnostic, paint)
    remedy = error.help if isinstance(error, (RequestError, InputError)) else None
    return [_headline("error", str(error), paint), *_help_lines(remedy)]


def _bundle_lines(error: BundleError, paint: Paint) -> list[str]:
    errors = [d for d in error.diagnostics if d.severity is Severity.ERROR]
    lines = [line for d in errors[:_MOST_ERRORS] for line in diagnostic_lines(d, paint)]
    more = len(errors) - _MOST_ERRORS
    if not errors:
        lines = [_headline("error", str(error), paint)]
    return [*lines, f"and {more} more errors"] if more > 0 else lines


def diagnostic_lines(diagnostic: Diagnostic, paint: Paint) -> list[str]:
    """A diagnostic as compilers show it: headline, place, snippet, help."""
    word = "error" if diagnostic.severity is Severity.ERROR else str(diagnostic.severity)
    lines = [_headline(word, diagnostic.message, paint)]
    span = diagnostic.span
    if span is not None:
        text = bool(span.source.text)
        lines.append(f"  {paint('-->', Style.PLACE)} {shown(str(span) if text else span.file)}")
        lines += snippet(span, width=columns(), paint=paint) if text else []
    lines += [f"   = note: {shown(str(place))}: {shown(text)}" for place, text in diagnostic.related]
    return [*lines, *_help_lines(diagnostic.help)]


def _headline(word: str, message: str, paint: Paint) -> str:
    style = Style.BAD if word == "error" else Style.STRONG
    return f"{paint(word, style)}: {shown(message, _MESSAGE_LIMIT)}"


def _help_lines(remedy: str | None) -> list[str]:
    return [f"   = help: {shown(remedy, _MESSAGE_LIMIT)}"] if remedy else []
