from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from kms_core.audit.log import AuditLog
from kms_core.audit.record import AuditEntry, RecordKind
from kms_core.audit.verification import verify_log
from kms_core.errors import KMSInternalError
from kms_core.model.sources import Sources
from kms_core.store.audit_rows import all_rows
from kms_core.store.database import Database
from kms_core.store.versions import bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ENTRY = AuditEntry(RecordKind.DECISION, "call-1", "arn:aws:iam::111122223333:role/app", "kms:Decrypt")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.create(tmp_path / "kmsgate.db") as database:
        bring_up_to_date(database)
        yield database


def _change(database: Database, statement: str) -> None:
    with database.write() as connection:
        assert connection.exec_driver_sql(statement).rowcount == 1


def test_what_was_appended_is_there_and_verifies(database: Database) -> None:
    log = AuditLog(database, Sources(now=lambda: 12.5))
    for _ in range(3):
        log.append(ENTRY)

    with database.read() as connection:
        records = [json.loads(row.record) for row in all_rows(connection)]
    assert [record["sequence"] for record in records] == [1, 2, 3]
    assert {record["time"] for record in records} == {12.5}
    report = verify_log(database)
    assert (report.writers, report.records, report.faults) == (1, 3, ())


def test_writers_have_chains_of_their_own(database: Database) -> None:
    logs = [AuditLog(database, Sources()) for _ in range(2)]
    for log in logs * 3:
        log.append(ENTRY)
    report = verify_log(database)
    assert (report.writers, report.records, report.faults) == (2, 6, ())


def test_threads_share_a_writer(database: Database) -> None:
    log = AuditLog(database, Sources())
    threads = [threading.Thread(target=lambda: [log.append(ENTRY) for _ in range(5)]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = verify_log(database)
    assert (report.records, report.faults) == (30, ())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET record = replace(record, 'role/app', 'role/eve') WHERE sequence = 2",
        "UPDATE audit SET hash = zeroblob(32) WHERE sequence = 2",
        "DELETE FROM audit WHERE sequence = 2",
        "UPDATE audit SET sequence = 9 WHERE sequence = 2",
    ],
)
def test_a_change_in_the_database_shows(database: Database, statement: str) -> None:
    log = AuditLog(database, Sources())
    for _ in range(4):
        log.append(ENTRY)
    _change(database, statement)
    assert verify_log(database).faults


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM audit WHERE sequence = 2", "UPDATE audit SET record = record || ' ' WHERE sequence = 2"],
)
def test_a_writer_whose_newest_record_was_changed_writes_no_more(
    database: Database, statement: str, caplog: pytest.LogCaptureFixture
) -> None:
    log = AuditLog(database, Sources())
    log.append(ENTRY)
    log.append(ENTRY)
    _change(database, statement)

    for _ in range(2):
        with pytest.raises(KMSInternalError):
            log.append(ENTRY)
    assert "behind its back" in caplog.text


def test_a_record_that_cannot_be_written_is_an_error_and_the_next_one_goes_on(database: Database) -> None:
    log = AuditLog(database, Sources())
    log.append(ENTRY)
    with database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(KMSInternalError):
        log.append(ENTRY)
    with database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")

    log.append(ENTRY)
    report = verify_log(database)
    assert (report.records, report.faults) == (2, ())


def test_a_change_is_kept_with_its_record_or_not_at_all(database: Database) -> None:
    log = AuditLog(database, Sources())

    def change(name: str, entry: Callable[[], AuditEntry]) -> None:
        with log.beside(entry) as connection:
            connection.exec_driver_sql("INSERT INTO settings VALUES (?, '')", (name,))

    def fail() -> AuditEntry:
        raise ZeroDivisionError

    change("kept", lambda: ENTRY)
    with pytest.raises(ZeroDivisionError):
        change("lost", fail)
    with database.read() as connection:
        names = connection.exec_driver_sql("SELECT name FROM settings").scalars().all()
    assert names == ["kept"]
    log.append(ENTRY)
    report = verify_log(database)
    assert (report.records, report.faults) == (2, ())
