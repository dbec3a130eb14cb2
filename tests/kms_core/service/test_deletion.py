from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pkcs11 import Attribute, ObjectClass

from kms_core.errors import (
    AccessDeniedError,
    ConfigurationError,
    HsmFaultError,
    KMSInternalError,
    NotFoundError,
    PermitError,
    UnsupportedOperationError,
)
from kms_core.model.key import KeyState
from kms_core.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

    from kms_core.service import Kms

Audit = "Callable[[], list[dict[str, object]]]"
OF_A_KEY = ("keys", "backing_keys", "grants", "grant_tokens", "aliases", "tags", "last_uses")


@pytest.fixture
def left(database_path: Path) -> Callable[[], dict[str, int]]:
    """How many rows there are of what belongs to keys."""

    def count() -> dict[str, int]:
        with Database.open(database_path) as database, database.read() as connection:
            counts = {
                table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()  # noqa: S608
                for table in OF_A_KEY
            }
        return {table: rows for table, rows in counts.items() if rows}

    return count


@pytest.fixture
def scheduled(kms: Kms, people: SimpleNamespace, key_arn: str) -> str:
    kms.create_alias(people.admin, "alias/doomed", key_arn)
    kms.tag_resource(people.admin, key_arn, {"a": "b"})
    kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"])
    kms.encrypt(people.admin, key_arn, b"x")
    kms.schedule_key_deletion(people.admin, key_arn, pending_window_in_days=7)
    return key_arn


def test_nothing_is_deleted_before_its_time(
    kms: Kms, people: SimpleNamespace, scheduled: str, wall: object
) -> None:
    date = kms.describe_key(people.admin, scheduled).deletion_date
    wall.seconds = date - 60
    assert kms.run_due_jobs() == 0
    assert kms.describe_key(people.admin, scheduled).state is KeyState.PENDING_DELETION
    kms.cancel_key_deletion(people.admin, scheduled)
    wall.turn(days=60)
    assert kms.run_due_jobs() == 0
    assert kms.describe_key(people.admin, scheduled).state is KeyState.DISABLED


def test_a_key_whose_waiting_period_is_over_is_gone_with_all_that_was_its_own(
    kms: Kms,
    people: SimpleNamespace,
    scheduled: str,
    wall: object,
    left: Callable[[], dict[str, int]],
    audit: Audit,
) -> None:
    other = kms.create_key(people.admin).arn
    blob = kms.encrypt(people.admin, other, b"still here").ciphertext_blob
    assert left()["tags"] == 1
    assert [each.key_id for each in kms._core.backing_keys._at_hand.values()].count(
        scheduled.rpartition("/")[2]
    )
    wall.turn(days=7.01)
    assert kms.run_due_jobs() == 1
    assert [each.key_id for each in kms._core.backing_keys._at_hand.values()] == [other.rpartition("/")[2]]
    assert kms.run_due_jobs() == 0

    assert left() == {"keys": 1, "backing_keys": 1, "last_uses": 1}
    with pytest.raises(NotFoundError) as refused:
        kms.describe_key(people.admin, scheduled)
    assert refused.value.message == f"Key '{scheduled}' does not exist"
    with pytest.raises(NotFoundError):
        kms.describe_key(people.admin, "alias/doomed")
    assert kms.decrypt(people.admin, blob).plaintext == b"still here"
    (job,) = [each for each in audit() if each["kind"] == "service"]
    assert (job["principal"], job["key_arn"]) == ("kmsgate", scheduled)
    assert job["reason"] == "the waiting period of the key's deletion is over"


def test_what_of_a_deleted_key_lives_in_the_token_goes_with_it(
    kms: Kms, people: SimpleNamespace, wall: object
) -> None:
    """A token that cannot wrap an Ed25519 key keeps it as an object of its own."""
    try:
        made = kms.create_key(people.admin, key_spec="ECC_NIST_EDWARDS25519", key_usage="SIGN_VERIFY")
    except UnsupportedOperationError:
        pytest.skip("the token makes no Ed25519 keys")
    kms.sign(people.admin, made.arn, b"x", "ED25519_SHA_512")
    session = kms._core.hsm._lanes._lanes[0].session

    def in_the_token() -> int:
        return sum(1 for _ in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}))

    before = in_the_token()
    kms.schedule_key_deletion(people.admin, made.arn, pending_window_in_days=7)
    assert in_the_token() == before
    wall.turn(days=8)
    assert kms.run_due_jobs() == 1
    assert in_the_token() == before - 1


def test_what_was_made_under_a_deleted_key_is_as_foreign_as_any(
    kms: Kms, people: SimpleNamespace, key_arn: str, wall: object
) -> None:
    blob = kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob
    kms.schedule_key_deletion(people.admin, key_arn, pending_window_in_days=7)
    wall.turn(days=8)
    kms.run_due_jobs()
    with pytest.raises(AccessDeniedError) as refused:
        kms.decrypt(people.admin, blob)
    assert "does not exist" in refused.value.message


