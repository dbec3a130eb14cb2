from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from kms_core.errors import (
    InvalidKeyUsageError,
    KMSInternalError,
    KMSInvalidSignatureError,
    UnsupportedOperationError,
    ValidationError,
)
from kms_core.model.key_specs import ALGORITHMS, PAIR_SPECS, SIGNING_ALGORITHMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.service import Kms

    Key = Callable[..., str]

ROOT = "arn:aws:iam::111122223333:root"
MESSAGE = b"attack at dawn"
EVERY = [
    (spec, algorithm)
    for (spec, usage), algorithms in ALGORITHMS.items()
    for algorithm in algorithms
    if usage == "SIGN_VERIFY" and algorithm != "ED25519_PH_SHA_512"
]
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def verify_outside(public_key: bytes, algorithm: str, message: bytes, signature: bytes) -> None:
    """With `cryptography` alone, from the message on; raises where it is not valid."""
    key = serialization.load_der_public_key(public_key)
    digest = HASHES[algorithm[-3:]]
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, message)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, message, ec.ECDSA(digest))
    else:
        assert isinstance(key, rsa.RSAPublicKey)
        pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
        key.verify(signature, message, pss if "PSS" in algorithm else padding.PKCS1v15(), digest)


@pytest.mark.parametrize(("spec", "algorithm"), EVERY)
def test_what_sign_and_get_public_key_give_verifies_outside_and_here(
    kms: Kms, key: Key, spec: str, algorithm: str
) -> None:
    arn = key(spec, "SIGN_VERIFY")
    public = kms.get_public_key(ROOT, arn)
    signed = kms.sign(ROOT, arn, MESSAGE, algorithm)

    assert (public.key_id, public.key_spec, public.key_usage) == (arn, spec, "SIGN_VERIFY")
    assert public.signing_algorithms == ALGORITHMS[spec, "SIGN_VERIFY"]
    assert (signed.key_id, signed.signing_algorithm) == (arn, algorithm)
    verify_outside(public.public_key, algorithm, MESSAGE, signed.signature)
    verified = kms.verify(ROOT, arn, MESSAGE, signed.signature, algorithm)
    assert (verified.key_id, verified.signature_valid, verified.signing_algorithm) == (arn, True, algorithm)
    for wrong in (MESSAGE + b"!", MESSAGE[:-1]):
        with pytest.raises(KMSInvalidSignatureError) as refused:
            kms.verify(ROOT, arn, wrong, signed.signature, algorithm)
        assert refused.value.message == ""
    for place in (0, len(signed.signature) // 2, len(signed.signature) - 1):
        changed = bytearray(signed.signature)
        changed[place] ^= 1
        with pytest.raises(KMSInvalidSignatureError):
            kms.verify(ROOT, arn, MESSAGE, bytes(changed), algorithm)


@pytest.mark.parametrize(
    ("spec", "algorithm"), [pair for pair in EVERY if pair[0] in {"RSA_2048", "ECC_NIST_P521"}]
)
def test_a_digest_is_signed_like_its_message(kms: Kms, key: Key, spec: str, algorithm: str) -> None:
    arn = key(spec, "SIGN_VERIFY")
    digest = hashlib.new(SIGNING_ALGORITHMS[algorithm].hash, MESSAGE).digest()
    signature = kms.sign(ROOT, arn, digest, algorithm, message_type="DIGEST").signature

    assert kms.verify(ROOT, arn, MESSAGE, signature, algorithm).signature_valid
    assert kms.verify(ROOT, arn, digest, signature, algorithm, message_type="DIGEST").signature_valid
    with pytest.raises(KMSInvalidSignatureError):
        kms.verify(ROOT, arn, digest, signature, algorithm)
    for wrong in (digest[:-1], digest + b"\0", digest[:20]):
        for call in (
            lambda wrong=wrong: kms.sign(ROOT, arn, wrong, algorithm, message_type="DIGEST"),
            lambda wrong=wrong: kms.verify(ROOT, arn, wrong, signature, algorithm, message_type="DIGEST"),
        ):
            with pytest.raises(ValidationError) as refused:
                call()
            assert refused.value.message == f"Digest is invalid length for algorithm {algorithm}."


def test_ed25519_signs_messages_only_and_not_prehashed(kms: Kms, key: Key) -> None:
    arn = key("ECC_NIST_EDWARDS25519", "SIGN_VERIFY")
    with pytest.raises(ValidationError, match="Message type DIGEST is incompatible with key spec"):
        kms.sign(ROOT, arn, bytes(64), "ED25519_SHA_512", message_type="DIGEST")
    with pytest.raises(ValidationError, match="Message type RAW is incompatible with key spec"):
        kms.sign(ROOT, arn, MESSAGE, "ED25519_PH_SHA_512")
    for call in (
        lambda: kms.sign(ROOT, arn, bytes(64), "ED25519_PH_SHA_512", message_type="DIGEST"),
        lambda: kms.verify(ROOT, arn, bytes(64), b"s", "ED25519_PH_SHA_512", message_type="DIGEST"),
    ):
        with pytest.raises(UnsupportedOperationError):
            call()


@pytest.mark.parametrize("message_type", ["EXTERNAL_MU", "TEXT"])
def test_a_message_type_that_no_key_here_has(kms: Kms, key: Key, message_type: str) -> None:
    with pytest.raises(ValidationError):
        kms.sign(
            ROOT, key("ECC_NIST_P256", "SIGN_VERIFY"), MESSAGE, "ECDSA_SHA_256", message_type=message_type
        )


@pytest.mark.parametrize(
    ("spec", "algorithm"),
    [
        ("ECC_NIST_P256", "ECDSA_SHA_384"),
        ("ECC_SECG_P256K1", "ECDSA_SHA_512"),
        ("RSA_2048", "ECDSA_SHA_256"),
        ("ECC_NIST_P384", "RSASSA_PSS_SHA_384"),
        ("ECC_NIST_EDWARDS25519", "ECDSA_SHA_512"),
        ("RSA_2048", "SM2DSA"),
        ("RSA_2048", "ML_DSA_SHAKE_256"),
    ],
)
def test_an_algorithm_of_another_spec_is_refused(kms: Kms, key: Key, spec: str, algorithm: str) -> None:
    arn = key(spec, "SIGN_VERIFY")
    for call in (
        lambda: kms.sign(ROOT, arn, MESSAGE, algorithm),
        lambda: kms.verify(ROOT, arn, MESSAGE, b"s", algorithm),
    ):
        with pytest.raises(InvalidKeyUsageError) as refused:
            call()
        assert refused.value.message == f"Algorithm {algorithm} is incompatible with key spec {spec}."


@pytest.mark.parametrize(
    ("spec", "usage"),
    [
        ("HMAC_256", "GENERATE_VERIFY_MAC"),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
        ("RSA_2048", "ENCRYPT_DECRYPT"),
        ("ECC_NIST_P256", "KEY_AGREEMENT"),
    ],
)
def test_a_key_for_something_else_signs_nothing(kms: Kms, key: Key, spec: str, usage: str) -> None:
    arn = key(spec, usage)
    with pytest.raises(InvalidKeyUsageError) as refused:
        kms.sign(ROOT, arn, MESSAGE, "RSASSA_PSS_SHA_256")
    assert refused.value.message == f"{arn} key usage is {usage} which is not valid for Sign."
    with pytest.raises(InvalidKeyUsageError) as refused:
        kms.verify(ROOT, arn, MESSAGE, b"s", "RSASSA_PSS_SHA_256")
    assert refused.value.message == f"{arn} key usage is {usage} which is not valid for Verify."


@pytest.mark.parametrize(
    ("message", "signature", "algorithm", "says"),
    [
        (b"", b"s", "ECDSA_SHA_256", "'message' .* greater than or equal to 1"),
        (b"x" * 4097, b"s", "ECDSA_SHA_256", "'message' .* less than or equal to 4096"),
        (b"x", b"", "ECDSA_SHA_256", "'signature' .* greater than or equal to 1"),
        (b"x", b"s" * 6145, "ECDSA_SHA_256", "'signature' .* less than or equal to 6144"),
        (b"x", b"s", "ECDSA", "Value 'ECDSA' at 'signingAlgorithm' .* enum value set"),
    ],
)
def test_parameters_out_of_bounds(
    kms: Kms, key: Key, *, message: bytes, signature: bytes, algorithm: str, says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        kms.verify(ROOT, key("ECC_NIST_P256", "SIGN_VERIFY"), message, signature, algorithm)


@pytest.mark.parametrize(
    ("spec", "usage"), [("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"), ("HMAC_256", "GENERATE_VERIFY_MAC")]
)
def test_a_symmetric_key_has_no_public_key(kms: Kms, key: Key, spec: str, usage: str) -> None:
    with pytest.raises(UnsupportedOperationError, match=f"key spec is {spec} which is not valid"):
        kms.get_public_key(ROOT, key(spec, usage))


def test_a_public_key_that_was_changed_in_the_store_is_not_given_out(kms: Kms) -> None:
    made = kms.create_key(ROOT, key_spec="ECC_NIST_P256", key_usage="SIGN_VERIFY")
    other = kms.create_key(ROOT, key_spec="ECC_NIST_P256", key_usage="SIGN_VERIFY")
    with kms._core.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE backing_keys SET blob = (SELECT blob FROM backing_keys WHERE key_id = ?) WHERE key_id = ?",
            (other.key_id, made.key_id),
        )
    with pytest.raises(KMSInternalError):
        kms.get_public_key(ROOT, made.arn)
    with pytest.raises(KMSInternalError):
        kms.verify(ROOT, made.arn, MESSAGE, b"s", "ECDSA_SHA_256")


def test_every_asymmetric_spec_signs_or_agrees() -> None:
    assert {spec for spec, _ in EVERY} == set(PAIR_SPECS)
