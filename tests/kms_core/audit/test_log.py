from __future__ import annotations

import json
import os
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import pytest
from sqlalchemy import bindparam, insert

from kms_core.audit.log import AuditLog
from kms_core.audit.record import AuditEntry, RecordedDecision, RecordKind
from kms_core.audit.verification import verify_log
from kms_core.errors import KMSInternalError, LimitExceededError
from kms_core.model.sources import Sources
from kms_core.store.audit_rows import all_rows
from kms_core.store.database import Database
from kms_core.store.prepared import Prepared
from kms_core.store.schema import SETTINGS
from kms_core.store.versions import bring_up_to_date

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.kms_core.conftest import Forked

ENTRY = AuditEntry(RecordKind.DECISION, "call-1", "arn:aws:iam::111122223333:role/app", "kms:Decrypt")
USE = Prepared(insert(SETTINGS).values(name=bindparam("name"), value=bindparam("value")))


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


def _at_once(log: AuditLog, database: Database, count: int, meanwhile: str = "SELECT 1") -> list[object]:
    """Append in several threads, all of which come while the disk is busy; how each ended, in any order."""
    ends: list[object] = []

    def append(number: int) -> None:
        try:
            log.append(replace(ENTRY, call_id=str(number)), USE.filled(name=str(number), value=""))
            ends.append(number)
        except KMSInternalError as error:
            ends.append(error)

    with database.write() as connection:
        threads = [threading.Thread(target=append, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        while len(log._disk._waiting) < count - 1:  # the first one waits for the database
            time.sleep(0.001)
        assert ends == []
        connection.exec_driver_sql(meanwhile)
    for thread in threads:
        thread.join(10)
    return ends


def test_records_that_wait_together_are_written_in_one_transaction(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, record, commits = AuditLog(database, Sources()), Database.record, []

    @contextmanager
    def counted(self: Database) -> Iterator[sqlite3.Connection]:
        with record(self) as connection:
            yield connection
        commits.append(log.written)

    monkeypatch.setattr(Database, "record", counted)
    ends = _at_once(log, database, 8)
    assert sorted(map(str, ends)) == [str(number) for number in range(8)]
    assert commits == [0, 1]  # how many were written before: one, then seven
    assert log.written == 8
    with database.read() as connection:
        assert len({json.loads(row.record)["call_id"] for row in all_rows(connection)}) == 8
    report = verify_log(database)
    assert (report.writers, report.records, report.faults) == (1, 8, ())


def test_a_transaction_that_fails_refuses_every_record_in_it(database: Database) -> None:
    log = AuditLog(database, Sources())
    ends = _at_once(
        log,
        database,
        6,
        "CREATE TRIGGER full BEFORE INSERT ON audit WHEN NEW.sequence = 3 BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    # the first is written alone; the third of the others' transaction fails, and with it all of them
    assert sorted(isinstance(end, KMSInternalError) for end in ends) == [False, True, True, True, True, True]
    with database.write() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM audit").scalar() == 1
        assert connection.exec_driver_sql("SELECT count(*) FROM settings").scalar() == 1
        connection.exec_driver_sql("DROP TRIGGER full")
    log.append(ENTRY)
    report = verify_log(database)
    assert (report.records, report.faults) == (2, ())


def test_a_record_that_has_no_text_takes_nobody_along(database: Database) -> None:
    log = AuditLog(database, Sources())
    no_text = replace(ENTRY, decisions=(RecordedDecision("a", "b", "c", request={"d": object()}),))
    with pytest.raises(TypeError):
        log.append(no_text)
    log.append(ENTRY)
    assert log.written == 1


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("can_look", [True, False], ids=["seen at once", "seen with the next record"])
def test_a_commit_that_failed_and_may_have_been_kept_is_gone_on_from(
    database: Database, monkeypatch: pytest.MonkeyPatch, kept: bool, can_look: bool
) -> None:
    log, record = AuditLog(database, Sources()), Database.record

    @contextmanager
    def fails_late(self: Database) -> Iterator[sqlite3.Connection]:
        with record(self) as connection:
            yield connection
            if not kept:
                raise KMSInternalError("the store failed")
        raise KMSInternalError("the store failed")

    def fails(_: Database) -> NoReturn:
        raise KMSInternalError("the store failed")

    with monkeypatch.context() as failing:
        failing.setattr(Database, "record", fails_late)
        if not can_look:
            failing.setattr(Database, "read", fails)
        with pytest.raises(KMSInternalError):
            log.append(ENTRY)
    log.append(ENTRY)
    log.append(ENTRY)
    report = verify_log(database)
    assert (report.records, report.faults) == (2 + kept, ())


def test_a_forked_process_is_refused_before_any_lock_that_its_parent_may_hold(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = AuditLog(database, Sources())
    with log._disk.alone(), monkeypatch.context() as forked:  # whoever waits for this one waits for ever
        forked.setattr(os, "getpid", lambda: -1)
        with pytest.raises(KMSInternalError, match="forked"):
            log.append(ENTRY)
        with pytest.raises(KMSInternalError, match="forked"), log.beside(lambda: ENTRY):
            pytest.fail("a forked process got in")
    log.append(ENTRY)
    assert log.written == 1


APPENDING = """
import itertools, sys, threading
from pathlib import Path
from kms_core.audit.log import AuditLog
from kms_core.audit.record import AuditEntry, RecordedDecision, RecordKind
from kms_core.model.sources import Sources
from kms_core.store.database import Database
from kms_core.store.prepared import Prepared
from kms_core.store.schema import SETTINGS
log = AuditLog(Database.open(Path(sys.argv[1])), Sources())
def work(thread):
    for number in itertools.count():
        log.append(AuditEntry(RecordKind.DECISION, f"{thread}-{number}", "p", "kms:Decrypt"))
        sys.stdout.write(f"{thread}-{number}\\n")
        sys.stdout.flush()
for thread in range(8):
    threading.Thread(target=work, args=(thread,)).start()
"""


@pytest.mark.parametrize("lines", [1, 9, 40, 77])
def test_what_was_answered_before_a_kill_is_written_and_verifies(
    database: Database, fork: Callable[..., Forked], lines: int
) -> None:
    process = fork(APPENDING, database.path, environment={})
    answered = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    rest, _ = process.communicate()
    answered = [line for line in (*answered, *rest.splitlines(keepends=True)) if line.endswith("\n")]
    with database.read() as connection:
        written = [json.loads(row.record)["call_id"] for row in all_rows(connection)]
    assert len(answered) >= lines
    assert {line.strip() for line in answered} <= {*written}
    report = verify_log(database)
    assert (report.writers, report.records, report.faults) == (1, len(written), ())


def test_changes_that_wait_together_are_kept_but_for_the_one_that_is_refused(database: Database) -> None:
    """The one that raises has written something before, of which nothing is kept either."""
    log, ends = AuditLog(database, Sources()), {}

    def append(name: str) -> None:
        def change(connection: sqlite3.Connection) -> None:
            USE.filled(name=name, value="").run(connection)
            if name == "refused":
                raise LimitExceededError(name)

        try:
            log.append(replace(ENTRY, call_id=name), change=change)
            ends[name] = "kept"
        except LimitExceededError as error:
            ends[name] = str(error)

    names = ["first", "second", "refused", "fourth"]
    with database.write():
        threads = [threading.Thread(target=append, args=(name,)) for name in names]
        for number, thread in enumerate(threads):
            thread.start()
            while number and len(log._disk._waiting) < number:
                time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    kept = ["first", "second", "fourth"]
    assert {name for name, end in ends.items() if end == "kept"} == {*kept}
    assert "refused" in ends["refused"]
    with database.read() as connection:
        assert set(connection.exec_driver_sql("SELECT name FROM settings").scalars()) == {*kept}
        assert sorted(json.loads(row.record)["call_id"] for row in all_rows(connection)) == sorted(kept)
    report = verify_log(database)
    assert (report.writers, report.records, report.faults) == (1, 3, ())


def test_a_change_whose_database_fails_is_not_kept(database: Database) -> None:
    log = AuditLog(database, Sources())
    with pytest.raises(KMSInternalError):
        log.append(ENTRY, change=lambda connection: connection.execute("INSERT INTO nothing VALUES (1)"))
    log.append(ENTRY)
    report = verify_log(database)
    assert (report.records, report.faults) == (1, ())
