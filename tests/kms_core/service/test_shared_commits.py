"""Calls that wait for the disk together: each one's record is there before its answer, or there is no answer."""

from __future__ import annotations

import json
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from kms_core.audit.verification import verify_log
from kms_core.errors import DryRunOperationError, KmsError, KMSInternalError
from kms_core.model.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

    from kms_core.service import Kms

_THREADS = 8


def _together(work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def test_each_call_finds_its_record_when_it_answers(
    kms: Kms, people: SimpleNamespace, key_arn: str, database_path: Path
) -> None:
    answered: list[bytes] = []
    missing: list[str] = []

    def work() -> None:
        other = sqlite3.connect(database_path)
        for _ in range(6):
            answered.append(kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob)
            before = len(answered)
            ((written,),) = other.execute(
                "SELECT count(*) FROM audit WHERE record LIKE '%kms:Encrypt%'"
            ).fetchall()
            if written < before:
                missing.append(f"{written} of {before}")
        other.close()

    _together(work)
    assert missing == []
    assert len(set(answered)) == 6 * _THREADS
    assert verify_log(kms._core.database).faults == ()


def test_no_call_answers_whose_group_was_not_written(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    blob = kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob
    with kms._core.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    answers: list[object] = []

    def work() -> None:
        for _ in range(3):
            try:
                answers.append(kms.decrypt(people.admin, blob))
            except KmsError as error:
                answers.append(error)

    _together(work)
    assert len(answers) == 3 * _THREADS
    assert {type(answer) for answer in answers} == {KMSInternalError}
    with kms._core.database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    assert kms.decrypt(people.admin, blob).plaintext == b"x"
    assert verify_log(kms._core.database).faults == ()


def test_a_change_among_calls_is_recorded_in_its_turn(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            kms.encrypt(people.admin, key_arn, b"x")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(10):
        kms.tag_resource(people.admin, key_arn, {"n": str(number)})
    stop.set()
    for thread in threads:
        thread.join(60)
    report = verify_log(kms._core.database)
    assert report.faults == ()
    with kms._core.database.read() as connection:
        records = connection.exec_driver_sql("SELECT record FROM audit").scalars().all()
    assert sum(json.loads(record)["action"] == "kms:TagResource" for record in records) == 10


def test_a_change_of_a_dry_run_is_made_and_taken_back(
    kms: Kms, people: SimpleNamespace, audit: Callable[[], list[dict[str, object]]]
) -> None:
    calls, made, before = kms._core.calls, [], len(audit())

    def make(connection: sqlite3.Connection) -> None:
        made.append(connection.execute("INSERT INTO settings VALUES ('x', 'y')").rowcount)

    with (
        pytest.raises(DryRunOperationError),
        calls.begin(Operation.CREATE_KEY, people.admin, dry_run=True) as call,
    ):
        calls.change_together(call, make)
    assert made == [1]
    with kms._core.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM settings WHERE name = 'x'").scalar() == 0
    (record,) = audit()[before:]
    assert (record["error_code"], record["dry_run"]) == ("DryRunOperationException", True)
