"""That a key is being made is on the disk before the HSM makes it, also where calls share the commit."""

from __future__ import annotations

import sqlite3
import threading
import time
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import KmsError, KMSInternalError, LimitExceededError
from kms_core.model.quotas import Quotas

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import SimpleNamespace

    from kms_core.model.backing_key import BackingKeyRecord
    from kms_core.service import Kms

_THREADS = 6


def _together(kms: Kms, caller: str) -> list[object]:
    """What threads get that make a key each, their intents written as soon as all wait for the disk."""
    answers: list[object] = []

    def work() -> None:
        try:
            answers.append(kms.create_key(caller))
        except KmsError as error:
            answers.append(error)

    disk = kms._core.intents._disk
    threads = [threading.Thread(target=work) for _ in range(_THREADS)]
    with disk.alone():
        for thread in threads:
            thread.start()
        end = time.monotonic() + 10
        while len(disk._waiting) < _THREADS and time.monotonic() < end:
            time.sleep(0.001)
    for thread in threads:
        thread.join(60)
    return answers


@pytest.fixture
def groups(kms: Kms, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many intents each commit had."""
    sizes: list[int] = []
    disk = kms._core.intents._disk
    commit = disk._commit

    def counted(intents: Sequence[object]) -> None:
        sizes.append(len(intents))
        commit(intents)  # type: ignore[arg-type]

    monkeypatch.setattr(disk, "_commit", counted)
    return sizes


def test_an_intent_is_there_before_the_material(
    kms: Kms,
    people: SimpleNamespace,
    database_path: Path,
    groups: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    states: list[object] = []
    generate = kms._core.material.generate

    def look(permit: object, arn: str, key_id: str, **kind: str) -> BackingKeyRecord:
        other = sqlite3.connect(database_path)
        states.append(other.execute("SELECT state FROM keys WHERE arn = ?", (arn,)).fetchall())
        other.close()
        return generate(permit, arn, key_id, **kind)

    monkeypatch.setattr(kms._core.material, "generate", look)
    made = _together(kms, people.admin)
    assert groups == [_THREADS]
    assert states == [[("Creating",)]] * _THREADS
    assert {kms.describe_key(people.admin, key.arn) for key in made} == {*made}


def test_no_more_keys_are_made_at_once_than_there_may_be(
    open_service: Callable[..., Kms], people: SimpleNamespace
) -> None:
    kms = open_service(quotas=Quotas(keys_per_account=4))
    kms.create_key(people.admin)
    answers = _together(kms, people.admin)
    refused = [answer for answer in answers if isinstance(answer, LimitExceededError)]
    assert (len(answers), len(refused)) == (_THREADS, _THREADS - 3)
    assert len(kms.list_keys(people.admin).keys) == 4


def test_nothing_is_made_whose_intent_could_not_be_written(
    kms: Kms, people: SimpleNamespace, groups: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    with kms._core.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON keys BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with monkeypatch.context() as watched:
        watched.setattr(kms._core.material, "generate", lambda *given, **kind: made.append((given, kind)))
        answers = _together(kms, people.admin)
    assert {type(answer) for answer in answers} == {KMSInternalError}
    assert (len(answers), groups, made) == (_THREADS, [_THREADS], [])
    with kms._core.database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    assert kms.create_key(people.admin).arn
