"""Keys whose date has come are rotated by the due jobs. Nothing here sleeps: the clock is turned."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from kms_core.ciphertext import decode
from kms_core.errors import DependencyTimeoutError, KMSInternalError, PermitError
from kms_core.key_material import KeyMaterial
from kms_core.model.key import KeyState
from kms_core.permit import Permit, PermitKind
from kms_core.service import Kms, automatic_rotation, scheduler
from kms_core.service.scheduler import AFTER_FAILURE, LONGEST_WAIT
from kms_core.store import rotation as rows
from kms_core.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import SimpleNamespace

    from kms_core.hsm import Hsm
    from policy_engine import Bundle

Audit = "Callable[[], list[dict[str, object]]]"
DAY = 86_400
PERIOD = 90


@pytest.fixture
def rotating(kms: Kms, people: SimpleNamespace, key_arn: str) -> str:
    kms.enable_key_rotation(people.admin, key_arn, rotation_period_in_days=PERIOD)
    return key_arn


def _current(kms: Kms, arn: str) -> str | None:
    return kms.describe_key("arn:aws:iam::111122223333:role/admin", arn).current_backing_key_id


def test_a_key_is_rotated_on_its_date_and_a_period_later_again(
    kms: Kms, people: SimpleNamespace, rotating: str, wall: object, audit: Audit
) -> None:
    blob = kms.encrypt(people.admin, rotating, b"x").ciphertext_blob
    first = _current(kms, rotating)
    date = kms.get_key_rotation_status(people.admin, rotating).next_rotation_date
    wall.seconds = date - 60
    assert kms.run_due_jobs() == 0
    assert _current(kms, rotating) == first

    wall.seconds = date
    assert kms.run_due_jobs() == 1
    assert kms.run_due_jobs() == 0
    second = _current(kms, rotating)
    assert second != first
    assert decode(kms.encrypt(people.admin, rotating, b"y").ciphertext_blob).backing_key_id == second
    assert kms.decrypt(people.admin, blob).plaintext == b"x"

    status = kms.get_key_rotation_status(people.admin, rotating)
    (made,) = kms.list_key_rotations(people.admin, rotating).rotations
    assert (made.key_material_id, made.rotation_type) == (second, "AUTOMATIC")
    assert date < made.rotation_date < wall.seconds
    assert status.next_rotation_date == made.rotation_date + PERIOD * DAY
    (job,) = [each for each in audit() if each["action"] == "internal:RotateKeyMaterial"]
    assert (job["kind"], job["principal"], job["key_arn"]) == ("service", "kmsgate", rotating)
    assert (job["reason"], job["error_code"]) == ("the key's rotation period of 90 days is over", None)

    wall.turn(days=PERIOD)
    assert kms.run_due_jobs() == 1
    assert [each.rotation_type for each in kms.list_key_rotations(people.admin, rotating).rotations] == [
        "AUTOMATIC",
        "AUTOMATIC",
    ]
    assert kms.decrypt(people.admin, blob).plaintext == b"x"


def test_rotation_on_demand_leaves_the_date_and_the_job_leaves_the_count(
    kms: Kms, people: SimpleNamespace, rotating: str, wall: object
) -> None:
    date = kms.get_key_rotation_status(people.admin, rotating).next_rotation_date
    kms.rotate_key_on_demand(people.admin, rotating)
    wall.seconds = date
    assert kms.run_due_jobs() == 1
    assert kms.run_due_jobs() == 0
    types = [each.rotation_type for each in kms.list_key_rotations(people.admin, rotating).rotations]
    assert types == ["ON_DEMAND", "AUTOMATIC"]
    with kms._core.database.read() as connection:
        assert rows.count_on_demand(connection, rotating.rpartition("/")[2]) == 1


def test_what_is_not_enabled_is_not_rotated(
    kms: Kms, people: SimpleNamespace, rotating: str, wall: object
) -> None:
    never = kms.create_key(people.admin).arn
    kms.disable_key_rotation(people.admin, rotating)
    before = [_current(kms, arn) for arn in (never, rotating)]
    wall.turn(days=3000)
    assert kms._next_due() is None
    assert kms.run_due_jobs() == 0
    assert [_current(kms, arn) for arn in (never, rotating)] == before


def test_a_disabled_key_is_rotated_once_when_it_is_enabled_if_its_date_has_passed(
    kms: Kms, people: SimpleNamespace, rotating: str, wall: object
) -> None:
    kms.disable_key(people.admin, rotating)
    wall.turn(days=PERIOD * 5)
    assert kms._next_due() is None
    assert kms.run_due_jobs() == 0
    kms.enable_key(people.admin, rotating)
    assert kms.run_due_jobs() == 1
    assert kms.run_due_jobs() == 0
    (made,) = kms.list_key_rotations(people.admin, rotating).rotations
    next_date = kms.get_key_rotation_status(people.admin, rotating).next_rotation_date
    assert next_date == made.rotation_date + PERIOD * DAY


def test_a_key_that_is_enabled_before_its_date_keeps_it(
    kms: Kms, people: SimpleNamespace, rotating: str, wall: object
) -> None:
    date = kms.get_key_rotation_status(people.admin, rotating).next_rotation_date
    kms.disable_key(people.admin, rotating)
    wall.turn(days=PERIOD - 1)
    kms.enable_key(people.admin, rotating)
    assert kms.run_due_jobs() == 0
    assert kms.get_key_rotation_status(people.admin, rotating).next_rotation_date == date
    wall.seconds = date
    assert kms.run_due_jobs() == 1


def test_a_key_that_is_pending_deletion_is_not_rotated_and_catches_up_when_it_is_wanted_again(
    kms: Kms, people: SimpleNamespace, rotating: str, wall: object
) -> None:
    first = _current(kms, rotating)
    wall.turn(days=PERIOD - 10)
    kms.schedule_key_deletion(people.admin, rotating, pending_window_in_days=30)
    wall.turn(days=20)
    assert kms.run_due_jobs() == 0
    kms.cancel_key_deletion(people.admin, rotating)
    assert kms.run_due_jobs() == 0
    assert _current(kms, rotating) == first
    kms.enable_key(people.admin, rotating)
    assert kms.run_due_jobs() == 1
    assert _current(kms, rotating) != first


@pytest.mark.parametrize(
    "change",
    [
        "origin = 'EXTERNAL'",
        "origin = 'AWS_CLOUDHSM'",
        "origin = 'EXTERNAL_KEY_STORE'",
        "spec = 'RSA_2048'",
        "spec = 'HMAC_256', usage = 'GENERATE_VERIFY_MAC'",
        "state = 'PendingImport'",
        "state = 'Unavailable'",
        "state = 'Creating'",
    ],
)
def test_no_other_key_rotates_by_itself_whatever_its_row_says(
    kms: Kms, rotating: str, wall: object, change: str
) -> None:
    with kms._core.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE keys SET {change}, creation_date = 9e9")  # noqa: S608
    wall.turn(days=PERIOD + 1)
    key_id = rotating.rpartition("/")[2]
    with kms._core.database.read() as connection:
        assert rows.next_due(connection) is None
        assert not rows.is_due(connection, key_id, wall.now())
    assert kms.run_due_jobs() == 0
    with kms._core.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM backing_keys").scalar_one() == 1


def test_two_processes_rotate_a_key_once(
    open_service: Callable[..., Kms],
    people: SimpleNamespace,
    wall: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second one has seen that the key is due before the first one has rotated it."""
    one, other = open_service(), open_service()
    arn = one.create_key(people.admin).arn
    one.enable_key_rotation(people.admin, arn, rotation_period_in_days=PERIOD)
    wall.turn(days=PERIOD + 1)
    held, overtaken = one._core.access.held, []

    @contextmanager
    def after_the_other(*given: object, **named: object) -> Iterator[None]:
        if not overtaken:
            overtaken.append(other.run_due_jobs())
        with held(*given, **named):
            yield

    with monkeypatch.context() as patched:
        patched.setattr(one._core.access, "held", after_the_other)
        assert one.run_due_jobs() == 0
    assert overtaken == [1]
    assert len(one.list_key_rotations(people.admin, arn).rotations) == 1


