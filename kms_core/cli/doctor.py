"""`kmsgate doctor`: a table of what must hold, and whether it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kms_core.checkup import examine
from kms_core.cli.place import chosen_home, home_option, known_pin, pin_option
from kms_core.cli.reporting import FAULT, debug_option, reporting
from kms_core.model.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kms_core.hsm import ProbeRow


@click.command(
    "doctor",
    epilog="""\b
Examples:
  kmsgate doctor
  kmsgate doctor --home ./kms --pin-file /run/secrets/pin

\b
Exit status: 0 all is well, 3 the configuration is wrong, 5 something is not as it must be.
""",
)
@home_option
@pin_option
@debug_option
def doctor(home: Path | None, pin_file: Path | None, *, debug: bool) -> None:
    """Look at a home: module, locking, token, mechanisms, keys, database, audit log."""
    with reporting(debug=debug):
        place = chosen_home(home)
        rows = examine(place, known_pin(place, pin_file), Sources())
    faults = sum(not row.ok for row in rows)
    click.echo(f"{f'{faults} of {len(rows)} checks failed' if faults else 'all is well'}: {place.path}")
    click.echo(_table(rows))
    if faults:
        raise SystemExit(FAULT)


def _table(rows: Sequence[ProbeRow]) -> str:
    width = max(len(row.name) for row in rows)
    return "\n".join(f"{'ok   ' if row.ok else 'FAULT'}  {row.name:{width}}  {row.detail}" for row in rows)
