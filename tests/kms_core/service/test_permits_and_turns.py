"""What a call holds while it runs: permits, which end with it, and a turn, which it gives up where it waits."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import (
    AccessDeniedError,
    DisabledError,
    InvalidKeyUsageError,
    KmsError,
    KMSInternalError,
)
from kms_core.gate import Gate
from kms_core.hsm.token import Pkcs11Hsm
from kms_core.model.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from kms_core.gate import Call
    from kms_core.permit import Permit
    from kms_core.service import Kms

_LONG = 10
_ED25519 = {"key_spec": "ECC_NIST_EDWARDS25519", "key_usage": "SIGN_VERIFY"}


@pytest.fixture
def permits(monkeypatch: pytest.MonkeyPatch) -> list[Permit]:
    """All permits that the gate gave to callers."""
    given: list[Permit] = []
    admit = Gate.admit

    def noted(self: Gate, call: Call, note: Callable[..., None]) -> Permit:
        given.append(permit := admit(self, call, note))
        return permit

    monkeypatch.setattr(Gate, "admit", noted)
    return given


def test_every_permit_of_a_call_that_answers_is_closed(
    kms: Kms, people: SimpleNamespace, permits: list[Permit]
) -> None:
    key, other = (kms.create_key(people.admin, tags={"a": "b"}).arn for _ in range(2))
    blob = kms.encrypt(people.admin, key, b"x").ciphertext_blob
    kms.re_encrypt(people.admin, blob, other)
    kms.create_alias(people.admin, "alias/a", key)
    kms.update_alias(people.admin, "alias/a", other)
    actions = [permit.action for permit in permits]
    created = ["kms:CreateKey", "kms:TagResource"]
    assert actions == [
        *created,
        *created,
        "kms:Encrypt",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
        *["kms:CreateAlias"] * 2,
        *["kms:UpdateAlias"] * 3,
    ]
    assert not any(permit.is_open for permit in permits)


def test_a_permit_is_closed_where_its_operation_ends_and_not_only_with_the_call(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    calls = kms._core.calls
    with calls.begin(Operation.DESCRIBE_KEY, people.admin) as call:
        with calls.on_key(call, calls.reference(call, key_arn), {}) as admitted:
            assert admitted.permit.is_open
        assert not admitted.permit.is_open


@pytest.mark.parametrize("ends", ["state", "usage", "HSM"])
def test_every_permit_of_a_call_that_fails_is_closed(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    permits: list[Permit],
    monkeypatch: pytest.MonkeyPatch,
    *,
    ends: str,
) -> None:
    error: type[KmsError]
    call: Callable[[], object] = lambda: kms.encrypt(people.admin, key_arn, b"x")  # noqa: E731 - one of three
    if ends == "state":
        kms.disable_key(people.admin, key_arn)
        error = DisabledError
    elif ends == "usage":
        error, call = InvalidKeyUsageError, lambda: kms.sign(people.admin, key_arn, b"x", "ED25519_SHA_512")
    else:
        error = KMSInternalError
        monkeypatch.setattr(Pkcs11Hsm, "encrypt", lambda *_: 1 / 0)
    permits.clear()
    with pytest.raises(error):
        call()
    assert [permit.is_open for permit in permits] == [False]


def test_the_permit_of_a_first_check_is_closed_when_the_second_is_denied(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    key_policy: Callable[..., str],
    permits: list[Permit],
) -> None:
    blob = kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob
    deny = {"Effect": "Deny", "Principal": "*", "Action": "kms:ReEncryptTo"}
    other = kms.create_key(people.root, policy=key_policy({"Principal": {"AWS": people.root}}, deny)).arn
    permits.clear()
    with pytest.raises(AccessDeniedError):
        kms.re_encrypt(people.root, blob, other)
    assert [(permit.action, permit.is_open) for permit in permits] == [("kms:ReEncryptFrom", False)]


def test_who_makes_a_tagged_key_and_may_not_tag_has_no_permit_left(
    kms: Kms, people: SimpleNamespace, permits: list[Permit], monkeypatch: pytest.MonkeyPatch
) -> None:
    admit, asked = Gate.admit, []

    def denied(self: Gate, call: Call, note: Callable[..., None]) -> Permit:
        asked.append(call.action)
        if call.action == "kms:TagResource":
            raise AccessDeniedError("no")
        return admit(self, call, note)

    monkeypatch.setattr(Gate, "admit", denied)
    with pytest.raises(AccessDeniedError):
        kms.create_key(people.admin, tags={"a": "b"})
    assert asked == ["kms:CreateKey", "kms:TagResource"]
    assert [(permit.action, permit.is_open) for permit in permits] == [("kms:CreateKey", False)]


@pytest.fixture
def turn_in(kms: Kms, monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """By operation of the HSM whether the thread had a turn in it."""
    seen: dict[str, bool] = {}

    def watched(name: str) -> Callable[..., object]:
        plain = getattr(Pkcs11Hsm, name)

        def run(self: Pkcs11Hsm, *given: object, **named: object) -> object:
            seen[name] = kms._core.turns.has_one
            return plain(self, *given, **named)

        return run

    for name in ("encrypt", "decrypt", "sign", "generate_backing_key", "generate_data_key_pair"):
        monkeypatch.setattr(Pkcs11Hsm, name, watched(name))
    return seen


def test_what_takes_the_token_long_is_waited_for_without_a_turn(
    kms: Kms, people: SimpleNamespace, turn_in: dict[str, bool]
) -> None:
    key, signing = kms.create_key(people.admin).arn, kms.create_key(people.admin, **_ED25519).arn
    kms.decrypt(people.admin, kms.encrypt(people.admin, key, b"x").ciphertext_blob)
    kms.sign(people.admin, signing, b"x", "ED25519_SHA_512")
    kms.generate_data_key_pair(people.admin, key, "ECC_NIST_P256")
    assert turn_in == {
        "generate_backing_key": False,
        "encrypt": True,
        "decrypt": True,
        "sign": False,
        "generate_data_key_pair": False,
    }
    turn_in.clear()
    kms.rotate_key_on_demand(people.admin, key)
    assert turn_in == {"generate_backing_key": False}
    assert not kms._core.turns.has_one


def test_a_thread_that_waits_for_a_lane_of_the_token_lets_others_run(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    turns, lanes, done = kms._core.turns, kms._hsm._lanes, threading.Event()
    kms.encrypt(people.admin, key_arn, b"x")  # the first time it waits for the disk before
    with lanes._alone():
        thread = threading.Thread(
            target=lambda: (kms.encrypt(people.admin, key_arn, b"x"), done.set()), daemon=True
        )
        thread.start()
        # it begins, takes its turn, and gives it up before its call has ended
        until, had = time.monotonic() + _LONG, False
        while not had or turns._is_taken:
            had = had or turns._is_taken
            assert time.monotonic() < until
        assert not done.is_set()
    assert done.wait(_LONG)
    thread.join(_LONG)
