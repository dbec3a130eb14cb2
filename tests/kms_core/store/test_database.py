from __future__ import annotations

import os
import sqlite3
import threading
import traceback
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import bindparam, column, insert, select, table

from kms_core.errors import ConfigurationError, KMSInternalError
from kms_core.store import database as module
from kms_core.store.database import Database
from kms_core.store.prepared import Prepared, driver_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.create(tmp_path / "kmsgate.db") as database:
        with database.write() as connection:
            connection.exec_driver_sql("CREATE TABLE t (n INTEGER PRIMARY KEY)")
        yield database


def _count(database: Database) -> int:
    with database.read() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one()


def test_the_database_is_durable_and_strict(database: Database) -> None:
    with database.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_transaction_that_raises_keeps_nothing(database: Database) -> None:
    def half_done() -> None:
        with database.write() as connection:
            connection.exec_driver_sql("INSERT INTO t VALUES (1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()
    assert _count(database) == 0


def test_an_error_does_not_show_the_values_of_its_statement(database: Database) -> None:
    with pytest.raises(KMSInternalError) as failed, database.write() as connection:
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (?)", ("canary",))
    assert "nowhere" in "".join(traceback.format_exception(failed.value))
    assert "canary" not in "".join(traceback.format_exception(failed.value)).replace('("canary",)', "")


def test_an_empty_file_is_not_taken_for_a_database(tmp_path: Path) -> None:
    path = tmp_path / "kmsgate.db"
    for content in (b"", b"\n"):
        path.write_bytes(content)
        with pytest.raises(ConfigurationError):
            Database.open(path)
    with pytest.raises(ConfigurationError, match="already"):
        Database.create(path)


def test_a_writer_takes_the_lock_before_it_reads(database: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "kmsgate.db", timeout=0, isolation_level=None)
    with database.write() as connection:
        connection.exec_driver_sql("SELECT 1")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.close()


def test_readers_are_not_blocked_by_a_writer_and_see_one_state(database: Database) -> None:
    with database.read() as reader:
        assert reader.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 0
        with database.write() as writer:
            writer.exec_driver_sql("INSERT INTO t VALUES (1)")
        assert reader.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 0
    assert _count(database) == 1


def test_a_writer_waits_for_another(database: Database) -> None:
    inside = threading.Event()

    def hold() -> None:
        with database.write() as connection:
            inside.set()
            connection.exec_driver_sql("INSERT INTO t VALUES (1)")

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(5)
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (2)")
    thread.join()
    assert _count(database) == 2


def test_a_database_that_stays_locked_is_an_internal_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BUSY_SECONDS", 0.05)
    with Database.create(tmp_path / "busy.db") as database:
        other = sqlite3.connect(tmp_path / "busy.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(KMSInternalError), database.write():
            pytest.fail("two writers at once")
        other.close()


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kmsgate.db"
    with pytest.raises(ConfigurationError, match="no database"):
        Database.open(path)
    path.write_bytes(b"this is a text, not a database" * 100)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        Database.open(path)
    with pytest.raises(ConfigurationError, match="already"):
        Database.create(path)


def test_a_forked_process_cannot_use_its_parents_database(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: -1)
    for transaction in (database.read, database.write, database.record):
        with pytest.raises(KMSInternalError, match="forked"), transaction():
            pytest.fail("a forked process got in")


def test_a_forked_process_leaves_its_parents_connections_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: -1)
        database.close()
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_a_closed_database_is_not_opened_again_unasked(database: Database) -> None:
    with database.record():
        pass  # a connection that is kept
    database.close()
    database.close()
    for transaction in (database.read, database.write, database.record):
        with pytest.raises(KMSInternalError, match="closed"), transaction():
            pytest.fail("a closed database was used")


def test_a_prepared_statement_finds_what_sqlalchemy_finds(database: Database) -> None:
    numbers = table("t", column("n"))
    asked = Prepared(
        select(numbers.c.n).where(numbers.c.n > bindparam("least", required=False), numbers.c.n != 3)
    )
    with database.write() as connection:
        connection.execute(insert(numbers), [{"n": n} for n in range(5)])
    assert database.rows(asked.filled(least=1)) == [(2,), (4,)]
    assert database.rows(asked.filled(least=9)) == []


def test_what_is_recorded_is_kept_whole_or_not_at_all(database: Database) -> None:
    def half_done() -> None:
        with database.record() as connection:
            connection.execute("INSERT INTO t VALUES (1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()
    assert _count(database) == 0
    with database.record() as connection:
        connection.execute("INSERT INTO t VALUES (1)")
    assert _count(database) == 1


def test_a_failing_statement_is_an_internal_error_and_the_next_one_works(database: Database) -> None:
    one = Prepared(insert(table("t", column("n"))).values(n=bindparam("number", required=False)))

    def record() -> None:
        with database.record() as connection:
            one.filled(number=1).run(connection)

    record()
    with pytest.raises(KMSInternalError):
        record()
    with pytest.raises(KMSInternalError):
        database.rows(Prepared(select(table("nowhere", column("n")))).filled())
    assert _count(database) == 1


def test_a_prepared_statement_can_be_part_of_a_transaction(database: Database) -> None:
    one = Prepared(insert(table("t", column("n"))).values(n=bindparam("number", required=False))).filled(
        number=1
    )

    def fail() -> None:
        with database.write() as connection:
            one.run(driver_of(connection))
            one.run(driver_of(connection))

    with pytest.raises(KMSInternalError):
        fail()
    assert _count(database) == 0


def test_connections_that_are_kept_are_as_strict(database: Database) -> None:
    with database.record() as connection:
        settings = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert settings == ["wal", 2, 1]
