"""How commands end: one clear line on standard error, and the exit status.

0 done, 1 a check failed or denied, 2 usage (click's own), 3 input or configuration, 5 a fault.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, ParamSpec, TypeVar

import click

from kms_core.errors import AccessDeniedError, HomeError, KmsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

P = ParamSpec("P")
R = TypeVar("R")

DENIED = 1
FAULT = 5


def debug_option(command: Callable[P, R]) -> Callable[P, R]:
    """The option ``--debug``."""
    return click.option("--debug", is_flag=True, help="Show the traceback of an error.")(command)


@contextmanager
def reporting(*, debug: bool) -> Iterator[None]:
    """Turn an error of a command into a line and a status; with `debug` it is shown whole."""
    try:
        yield
    except Exception as error:
        if debug or isinstance(error, click.ClickException):
            raise
        _end(error)


def _end(error: Exception) -> NoReturn:
    if isinstance(error, HomeError):
        _say(error.message, error.help)
        raise SystemExit(error.exit_code) from None
    if isinstance(error, KmsError):
        _say(str(error), None)
        raise SystemExit(DENIED if isinstance(error, AccessDeniedError) else FAULT) from None
    _say(f"an internal fault ({type(error).__name__})", "run it again with --debug, and report what it shows")
    raise SystemExit(FAULT) from None


def _say(message: str, help_text: str | None) -> None:
    click.echo(f"kmsgate: {' '.join(message.split())}", err=True)
    if help_text:
        click.echo(f"  help: {' '.join(help_text.split())}", err=True)
