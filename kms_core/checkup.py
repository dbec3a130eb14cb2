"""Is a home well? What `kmsgate doctor` shows: one row for each thing that must hold.

The token's own rows come from `hsm.doctor`. What the operator can mend is raised, as when opening.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from kms_core.audit.verification import verify_log
from kms_core.errors import HomeError, KmsError
from kms_core.hsm import ProbeRow, open_token, probe
from kms_core.opening import require_pair
from kms_core.store.database import Database
from kms_core.store.versions import bring_up_to_date, missing_tables, revision

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
        with suppress(KmsError):  # a damaged database has a row that says so
            bring_up_to_date(database)
        rows = (*probe(home.path, pin, module=module), *_database_rows(home, database))
        if all(row.ok for row in rows):
            reopen = partial(open_token, home.path, pin, module=module)
            rows = (*rows, _asked("check value", lambda: _pair(reopen, database, sources)))
        return rows


def _database_rows(home: Home, database: Database) -> Iterator[ProbeRow]:
    yield _asked("database", lambda: _soundness(home, database))
    yield _asked("audit log", lambda: _chains(database))


def _asked(name: str, question: Callable[[], tuple[bool, str]]) -> ProbeRow:
    try:
        well, detail = question()
    except (HomeError, KmsError) as error:
        return ProbeRow(name, ok=False, detail=error.message)
    return ProbeRow(name, well, detail)


def _soundness(home: Home, database: Database) -> tuple[bool, str]:
    with database.read() as connection:
        problems = connection.exec_driver_sql("PRAGMA quick_check(1)").scalars().all()
    found = f"{home.database.name}, schema version {revision(database)}"
    if problems != ["ok"]:
        return False, f"{found}, damaged: {' '.join(problems[0].split())}"
    missing = missing_tables(database)
    return not missing, f"{found}, without {', '.join(missing)}" if missing else found


def _chains(database: Database) -> tuple[bool, str]:
    report = verify_log(database)
    found = f"{report.records} records of {report.writers} writers, {report.checkpoints} checkpoints"
    if not report.faults:
        return True, found
    return False, f"{found}, {len(report.faults)} faults; the first: {report.faults[0]}"


def _pair(open_hsm: Callable[[], Hsm], database: Database, sources: Sources) -> tuple[bool, str]:
    hsm = open_hsm()
    try:
        value = require_pair(hsm, database, sources)
    finally:
        hsm.close()
    return True, f"{value[:_SHOWN]}..., as the database has it"