def test_the_engine_forgets_a_key_that_is_gone(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str], wall: object
) -> None:
    """A stranger whom its policy let in is told the same as of any key that never was."""
    policy = key_policy({"Principal": {"AWS": [people.root, people.stranger]}})
    arn = kms.create_key(people.admin, policy=policy).arn
    assert kms.describe_key(people.stranger, arn)
    kms.schedule_key_deletion(people.admin, arn, pending_window_in_days=7)
    wall.turn(days=8)
    kms.run_due_jobs()
    with pytest.raises(AccessDeniedError) as refused:
        kms.describe_key(people.stranger, arn)
    never = arn.rpartition("/")[0] + "/00000000-0000-0000-0000-000000000000"
    with pytest.raises(AccessDeniedError) as unknown:
        kms.describe_key(people.stranger, never)
    assert refused.value.message == unknown.value.message.replace(never, arn)


@pytest.mark.parametrize("step", ["end", "discard", "erase"])
def test_a_job_that_breaks_off_is_finished_by_the_next(
    kms: Kms,
    people: SimpleNamespace,
    scheduled: str,
    wall: object,
    monkeypatch: pytest.MonkeyPatch,
    left: Callable[[], dict[str, int]],
    step: str,
) -> None:
    from kms_core.store import key_life  # noqa: PLC0415 - only here

    def fail(*_: object) -> None:
        raise KMSInternalError("broken off")

    place = type(kms._core.hsm) if step == "discard" else key_life
    wall.turn(days=8)
    with monkeypatch.context() as broken:
        broken.setattr(place, step, fail)
        with pytest.raises(KMSInternalError):
            kms.run_due_jobs()

    if step == "end":
        assert kms.describe_key(people.admin, scheduled).state is KeyState.PENDING_DELETION
    else:
        with pytest.raises(NotFoundError):
            kms.describe_key(people.admin, scheduled)
        assert left() == {"keys": 1, "backing_keys": 1}
    assert kms.run_due_jobs() == 1
    assert left() == {}


@pytest.mark.parametrize("kind", [KMSInternalError, RuntimeError, PermitError, HsmFaultError])
def test_a_key_that_cannot_be_deleted_keeps_no_other_one(
    kms: Kms,
    people: SimpleNamespace,
    wall: object,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    kind: type[Exception],
) -> None:
    """Whatever its job fails with; that is said when all others are gone, without the error's own text."""
    arns = sorted(kms.create_key(people.admin).arn for _ in range(3))
    for arn in arns:
        kms.schedule_key_deletion(people.admin, arn, pending_window_in_days=7)
    wall.turn(days=8)
    discard = type(kms._core.hsm).discard

    def fail_first(self: object, permit: object, material: object) -> None:
        if arns[0].endswith(material.key_id):
            raise kind("canary")
        discard(self, permit, material)

    with monkeypatch.context() as broken:
        broken.setattr(type(kms._core.hsm), "discard", fail_first)
        with pytest.raises(KMSInternalError):
            kms.run_due_jobs()
    assert kind.__name__ in caplog.text
    assert "canary" not in caplog.text
    with kms._core.database.read() as connection:
        assert connection.exec_driver_sql("SELECT arn FROM keys").scalars().all() == arns[:1]
    assert kms.run_due_jobs() == 1


def test_a_clock_that_was_set_back_neither_prolongs_nor_deletes(
    open_service: Callable[..., Kms], people: SimpleNamespace, scheduled: str, wall: object
) -> None:
    wall.turn(days=6)
    open_service().create_key(people.admin)
    wall.turn(days=-6)
    later = open_service()
    assert later._core.clock.now() > wall.seconds + 5.9 * 86_400
    with pytest.raises(ConfigurationError, match="clock"):
        later.run_due_jobs()
    wall.turn(days=8)
    assert later.run_due_jobs() == 1
    with pytest.raises(NotFoundError):
        later.describe_key(people.admin, scheduled)


def test_time_never_goes_back_within_a_process_or_past_what_another_has_kept(
    open_service: Callable[..., Kms], people: SimpleNamespace, key_arn: str, wall: object
) -> None:
    one, two = open_service(), open_service()
    wall.turn(days=1)
    one.update_key_description(people.admin, key_arn, "later")
    highest = one._core.clock.now()
    wall.turn(days=-1)
    assert one._core.clock.now() == highest
    assert two._core.clock.now() < highest
    two.update_key_description(people.admin, key_arn, "earlier")
    assert two._core.clock.now() > highest - 60
