"""Signature vectors against the function that Verify calls."""

from __future__ import annotations

import hashlib

import pytest

from kms_core import public_keys
from kms_core.model.key_specs import SIGNING_ALGORITHMS, SigningScheme
from tests.kms_core.vectors.wycheproof import Vector, judge, vectors

FOLDER = "Signature/wycheproof/"
KINDS = {
    "ECDSA_SHA_256": ("ecdsa_secp256r1_sha256", "ecdsa_secp256k1_sha256"),
    "ECDSA_SHA_384": ("ecdsa_secp384r1_sha384",),
    "ECDSA_SHA_512": ("ecdsa_secp521r1_sha512",),
    "ED25519_SHA_512": ("ed25519",),
    "RSASSA_PKCS1_V1_5_SHA_256": ("rsa_signature_2048_sha256", "rsa_signature_3072_sha256", "rsa_signature_4096_sha256"),
    "RSASSA_PKCS1_V1_5_SHA_384": ("rsa_signature_2048_sha384", "rsa_signature_3072_sha384", "rsa_signature_4096_sha384"),
    "RSASSA_PKCS1_V1_5_SHA_512": ("rsa_signature_2048_sha512", "rsa_signature_3072_sha512", "rsa_signature_4096_sha512"),
    "RSASSA_PSS_SHA_256": ("rsa_pss_2048_sha256_mgf1_32", "rsa_pss_3072_sha256_mgf1_32", "rsa_pss_4096_sha256_mgf1_32"),
    "RSASSA_PSS_SHA_384": ("rsa_pss_2048_sha384_mgf1_48", "rsa_pss_4096_sha384_mgf1_48"),
    "RSASSA_PSS_SHA_512": ("rsa_pss_4096_sha512_mgf1_64",),
}  # fmt: skip
CASES = [(algorithm, file) for algorithm, files in KINDS.items() for file in files]


@pytest.mark.parametrize(("algorithm", "file"), CASES)
def test_signatures(algorithm: str, file: str) -> None:
    facts = SIGNING_ALGORITHMS[algorithm]

    def accepts(case: Vector) -> bool:
        message = case.bytes("msg")
        plain = facts.scheme is SigningScheme.ED25519
        signed = message if plain else hashlib.new(facts.hash, message).digest()
        key = bytes.fromhex(case.group["publicKeyDer"])
        return public_keys.verify(key, algorithm, signed, case.bytes("sig"))

    judge(file, vectors(FOLDER + file), accepts, lambda _: "")


def test_every_algorithm_that_is_verified_has_vectors() -> None:
    assert set(KINDS) == set(SIGNING_ALGORITHMS) - {"ED25519_PH_SHA_512"}
