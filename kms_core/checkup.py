"""Is a home well? What `kmsgate doctor` shows: one row for each thing that must hold.

The token's own rows come from `hsm.doctor`. What the operator can mend is raised, as when opening.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.audit.log import verify_log
from kms_core.errors import HomeError, KmsError
from kms_core.hsm import ProbeRow, open_token, probe
from kms_core.opening import require_pair
from kms_core.store.database import Database
from kms_core.store.versions import bring_up_to_date, revision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kms_core.home import Home
    from kms_core.hsm import Hsm
    from kms_core.model.sources import Sources

_SHOWN = 16


def examine(home: Home, pin: str, sources: Sources, *, module: Path | None = None) -> tuple[ProbeRow, ...]:
    """Look at a home: module, token and its keys, database, audit log.

    Raises:
        ConfigurationError: there is no home or no module, the PIN is wrong, a folder cannot be written, or
            the database is of a version that is not known here.
    """
    home.require()
    with Database.open(home.database) as database:
        bring_up_to_date(database)
        rows = (*probe(home.path, pin, module=module), *_database_rows(home, database))
        if all(row.ok for row in rows):
            rows = (*rows, _pair_row(lambda: open_token(home.path, pin, module=module), database, sources))
        return rows


def _database_rows(home: Home, database: Database) -> Iterator[ProbeRow]:
    with database.read() as connection:
        problems = connection.exec_driver_sql("PRAGMA quick_check(1)").scalars().all()
    sound = problems == ["ok"]
    found = f"{home.database.name}, schema version {revision(database)}"
    yield ProbeRow("database", ok=sound, detail=found if sound else f"{found}, damaged: {problems[0]}")
    report = verify_log(database)
    detail = f"{report.records} records of {report.writers} writers"
    if report.faults:
        first = report.faults[0]
        where = f"record {first.sequence} of {first.writer}"
        detail += f", {len(report.faults)} faults; the first: {where} {first.problem}"
    yield ProbeRow("audit log", ok=not report.faults, detail=detail)


def _pair_row(open_hsm: Callable[[], Hsm], database: Database, sources: Sources) -> ProbeRow:
    try:
        hsm = open_hsm()
        try:
            value = require_pair(hsm, database, sources)
        finally:
            hsm.close()
    except (HomeError, KmsError) as error:
        return ProbeRow("check value", ok=False, detail=error.message)
    return ProbeRow("check value", ok=True, detail=f"{value[:_SHOWN]}..., as the database has it")
