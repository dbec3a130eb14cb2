"""`kmsgate audit`: the decision log, checked and shown."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from kms_core.audit_check import verify_home
from kms_core.cli.place import chosen_home, home_option, known_pin, pin_option
from kms_core.cli.reporting import DENIED, debug_option, reporting
from kms_core.model.sources import Sources
from kms_core.store.audit_rows import all_rows
from kms_core.store.database import Database
from kms_core.store.versions import bring_up_to_date
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kms_core.audit.verification import LogReport
    from kms_core.home import Home

_LONGEST = 10_000
_KEPT = re.compile(r"(?P<number>[1-9]\d*):(?P<mac>[0-9a-f]{64})", re.ASCII)


@click.group("audit")
def audit() -> None:
    """The decision log: one record for each call."""


@audit.command(
    "verify",
    epilog="""\b
Examples:
  kmsgate audit verify
  kmsgate audit verify --home ./kms --checkpoint 12:5f0c...

\b
Exit status: 0 the log is whole as far as can be seen, 1 it is not, 3 the configuration is wrong.
""",
)
@home_option
@pin_option
@click.option(
    "--checkpoint",
    metavar="NUMBER:MAC",
    help="A checkpoint that an earlier check printed and that must still be there.",
)
@debug_option
def verify(home: Path | None, pin_file: Path | None, checkpoint: str | None, *, debug: bool) -> None:
    """Check that no record was changed, dropped, moved, repeated or put in."""
    with reporting(debug=debug):
        kept = _kept(checkpoint)
        place = chosen_home(home)
        report = verify_home(place, known_pin(place, pin_file), Sources(), kept=kept)
    for line in _said(report):
        click.echo(line)
    if report.faults:
        raise SystemExit(DENIED)


@audit.command(
    "show",
    epilog="""\b
Examples:
  kmsgate audit show
  kmsgate audit show --format jsonl > decisions.jsonl
""",
)
@home_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    help="A line for each decision, or each record whole, as JSON Lines.",
)
@debug_option
def show(home: Path | None, form: str, *, debug: bool) -> None:
    """Show the records, writer by writer. In JSON Lines each decision has its whole request, for replay."""
    with reporting(debug=debug):
        for line in _records(chosen_home(home), whole=form == "jsonl"):
            click.echo(line)


def _kept(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    match = _KEPT.fullmatch(text)
    if match is None:
        raise click.BadParameter("write NUMBER:MAC, as `kmsgate audit verify` prints it")
    return int(match["number"]), match["mac"]


def _said(report: LogReport) -> Iterator[str]:
    found = f"{report.records} records of {report.writers} writers, {report.checkpoints} checkpoints"
    if report.faults:
        yield f"the audit log is NOT what was written: {len(report.faults)} faults in {found}"
        yield from (f"FAULT  {printable(fault, _LONGEST)}" for fault in report.faults)
    else:
        yield f"the audit log is whole as far as can be seen: {found}"
    if report.last is None:
        yield "not seen: whether records or whole writers were cut off; no checkpoint binds any yet"
        return
    yield f"last checkpoint: {report.last.number}:{report.last_mac}  of {_time(report.last.time)}"
    yield f"not seen: whether records after it were cut off; {report.unbound} of them are there"
    yield "not seen: whether later checkpoints were cut off too; keep this one where nobody who can write the"
    yield "          database can reach it, and give it to the next check with --checkpoint"


def _records(home: Home, *, whole: bool) -> Iterator[str]:
    home.require()
    with Database.open(home.database) as database:
        bring_up_to_date(database)
        with database.read() as connection:
            for row in all_rows(connection):
                if whole:
                    yield json.dumps({**json.loads(row.record), "hash": row.hash.hex()}, sort_keys=True)
                else:
                    yield from _lines(json.loads(row.record))


def _lines(record: dict[str, Any]) -> Iterator[str]:
    who = f"{_time(record['time'])}  {record['principal']}"
    ended = record["error_code"] or record["reason"] or "done"
    if not record["decisions"]:
        yield printable(f"{who}  {record['action']}  {record['kind']}: {ended}", _LONGEST)
    for each in record["decisions"]:
        rests_on = ", ".join(each["determining"]) or "nothing allows it"
        what = f"{each['action']}  {each['resource']}  {each['outcome']} ({rests_on})"
        yield printable(f"{who}  {what}: {ended}", _LONGEST)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
