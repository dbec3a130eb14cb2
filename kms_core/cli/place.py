"""Which home and which PIN a command works with: options, environment, defaults.

INVARIANT: a PIN is never on the command line, where every user of the machine could read it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from kms_core.errors import ConfigurationError
from kms_core.home import Home, default_home

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

PIN_VARIABLE = "KMSGATE_PIN"
_LONGEST = 4096
_PATH = click.Path(path_type=Path, readable=False)
"""Any path. That one cannot be read is a wrong configuration, which is told apart from wrong usage."""


def home_option(command: Callable[P, R]) -> Callable[P, R]:
    """The option ``--home``."""
    return click.option(
        "--home",
        "home",
        type=_PATH,
        metavar="DIR",
        help="The home. Default: $KMSGATE_HOME, else kmsgate in your data folder.",
    )(command)


def pin_option(command: Callable[P, R]) -> Callable[P, R]:
    """The option ``--pin-file``."""
    return click.option(
        "--pin-file",
        type=_PATH,
        metavar="FILE",
        help=f"Where the token's PIN is. Default: ${PIN_VARIABLE}, else the file pin in the home.",
    )(command)


def chosen_home(home: Path | None) -> Home:
    """The home that a command works with."""
    return Home(home or default_home(os.environ))


def given_pin(pin_file: Path | None) -> str | None:
    """The PIN that the user gave, by file or environment; None where none was given.

    Raises:
        ConfigurationError: the file cannot be read, or what was given is no PIN.
    """
    if pin_file is not None:
        return _read(pin_file)
    try:
        return os.environb.get(PIN_VARIABLE.encode(), b"").decode() or None
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"the PIN in {PIN_VARIABLE} is not UTF-8", help="set another, or use --pin-file"
        ) from None


def known_pin(home: Home, pin_file: Path | None) -> str:
    """The PIN of a home's token: given, or kept in the home.

    Raises:
        ConfigurationError: there is none, or the file cannot be read.
    """
    given = given_pin(pin_file)
    if given is not None:
        return given
    home.require()
    if not home.pin.exists():
        raise ConfigurationError("no PIN was given", help=f"give it in {PIN_VARIABLE} or with --pin-file")
    return _read(home.pin)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            pin = file.readline(_LONGEST).decode().rstrip("\r\n")
    except OSError as error:
        raise ConfigurationError(
            f"the PIN file `{path}` cannot be read ({(error.strerror or 'unknown error').lower()})",
            help="give another with --pin-file",
        ) from error
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"the PIN file `{path}` is not text", help="give another with --pin-file"
        ) from None
    if not pin:
        raise ConfigurationError(f"the PIN file `{path}` is empty", help="write the PIN into its first line")
    return pin
