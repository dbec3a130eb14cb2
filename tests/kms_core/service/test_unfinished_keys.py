"""What is left of a key that was never finished: the due jobs end it, and destroy what the token holds of it.

An Ed25519 key, since a token that cannot wrap one keeps it as an object of its own; of all others nothing but the
intent is left.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from pkcs11 import Attribute, ObjectClass

from kms_core.errors import DependencyTimeoutError, KMSInternalError, UnsupportedOperationError
from kms_core.service.keys import KeyOperations
from kms_core.store import key_life, keys
from kms_core.store.database import Database
from kms_core.store.key_life import INTENT_SECONDS
from kms_core.store.locks import KeyLocks, locks_beside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

    from kms_core.hsm import Hsm
    from kms_core.service import Kms

    Audit = Callable[[], list[dict[str, object]]]

ED25519 = {"key_spec": "ECC_NIST_EDWARDS25519", "key_usage": "SIGN_VERIFY"}


@pytest.fixture
def in_token(hsm: Hsm) -> Callable[[], set[bytes]]:
    """The ids of all private keys that live in the token."""
    session = hsm._lanes._lanes[0].session

    def look() -> set[bytes]:
        return {
            each[Attribute.ID] for each in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
        }

    return look


@pytest.fixture
def signing(kms: Kms, people: SimpleNamespace) -> str:
    """A whole Ed25519 key, which is to stay whole."""
    try:
        return kms.create_key(people.admin, **ED25519).arn
    except UnsupportedOperationError:
        pytest.skip("the token makes no Ed25519 keys")


def _fail(*_: object, **__: object) -> None:
    raise KMSInternalError("broken off")


@pytest.fixture
def left(kms: Kms, people: SimpleNamespace, in_token: Callable[[], set[bytes]], audit: Audit) -> str:
    """The ARN of a key whose maker died between making its material and filing it."""
    before = in_token()
    with pytest.MonkeyPatch.context() as dying:
        dying.setattr(keys, "enable_with", _fail)
        dying.setattr(KeyOperations, "_give_up", _fail)
        with pytest.raises(KMSInternalError):
            kms.create_key(people.admin, **ED25519)
    assert len(in_token() - before) == 1
    return audit()[-1]["key_arn"]


def _rows(kms: Kms) -> list[str]:
    with kms._core.database.read() as connection:
        return list(connection.exec_driver_sql("SELECT arn FROM keys").scalars())


def _signs(kms: Kms, people: SimpleNamespace, arn: str) -> bool:
    return bool(kms.sign(people.admin, arn, b"m", "ED25519_SHA_512").signature)


def test_it_is_destroyed_when_its_maker_must_be_dead(
    kms: Kms,
    people: SimpleNamespace,
    signing: str,
    left: str,
    wall: object,
    in_token: Callable[[], set[bytes]],
    audit: Audit,
) -> None:
    with_it = in_token()
    wall.seconds += INTENT_SECONDS - 60
    assert kms.run_due_jobs() == 0
    assert in_token() == with_it

    wall.seconds += 120
    assert kms._scheduler.step() > 0
    assert len(with_it - in_token()) == 1
    assert _rows(kms) == [signing]
    assert _signs(kms, people, signing)
    (job,) = [each for each in audit() if each["kind"] == "service"]
    assert (job["principal"], job["action"], job["key_arn"]) == (
        "kmsgate",
        "internal:DiscardKeyMaterial",
        left,
    )
    assert job["reason"] == "the key was never finished"


def test_one_that_is_still_being_made_is_left_alone(
    open_service: Callable[..., Kms],
    people: SimpleNamespace,
    signing: str,
    wall: object,
    in_token: Callable[[], set[bytes]],
    database_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However long that takes: its lock says so, which the kernel takes from a process that dies."""
    maker, other = open_service(), open_service()
    other._core.access._locks = KeyLocks(locks_beside(database_path), patience=0.05)
    inside, go_on, made = threading.Event(), threading.Event(), []
    generate = type(maker._core.material).generate

    def generated(self: object, *given: object, **named: object) -> object:
        material = generate(self, *given, **named)
        inside.set()
        assert go_on.wait(10)
        return material

    monkeypatch.setattr(type(maker._core.material), "generate", generated)
    thread = threading.Thread(target=lambda: made.append(maker.create_key(people.admin, **ED25519).arn))
    thread.start()
    assert inside.wait(10)
    with_it = in_token()
    wall.turn(days=1)
    with pytest.raises(DependencyTimeoutError):
        other.run_due_jobs()
    assert in_token() == with_it
    go_on.set()
    thread.join(10)
    assert other.run_due_jobs() == 0
    assert _signs(other, people, made[0])
    assert _signs(other, people, signing)


def test_a_maker_that_cannot_clean_up_leaves_it_to_the_jobs(
    kms: Kms,
    people: SimpleNamespace,
    signing: str,
    wall: object,
    in_token: Callable[[], set[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = in_token()
    with monkeypatch.context() as broken:
        broken.setattr(keys, "enable_with", _fail)
        broken.setattr(type(kms._core.hsm), "discard_unfiled", _fail)
        with pytest.raises(KMSInternalError):
            kms.create_key(people.admin, **ED25519)
    assert len(in_token() - before) == 1
    wall.turn(days=1)
    assert kms.run_due_jobs() == 1
    assert in_token() == before
    assert _signs(kms, people, signing)


@pytest.mark.parametrize("step", ["end", "discard_unfiled", "erase"])
def test_a_job_that_breaks_off_is_finished_by_the_next(
    kms: Kms,
    left: str,
    signing: str,
    wall: object,
    in_token: Callable[[], set[bytes]],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    with_it = in_token()
    wall.turn(days=1)
    with monkeypatch.context() as broken:
        broken.setattr(type(kms._core.hsm) if step == "discard_unfiled" else key_life, step, _fail)
        with pytest.raises(KMSInternalError):
            kms.run_due_jobs()
    assert left in _rows(kms)
    assert kms.run_due_jobs() == 1
    assert len(with_it - in_token()) == 1
    assert _rows(kms) == [signing]


def test_an_object_that_no_intent_speaks_of_is_left_alone(
    kms: Kms,
    signing: str,
    wall: object,
    in_token: Callable[[], set[bytes]],
    database_path: Path,
) -> None:
    """The database as it was before the key was made, as a backup would have it."""
    with_it = in_token()
    with Database.open(database_path) as database, database.write() as connection:
        for table in ("last_uses", "backing_keys", "keys"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608
    wall.turn(days=30)
    assert kms.run_due_jobs() == 0
    assert in_token() == with_it
    assert signing not in _rows(kms)
