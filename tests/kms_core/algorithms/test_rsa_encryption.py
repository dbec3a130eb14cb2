from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kms_core.errors import (
    IncorrectKeyError,
    InvalidCiphertextError,
    InvalidKeyUsageError,
    UnsupportedOperationError,
    ValidationError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.service import Kms

    Key = Callable[..., str]

ROOT = "arn:aws:iam::111122223333:root"
HASHES = {"RSAES_OAEP_SHA_1": hashes.SHA1(), "RSAES_OAEP_SHA_256": hashes.SHA256()}  # noqa: S303 - the API's
ROOM = {
    ("RSA_2048", "RSAES_OAEP_SHA_1"): 214,
    ("RSA_2048", "RSAES_OAEP_SHA_256"): 190,
    ("RSA_3072", "RSAES_OAEP_SHA_1"): 342,
    ("RSA_3072", "RSAES_OAEP_SHA_256"): 318,
    ("RSA_4096", "RSAES_OAEP_SHA_1"): 470,
    ("RSA_4096", "RSAES_OAEP_SHA_256"): 446,
}
"""API reference, Encrypt: the maximum size of the data for each key spec and algorithm."""


@pytest.mark.parametrize(("spec", "algorithm"), ROOM)
def test_as_much_as_fits_comes_back_and_no_more_fits(kms: Kms, key: Key, spec: str, algorithm: str) -> None:
    arn, most = key(spec), ROOM[spec, algorithm]
    for length in (1, most):
        sealed = kms.encrypt(ROOT, arn, b"m" * length, encryption_algorithm=algorithm)
        opened = kms.decrypt(ROOT, sealed.ciphertext_blob, key_id=arn, encryption_algorithm=algorithm)
        assert opened.plaintext == b"m" * length
        assert sealed.encryption_algorithm == opened.encryption_algorithm == algorithm
    with pytest.raises(ValidationError) as refused:
        kms.encrypt(ROOT, arn, b"m" * (most + 1), encryption_algorithm=algorithm)
    assert refused.value.message == (
        f"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {most} bytes."
    )


@pytest.mark.parametrize(("spec", "algorithm"), ROOM)
def test_what_is_encrypted_outside_is_decrypted_inside(kms: Kms, key: Key, spec: str, algorithm: str) -> None:
    arn = key(spec)
    public = serialization.load_der_public_key(kms.get_public_key(ROOT, arn).public_key)
    assert isinstance(public, rsa.RSAPublicKey)
    oaep = padding.OAEP(padding.MGF1(HASHES[algorithm]), HASHES[algorithm], None)
    ciphertext = public.encrypt(b"attack at dawn", oaep)
    opened = kms.decrypt(ROOT, ciphertext, key_id=arn, encryption_algorithm=algorithm)
    assert opened.plaintext == b"attack at dawn"


def test_every_fault_of_a_ciphertext_is_one_answer(kms: Kms, key: Key) -> None:
    arn = key("RSA_2048")
    for algorithm in HASHES:
        good = kms.encrypt(ROOT, arn, b"m", encryption_algorithm=algorithm).ciphertext_blob
        other = next(each for each in HASHES if each != algorithm)
        for wrong, by in ((good, other), (good[1:], algorithm), (good[::-1], algorithm), (b"x", algorithm)):
            with pytest.raises(InvalidCiphertextError) as refused:
                kms.decrypt(ROOT, wrong, key_id=arn, encryption_algorithm=by)
            assert refused.value.message == ""


def test_a_ciphertext_that_names_no_key_needs_one_named(kms: Kms, key: Key) -> None:
    blob = kms.encrypt(ROOT, key("RSA_2048"), b"m", encryption_algorithm="RSAES_OAEP_SHA_1").ciphertext_blob
    with pytest.raises(ValidationError, match="KeyId is required"):
        kms.decrypt(ROOT, blob, encryption_algorithm="RSAES_OAEP_SHA_1")
    with pytest.raises(InvalidCiphertextError):
        kms.decrypt(ROOT, blob)


def test_an_rsa_key_authenticates_no_context(kms: Kms, key: Key) -> None:
    arn = key("RSA_2048")
    with pytest.raises(ValidationError, match="encryption context"):
        kms.encrypt(ROOT, arn, b"m", {"a": "b"}, encryption_algorithm="RSAES_OAEP_SHA_1")
    with pytest.raises(ValidationError, match="encryption context"):
        kms.decrypt(ROOT, b"c", {"a": "b"}, key_id=arn, encryption_algorithm="RSAES_OAEP_SHA_1")


@pytest.mark.parametrize(
    ("spec", "algorithm"),
    [("RSA_2048", "SYMMETRIC_DEFAULT"), ("RSA_2048", "SM2PKE"), ("SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1")],
)
def test_an_algorithm_of_another_spec_is_refused(kms: Kms, key: Key, spec: str, algorithm: str) -> None:
    with pytest.raises(InvalidKeyUsageError) as refused:
        kms.encrypt(ROOT, key(spec), b"m", encryption_algorithm=algorithm)
    assert refused.value.message == f"Algorithm {algorithm} is incompatible with key spec {spec}."


def test_an_algorithm_that_there_is_not(kms: Kms, key: Key) -> None:
    with pytest.raises(ValidationError, match=r"Value 'RSA' at 'encryptionAlgorithm' .* enum value set"):
        kms.encrypt(ROOT, key("RSA_2048"), b"m", encryption_algorithm="RSA")


def test_a_key_for_something_else_encrypts_and_decrypts_nothing(kms: Kms, key: Key) -> None:
    """As recorded: Encrypt names the usage; to Decrypt the ciphertext is first of all another key's."""
    arn = key("RSA_2048", "SIGN_VERIFY")
    with pytest.raises(InvalidKeyUsageError) as refused:
        kms.encrypt(ROOT, arn, b"m")
    assert refused.value.message == f"{arn} key usage is SIGN_VERIFY which is not valid for Encrypt."
    blob = kms.encrypt(ROOT, key(), b"m").ciphertext_blob
    with pytest.raises(IncorrectKeyError):
        kms.decrypt(ROOT, blob, key_id=arn)
    with pytest.raises(InvalidKeyUsageError):
        kms.decrypt(ROOT, b"c" * 256, key_id=arn, encryption_algorithm="RSAES_OAEP_SHA_1")


def test_unpadding_outside_can_be_refused(kms: Kms, key: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nothing is encrypted that could not be decrypted."""
    arn = key("RSA_2048")
    able = {"RSA_2048": frozenset({"RSAES_OAEP_SHA_1"})}
    for lane in kms._hsm._lanes._lanes:
        monkeypatch.setattr(lane, "capabilities", replace(lane.capabilities, algorithms=able))
    for call in (
        lambda: kms.encrypt(ROOT, arn, b"m", encryption_algorithm="RSAES_OAEP_SHA_256"),
        lambda: kms.decrypt(ROOT, b"c" * 256, key_id=arn, encryption_algorithm="RSAES_OAEP_SHA_256"),
    ):
        with pytest.raises(UnsupportedOperationError):
            call()
