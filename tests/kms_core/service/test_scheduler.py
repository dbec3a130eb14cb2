"""When due jobs run by themselves. Nothing here sleeps: the clock is turned, and the wait is the test's own."""

from __future__ import annotations

import logging
import queue
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import KMSInternalError, NotFoundError
from kms_core.model.key import KeyState
from kms_core.service import Kms, scheduler
from kms_core.service.scheduler import (
    AFTER_FAILURE,
    FIRST_LOOK,
    LONGEST_WAIT,
    SHORTEST_WAIT,
    Scheduler,
)
from kms_core.store import key_life
from kms_core.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kms_core.hsm import Hsm
    from kms_core.model.sources import Sources
    from policy_engine import Bundle

NOW = 1_000_000.0


class _Jobs:
    """What is due when; running it makes it due at the next of `times`."""

    def __init__(self, *times: float | None) -> None:
        self.times = list(times)
        self.runs = 0

    def run(self) -> int:
        self.runs += 1
        self.times.pop(0)
        return 1

    def next_due(self) -> float | None:
        return self.times[0]


class _Bell(threading.Event):
    """An event whose wait says how long it is to be, and lasts until the test lets it end."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: queue.Queue[float] = queue.Queue()
        self.over: queue.Queue[str] = queue.Queue()

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.put(timeout)
        return self.over.get(timeout=10) == "set"

    def set(self) -> None:
        super().set()
        self.over.put("set")

    def next_wait(self) -> float:
        return self.asked.get(timeout=10)

    def end_wait(self) -> None:
        self.over.put("over")


@pytest.mark.parametrize(
    ("times", "runs", "seconds"),
    [
        ([None], 0, LONGEST_WAIT),
        ([NOW + 100], 0, 100.0),
        ([NOW + 0.5], 0, SHORTEST_WAIT),
        ([NOW + 30 * 86_400], 0, LONGEST_WAIT),
        ([NOW, NOW + 100], 1, 100.0),
        ([NOW - 5, None], 1, LONGEST_WAIT),
        ([0.0, NOW - 1], 1, SHORTEST_WAIT),
    ],
)
def test_a_look_runs_what_is_due_and_says_when_to_look_again(
    times: list[float | None], runs: int, seconds: float
) -> None:
    jobs = _Jobs(*times)
    assert Scheduler(jobs.run, jobs.next_due, lambda: NOW).step() == seconds
    assert jobs.runs == runs


def test_what_fails_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    def fails(error: Exception) -> Callable[[], int]:
        def fail() -> int:
            raise error

        return fail

    known = Scheduler(fails(KMSInternalError("the store failed")), lambda: NOW, lambda: NOW)
    unknown = Scheduler(fails(RuntimeError("canary")), lambda: NOW, lambda: NOW)
    asking = Scheduler(lambda: 0, fails(KMSInternalError("no answer")), lambda: NOW)
    assert [each.step() for each in (known, unknown, asking)] == [AFTER_FAILURE] * 3
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.ERROR, logging.WARNING]
    first, second, third = (record.getMessage() for record in caplog.records)
    assert "the store failed" in first
    assert second == "due jobs failed with RuntimeError"
    assert "no answer" in third


def test_the_thread_waits_looks_and_ends() -> None:
    bell, jobs = _Bell(), _Jobs(NOW, NOW + 100, None)
    running = Scheduler(jobs.run, jobs.next_due, lambda: NOW, bell=bell)
    running.start()
    assert (bell.next_wait(), jobs.runs) == (FIRST_LOOK, 0)
    bell.end_wait()
    assert (bell.next_wait(), jobs.runs) == (100.0, 1)
    running.close()
    assert not running._thread.is_alive()
    assert jobs.runs == 1
    running.close()


def test_whoever_rings_has_it_look_at_once() -> None:
    jobs, bell = _Jobs(None, None), threading.Event()
    looked = threading.Event()

    def next_due() -> None:
        looked.set()

    running = Scheduler(jobs.run, next_due, lambda: NOW, bell=bell)
    running.start()
    for _ in range(2):
        bell.set()
        assert looked.wait(10)
        looked.clear()
    running.close()
    assert not running._thread.is_alive()


def test_one_that_never_began_can_be_closed() -> None:
    Scheduler(lambda: 0, lambda: None, lambda: NOW).close()


def test_a_key_is_deleted_when_it_is_due_and_not_before(
    kms: Kms, people: SimpleNamespace, key_arn: str, wall: object
) -> None:
    looking = kms._scheduler
    assert looking.step() == LONGEST_WAIT
    date = kms.schedule_key_deletion(people.admin, key_arn, pending_window_in_days=7).deletion_date
    assert looking.step() == LONGEST_WAIT
    wall.seconds = date - 600
    assert 590 < looking.step() < 600
    assert kms.describe_key(people.admin, key_arn).state is KeyState.PENDING_DELETION
    wall.seconds = date
    assert looking.step() == LONGEST_WAIT
    with pytest.raises(NotFoundError):
        kms.describe_key(people.admin, key_arn)


def test_an_end_that_was_broken_off_is_due_at_once(
    kms: Kms, people: SimpleNamespace, key_arn: str, wall: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    kms.schedule_key_deletion(people.admin, key_arn, pending_window_in_days=7)
    wall.turn(days=7.01)

    def fail(*_: object) -> None:
        raise KMSInternalError("broken off")

    with monkeypatch.context() as broken:
        broken.setattr(key_life, "erase", fail)
        assert kms._scheduler.step() == AFTER_FAILURE
    with kms._core.database.read() as connection:
        assert key_life.next_due(connection) == 0.0
    assert kms._scheduler.step() == LONGEST_WAIT
    with kms._core.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM keys").scalar_one() == 0


def test_by_a_clock_that_was_set_back_nothing_is_deleted(
    kms: Kms, people: SimpleNamespace, key_arn: str, wall: object, caplog: pytest.LogCaptureFixture
) -> None:
    date = kms.schedule_key_deletion(people.admin, key_arn, pending_window_in_days=7).deletion_date
    wall.seconds = date + 10
    kms.describe_key(people.admin, key_arn)
    wall.turn(days=-1)
    assert kms._scheduler.step() == AFTER_FAILURE
    assert "the clock is behind" in caplog.text
    assert kms.describe_key(people.admin, key_arn).state is KeyState.PENDING_DELETION


def test_a_service_runs_them_by_itself_if_it_is_to(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    wall: object,
    database_path: Path,
    hsm: Hsm,
    bundle: Bundle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kms.schedule_key_deletion(people.admin, key_arn, pending_window_in_days=7)
    wall.turn(days=8)
    erased, erase = threading.Event(), key_life.erase

    def watched(*given: object) -> None:
        erase(*given)
        erased.set()

    monkeypatch.setattr(key_life, "erase", watched)
    monkeypatch.setattr(scheduler, "FIRST_LOOK", 0.0)
    sources: Sources = kms._core.sources
    with Database.open(database_path) as database:
        other = Kms(database, hsm, bundle=bundle, sources=sources, due_jobs=True)
        assert erased.wait(10)
        other._scheduler.close()
    with pytest.raises(NotFoundError):
        kms.describe_key(people.admin, key_arn)


def test_closing_waits_for_the_job_that_runs_and_no_other_begins(
    kms: Kms,
    people: SimpleNamespace,
    wall: object,
    audit: Callable[[], list[dict[str, object]]],
    monkeypatch: pytest.MonkeyPatch,
    open_service: Callable[..., Kms],
) -> None:
    """Whether `close` has come is asked between the jobs; the audit log is bound when all is quiet."""
    for _ in range(3):
        arn = kms.create_key(people.admin).arn
        kms.schedule_key_deletion(people.admin, arn, pending_window_in_days=7)
    wall.turn(days=8)
    other = open_service()
    alive: list[bool] = []
    monkeypatch.setattr(other, "_hsm", SimpleNamespace(close=lambda: alive.append(thread.is_alive())))
    closing, thread = threading.Thread(target=other.close), other._scheduler._thread
    erase = key_life.erase

    def slow(*given: object) -> None:
        if closing.ident is None:
            other._core.bell.clear()
            closing.start()
        assert other._core.bell.wait(10)  # as `close` rings it
        closing.join(0.05)
        erase(*given)

    with monkeypatch.context() as slowed:
        slowed.setattr(key_life, "erase", slow)
        other._scheduler.start()
        other._core.bell.set()
        thread.join(10)
        closing.join(10)
    assert alive == [False]
    done = [each["action"] for each in audit() if each["kind"] == "service"]
    assert done == ["internal:DiscardKeyMaterial", "internal:SignCheckpoint"]
    assert other.run_due_jobs() == 0
    assert kms.run_due_jobs() == 2


def test_closing_does_not_give_up_on_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []
    join = threading.Thread.join

    def watched(self: threading.Thread, timeout: float | None = None) -> None:
        waits.append(timeout)
        join(self, timeout)

    running = Scheduler(lambda: 0, lambda: None, lambda: NOW)
    running.start()
    monkeypatch.setattr(threading.Thread, "join", watched)
    running.close()
    assert waits == [None]