@pytest.mark.parametrize("step", ["in the HSM", "in the transaction", "after the change"])
def test_a_job_that_fails_changes_nothing_says_so_and_is_tried_again(
    kms: Kms,
    people: SimpleNamespace,
    rotating: str,
    wall: object,
    audit: Audit,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    other = kms.create_key(people.admin).arn
    kms.schedule_key_deletion(people.admin, other, pending_window_in_days=7)
    before = kms.describe_key(people.admin, rotating)
    wall.turn(days=PERIOD + 1)
    rotate = rows.rotate

    def fail(*_: object, **__: object) -> None:
        raise KMSInternalError("broken off")

    def fail_late(*given: object) -> None:
        rotate(*given)
        fail()

    with monkeypatch.context() as broken:
        if step == "in the HSM":
            broken.setattr(KeyMaterial, "generate", fail)
        else:
            broken.setattr(rows, "rotate", fail if step == "in the transaction" else fail_late)
        assert kms._scheduler.step() == AFTER_FAILURE
    assert "1 of 2 due jobs could not be done" in caplog.text
    (failed,) = [each for each in audit() if each["action"] == "internal:RotateKeyMaterial"]
    assert failed["error_code"] == "KMSInternalException"
    assert kms.describe_key(people.admin, rotating) == before
    with kms._core.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM backing_keys").scalar_one() == 1

    assert 0 < kms._scheduler.step() <= LONGEST_WAIT
    assert _current(kms, rotating) != before.current_backing_key_id


def test_the_scheduler_wakes_for_the_next_date_of_whatever_kind(
    kms: Kms, people: SimpleNamespace, rotating: str, wall: object
) -> None:
    date = kms.get_key_rotation_status(people.admin, rotating).next_rotation_date
    assert kms._next_due() == date
    wall.seconds = date - 1000
    assert kms._scheduler.step() == pytest.approx(1000, abs=20)
    other = kms.create_key(people.admin).arn
    deletion = kms.schedule_key_deletion(people.admin, other, pending_window_in_days=7).deletion_date
    assert kms._next_due() == date < deletion
    wall.seconds = date
    kms._scheduler.step()
    assert kms._next_due() == deletion
    assert len(kms.list_key_rotations(people.admin, rotating).rotations) == 1


def test_by_a_clock_that_was_set_back_nothing_is_rotated(
    kms: Kms, people: SimpleNamespace, rotating: str, wall: object, caplog: pytest.LogCaptureFixture
) -> None:
    first = _current(kms, rotating)
    wall.seconds = kms.get_key_rotation_status(people.admin, rotating).next_rotation_date + 10
    kms.describe_key(people.admin, rotating)
    wall.turn(days=-1)
    assert kms._scheduler.step() == AFTER_FAILURE
    assert "the clock is behind" in caplog.text
    assert _current(kms, rotating) == first


def test_a_service_rotates_by_itself_if_it_runs_due_jobs(
    kms: Kms,
    rotating: str,
    wall: object,
    database_path: Path,
    hsm: Hsm,
    bundle: Bundle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = _current(kms, rotating)
    wall.turn(days=PERIOD + 1)
    rotated, rotate_if_due = threading.Event(), automatic_rotation.rotate_if_due

    def watched(*given: object) -> bool:
        done = rotate_if_due(*given)
        rotated.set()
        return done

    monkeypatch.setattr("kms_core.service.due_jobs.rotate_if_due", watched)
    monkeypatch.setattr(scheduler, "FIRST_LOOK", 0.0)
    with Database.open(database_path) as database:
        other = Kms(database, hsm, bundle=bundle, sources=kms._core.sources, due_jobs=True)
        assert rotated.wait(10)
        other._scheduler.close()
    assert _current(kms, rotating) != first


def test_a_service_that_enables_an_overdue_key_rotates_it_at_once(
    people: SimpleNamespace,
    rotating: str,
    kms: Kms,
    wall: object,
    database_path: Path,
    hsm: Hsm,
    bundle: Bundle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rotated, rotate_if_due = threading.Event(), automatic_rotation.rotate_if_due

    def watched(*given: object) -> bool:
        done = rotate_if_due(*given)
        rotated.set()
        return done

    monkeypatch.setattr("kms_core.service.due_jobs.rotate_if_due", watched)
    first = _current(kms, rotating)
    with Database.open(database_path) as database:
        other = Kms(database, hsm, bundle=bundle, sources=kms._core.sources, due_jobs=True)
        for days, overdue in ((PERIOD - 10, False), (20, True)):
            other.disable_key(people.admin, rotating)
            wall.turn(days=days)
            other.enable_key(people.admin, rotating)
            assert rotated.wait(10 if overdue else 0) == overdue
        other._scheduler.close()
    assert _current(kms, rotating) != first


def test_the_job_waits_for_calls_on_the_key_and_no_other_permit_makes_a_backing_key(
    kms: Kms, people: SimpleNamespace, rotating: str, wall: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall.turn(days=PERIOD + 1)
    first = _current(kms, rotating)
    monkeypatch.setattr(kms._core.access._locks, "_patience", 0.05)
    with kms._core.access.held(rotating, alone=False), pytest.raises(DependencyTimeoutError):
        kms.run_due_jobs()
    assert _current(kms, rotating) == first
    assert kms.describe_key(people.admin, rotating).state is KeyState.ENABLED
    assert kms.run_due_jobs() == 1

    key_id = rotating.rpartition("/")[2]
    for action, arn in (
        ("internal:DiscardKeyMaterial", rotating),
        ("internal:RotateKeyMaterial", rotating + "0"),
    ):
        permit = Permit("test", action, arn, "c", PermitKind.SERVICE, "a test")
        with pytest.raises(PermitError):
            kms._core.material.generate(
                permit, rotating, key_id, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT"
            )
