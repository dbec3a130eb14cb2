from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519

from kms_core.errors import InvalidKeyUsageError, ValidationError
from kms_core.public_keys import CURVES

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.service import Kms

    Key = Callable[..., str]

ROOT = "arn:aws:iam::111122223333:root"
USAGE = "KEY_AGREEMENT"
SPECS = ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"]


def der(key: object) -> bytes:
    return key.public_bytes(  # type: ignore[attr-defined]  # a public key
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@pytest.mark.parametrize("spec", SPECS)
def test_both_sides_derive_the_same_secret(kms: Kms, key: Key, spec: str) -> None:
    arn = key(spec, USAGE)
    public = kms.get_public_key(ROOT, arn)
    ours = serialization.load_der_public_key(public.public_key)
    assert isinstance(ours, ec.EllipticCurvePublicKey)
    assert public.key_agreement_algorithms == ("ECDH",)
    for _ in range(5):
        peer = ec.generate_private_key(CURVES[spec]())
        derived = kms.derive_shared_secret(ROOT, arn, der(peer.public_key()))
        assert derived.shared_secret == peer.exchange(ec.ECDH(), ours)
        assert (derived.key_id, derived.key_agreement_algorithm, derived.key_origin) == (
            arn,
            "ECDH",
            "AWS_KMS",
        )


@pytest.mark.parametrize(
    "public_key",
    [
        b"no key",
        der(ec.generate_private_key(ec.SECP384R1()).public_key()),
        der(ec.generate_private_key(ec.SECP256K1()).public_key()),
        der(x25519.X25519PrivateKey.generate().public_key()),
        der(ec.generate_private_key(ec.SECP256R1()).public_key())[:-1],
        der(ec.generate_private_key(ec.SECP256R1()).public_key())[:-32] + bytes(32),  # not on the curve
    ],
    ids=["garbage", "another curve", "another of its length", "another kind", "cut short", "off the curve"],
)
def test_what_is_no_public_key_on_the_curve_is_refused(kms: Kms, key: Key, public_key: bytes) -> None:
    with pytest.raises(ValidationError):
        kms.derive_shared_secret(ROOT, key("ECC_NIST_P256", USAGE), public_key)


def test_a_key_that_signs_agrees_on_nothing(kms: Kms, key: Key) -> None:
    arn = key("ECC_NIST_P256", "SIGN_VERIFY")
    peer = der(ec.generate_private_key(ec.SECP256R1()).public_key())
    with pytest.raises(InvalidKeyUsageError) as refused:
        kms.derive_shared_secret(ROOT, arn, peer)
    assert (
        refused.value.message == f"{arn} key usage is SIGN_VERIFY which is not valid for DeriveSharedSecret."
    )


def test_parameters_out_of_bounds(kms: Kms, key: Key) -> None:
    arn = key("ECC_NIST_P256", USAGE)
    with pytest.raises(ValidationError, match=r"'publicKey' .* less than or equal to 8192"):
        kms.derive_shared_secret(ROOT, arn, b"x" * 8193)
    with pytest.raises(ValidationError, match="Value 'DH' at 'keyAgreementAlgorithm'"):
        kms.derive_shared_secret(ROOT, arn, b"x", key_agreement_algorithm="DH")
