from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import KMSInternalError, NotFoundError, UnsupportedOperationError, ValidationError
from kms_core.hsm import resident_keys
from kms_core.model.key import KeySpec
from kms_core.model.key_specs import ALGORITHMS, UNSUPPORTED_SPECS
from kms_core.store import keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kms_core.service import Kms

ROOT = "arn:aws:iam::111122223333:root"


@pytest.mark.parametrize(("spec", "usage"), ALGORITHMS)
def test_a_key_says_what_it_can_do(kms: Kms, key: Callable[..., str], spec: str, usage: str) -> None:
    made = kms.describe_key(ROOT, key(spec, usage))
    can = {
        "ENCRYPT_DECRYPT": made.encryption_algorithms,
        "SIGN_VERIFY": made.signing_algorithms,
        "GENERATE_VERIFY_MAC": made.mac_algorithms,
        "KEY_AGREEMENT": made.key_agreement_algorithms,
    }
    assert (made.spec, made.usage, made.state) == (spec, usage, "Enabled")
    assert can.pop(usage) == ALGORITHMS[spec, usage]
    assert set(can.values()) == {()}


def test_every_spec_has_an_algorithm() -> None:
    assert {spec for spec, _ in ALGORITHMS} == {spec.value for spec in KeySpec}


def test_what_is_left_out_is_a_symmetric_encryption_key(kms: Kms) -> None:
    for given in ({}, {"key_spec": "SYMMETRIC_DEFAULT"}, {"key_usage": "ENCRYPT_DECRYPT"}):
        made = kms.create_key(ROOT, **given)
        assert (made.spec, made.usage) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")


@pytest.mark.parametrize("spec", sorted(UNSUPPORTED_SPECS))
def test_a_spec_that_no_token_does_is_refused(kms: Kms, spec: str) -> None:
    with pytest.raises(UnsupportedOperationError) as refused:
        kms.create_key(ROOT, key_spec=spec, key_usage="SIGN_VERIFY")
    assert refused.value.message == f"KeySpec {spec} is not supported here."


@pytest.mark.parametrize(
    ("spec", "usage", "says"),
    [
        ("HMAC_256", None, "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."),
        ("RSA_2048", None, "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."),
        (
            "HMAC_random",
            "GENERATE_VERIFY_MAC",
            "1 validation error detected: Value 'HMAC_random' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [RSA_2048, ECC_NIST_P384, ECC_NIST_P256, ECC_NIST_P521, HMAC_384, RSA_3072, ECC_SECG_P256K1, RSA_4096, SYMMETRIC_DEFAULT, HMAC_256, HMAC_224, HMAC_512]",
        ),
        (
            "HMAC_256",
            "RANDOM",
            "1 validation error detected: Value 'RANDOM' at 'keyUsage' failed to satisfy constraint: Member must satisfy enum value set: [ENCRYPT_DECRYPT, SIGN_VERIFY, GENERATE_VERIFY_MAC]",
        ),
        ("ECC_NIST_P256", "ENCRYPT_DECRYPT", "KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec ECC_NIST_P256"),
        ("SYMMETRIC_DEFAULT", "SIGN_VERIFY", "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT"),
        ("ECC_SECG_P256K1", "KEY_AGREEMENT", "KeyUsage KEY_AGREEMENT is not compatible with KeySpec ECC_SECG_P256K1"),
        ("RSA_2048", "ENCAPSULATE_DECAPSULATE", "KeyUsage ENCAPSULATE_DECAPSULATE is not compatible with KeySpec RSA_2048"),
    ],
)  # fmt: skip
def test_spec_and_usage_must_fit(kms: Kms, spec: str, usage: str | None, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        kms.create_key(ROOT, key_spec=spec, key_usage=usage)
    assert refused.value.message == says


def test_a_spec_that_this_token_lacks_makes_no_key(kms: Kms, monkeypatch: pytest.MonkeyPatch) -> None:
    for lane in kms._hsm._lanes._lanes:
        able = {"SYMMETRIC_DEFAULT": frozenset({"SYMMETRIC_DEFAULT"})}
        monkeypatch.setattr(lane, "capabilities", replace(lane.capabilities, algorithms=able))
    with pytest.raises(UnsupportedOperationError, match="KeySpec ECC_NIST_P256 is not supported here"):
        kms.create_key(ROOT, key_spec="ECC_NIST_P256", key_usage="SIGN_VERIFY")
    with kms._core.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM keys WHERE state = 'Creating'").scalar() == 0


def test_a_key_that_cannot_be_filed_leaves_nothing_in_the_token(
    kms: Kms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KMSInternalError("the store failed")

    discarded: list[str] = []
    discard = kms._hsm.discard_unfiled
    monkeypatch.setattr(
        kms._hsm, "discard_unfiled", lambda permit, key: (discarded.append(key), discard(permit, key))
    )
    monkeypatch.setattr(keys, "enable_with", fail)
    with pytest.raises(KMSInternalError):
        kms.create_key(ROOT, key_spec="ECC_NIST_EDWARDS25519", key_usage="SIGN_VERIFY")
    assert len(discarded) == 1
    session = kms._hsm._lanes._lanes[0].session
    assert resident_keys.made_for(session, discarded[0]) == []


def test_a_key_that_was_filed_after_all_is_not_discarded(kms: Kms, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that is kept, and says that it was not: what the store then holds decides."""
    enable, record = keys.enable_with, kms._core.database.record
    filed: list[object] = []
    discarded: list[object] = []

    @contextmanager
    def kept_but_lost() -> Iterator[object]:
        with record() as connection:
            yield connection
        if filed:
            filed.clear()
            raise KMSInternalError("the store failed")

    monkeypatch.setattr(keys, "enable_with", lambda *given: (enable(*given), filed.append(given)))
    monkeypatch.setattr(kms._core.database, "record", kept_but_lost)
    monkeypatch.setattr(kms._hsm, "discard_unfiled", lambda *given: discarded.append(given))
    with pytest.raises(KMSInternalError):
        kms.create_key(ROOT, key_spec="ECC_NIST_EDWARDS25519", key_usage="SIGN_VERIFY")
    assert discarded == []
    monkeypatch.undo()
    assert kms.create_key(ROOT).arn  # the log goes on behind the record that was kept


def test_a_key_whose_making_is_interrupted_does_not_come_into_being_later(
    kms: Kms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while its last commit waits: nobody else's commit may take it along, for its material is gone."""
    other = kms.create_key(ROOT).arn
    linger, lingered, discarded = kms._core.turns.linger, [], []

    def interrupted() -> None:
        lingered.append(1)
        if len(lingered) == 2:  # the first one is the intent
            raise KeyboardInterrupt
        linger()

    discard = kms._hsm.discard_unfiled

    def noted(permit: object, key_id: str) -> None:
        kms.encrypt(ROOT, other, b"x")  # commits whatever waits
        discarded.append(key_id)
        discard(permit, key_id)

    monkeypatch.setattr(kms._core.turns, "linger", interrupted)
    monkeypatch.setattr(kms._hsm, "discard_unfiled", noted)
    with pytest.raises(KeyboardInterrupt):
        kms.create_key(ROOT, key_spec="ECC_NIST_EDWARDS25519", key_usage="SIGN_VERIFY")
    (key_id,) = discarded
    kms.encrypt(ROOT, other, b"x")
    with pytest.raises(NotFoundError):
        kms.describe_key(ROOT, key_id)
