"""`kmsgate init`: an embedded token and a database, ready to use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kms_core.cli.place import chosen_home, given_pin, home_option, pin_option
from kms_core.cli.reporting import debug_option, reporting
from kms_core.home import create_home
from kms_core.model.sources import Sources

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "init",
    epilog="""\b
Examples:
  kmsgate init
  kmsgate init --home ./kms
  KMSGATE_PIN=... kmsgate init --home /var/lib/kmsgate
""",
)
@home_option
@pin_option
@debug_option
def init(home: Path | None, pin_file: Path | None, *, debug: bool) -> None:
    """Make a home: an embedded token with its keys, and a database.

    Without a PIN in --pin-file or KMSGATE_PIN one is made up and kept in the home.
    """
    with reporting(debug=debug):
        pin = given_pin(pin_file)
        made = create_home(chosen_home(home).path, pin, Sources())
    click.echo(f"made a home at {made.path}, with a token and a database")
    if pin is None:
        click.echo(
            f"the token's PIN was made up and is in {made.pin}; move it away to protect the token by it"
        )
