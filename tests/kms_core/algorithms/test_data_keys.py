from __future__ import annotations

import base64
import logging
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from kms_core.errors import (
    AccessDeniedError,
    InvalidCiphertextError,
    InvalidKeyUsageError,
    KmsError,
    UnsupportedOperationError,
    ValidationError,
)
from kms_core.hsm.protocol import KeyPair
from kms_core.model.key_specs import PAIR_SPECS

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.service import Kms

    Key = Callable[..., str]

ROOT = "arn:aws:iam::111122223333:root"
CONTEXT = {"tenant": "acme"}


def _belong_together(private: object, public: object) -> None:
    """Sign with one, verify with the other: neither knows of the token."""
    if isinstance(private, rsa.RSAPrivateKey):
        signature = private.sign(b"m", padding.PKCS1v15(), hashes.SHA256())
        public.verify(signature, b"m", padding.PKCS1v15(), hashes.SHA256())  # type: ignore[attr-defined]  # RSA's
    elif isinstance(private, ec.EllipticCurvePrivateKey):
        signature = private.sign(b"m", ec.ECDSA(hashes.SHA256()))
        public.verify(signature, b"m", ec.ECDSA(hashes.SHA256()))  # type: ignore[attr-defined]  # a curve's
    else:
        assert isinstance(private, ed25519.Ed25519PrivateKey)
        public.verify(private.sign(b"m"), b"m")  # type: ignore[attr-defined]  # Ed25519's


@pytest.mark.parametrize("spec", PAIR_SPECS)
def test_a_data_key_pair_loads_elsewhere(kms: Kms, key: Key, spec: str) -> None:
    made = kms.generate_data_key_pair(ROOT, key(), spec, encryption_context=CONTEXT)
    private = serialization.load_der_private_key(made.private_key_plaintext, None)
    public = serialization.load_der_public_key(made.public_key)

    assert (made.key_id, made.key_pair_spec) == (key(), spec)
    _belong_together(private, public)
    opened = kms.decrypt(ROOT, made.private_key_ciphertext_blob, CONTEXT)
    assert opened.plaintext == made.private_key_plaintext


def test_a_data_key_pair_without_plaintext(kms: Kms, key: Key) -> None:
    made = kms.generate_data_key_pair_without_plaintext(
        ROOT, key(), "ECC_NIST_P256", encryption_context=CONTEXT
    )
    opened = kms.decrypt(ROOT, made.private_key_ciphertext_blob, CONTEXT)
    _belong_together(
        serialization.load_der_private_key(opened.plaintext, None),
        serialization.load_der_public_key(made.public_key),
    )
    assert not hasattr(made, "private_key_plaintext")
    with pytest.raises(InvalidCiphertextError):
        kms.decrypt(ROOT, made.private_key_ciphertext_blob)


def test_a_data_key_without_plaintext(kms: Kms, key: Key) -> None:
    for given, length in (({"key_spec": "AES_128"}, 16), ({"number_of_bytes": 100}, 100)):
        made = kms.generate_data_key_without_plaintext(ROOT, key(), **given, encryption_context=CONTEXT)
        assert made.key_id == key()
        assert len(kms.decrypt(ROOT, made.ciphertext_blob, CONTEXT).plaintext) == length
        assert not hasattr(made, "plaintext")
    with pytest.raises(ValidationError):
        kms.generate_data_key_without_plaintext(ROOT, key())


@pytest.mark.parametrize("spec", ["SM2", "ML_KEM_512"])
def test_pairs_that_no_token_makes(kms: Kms, key: Key, spec: str) -> None:
    with pytest.raises(UnsupportedOperationError):
        kms.generate_data_key_pair(ROOT, key(), spec)


def test_a_pair_spec_that_there_is_not(kms: Kms, key: Key) -> None:
    with pytest.raises(ValidationError, match=r"Value 'HMAC_256' at 'keyPairSpec' .* enum value set"):
        kms.generate_data_key_pair(ROOT, key(), "HMAC_256")


def test_only_a_symmetric_encryption_key_makes_data_keys(kms: Kms, key: Key) -> None:
    for make in (
        lambda arn: kms.generate_data_key(ROOT, arn, key_spec="AES_256"),
        lambda arn: kms.generate_data_key_without_plaintext(ROOT, arn, key_spec="AES_256"),
        lambda arn: kms.generate_data_key_pair(ROOT, arn, "ECC_NIST_P256"),
        lambda arn: kms.generate_data_key_pair_without_plaintext(ROOT, arn, "ECC_NIST_P256"),
    ):
        with pytest.raises(InvalidKeyUsageError) as refused:
            make(key("RSA_2048"))
        assert refused.value.message == "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."
        with pytest.raises(InvalidKeyUsageError, match="key usage is SIGN_VERIFY which is not valid"):
            make(key("ECC_NIST_P256", "SIGN_VERIFY"))


class TestGenerateRandom:
    def test_as_many_bytes_as_asked(self, kms: Kms) -> None:
        for length in (1, 32, 1024):
            assert len(kms.generate_random(ROOT, length).plaintext) == length
        assert kms.generate_random(ROOT, 32) != kms.generate_random(ROOT, 32)

    @pytest.mark.parametrize(
        ("length", "says"), [(0, "greater than or equal to 1"), (1025, "less than or equal to 1024")]
    )
    def test_out_of_bounds(self, kms: Kms, length: int, says: str) -> None:
        with pytest.raises(ValidationError, match=f"Value '{length}' at 'numberOfBytes' .* {says}"):
            kms.generate_random(ROOT, length)

    def test_identity_policies_alone_decide_and_it_is_recorded(
        self, kms: Kms, audit: Callable[[], list[dict[str, Any]]]
    ) -> None:
        with pytest.raises(AccessDeniedError):
            kms.generate_random("arn:aws:iam::111122223333:role/app", 8)
        assert kms.generate_random(ROOT, 8)
        denied, allowed = audit()[-2:]
        assert [each["outcome"] for each in (denied, allowed)] == ["implicitDeny", "allowed"]
        for each in (denied, allowed):
            assert (each["action"], each["key_arn"]) == ("kms:GenerateRandom", None)
            (decision,) = each["decisions"]
            assert (decision["action"], decision["resource"]) == ("kms:GenerateRandom", "*")
            assert decision["outcome"] == each["outcome"]


def test_nothing_secret_is_in_a_repr_a_log_or_an_error(
    kms: Kms, key: Key, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = b"canary-plaintext-0123456789"
    pair = kms.generate_data_key_pair(ROOT, key(), "ECC_NIST_P256")
    random = kms.generate_random(ROOT, 32)
    agreeing = key("ECC_NIST_P256", "KEY_AGREEMENT")
    shared = kms.derive_shared_secret(ROOT, agreeing, pair.public_key)
    said = [repr(each) for each in (pair, random, shared, KeyPair(canary, canary))]
    hmac, rsa_key = key("HMAC_256", "GENERATE_VERIFY_MAC"), key("RSA_2048")
    for call in (
        lambda: kms.sign(ROOT, key("ECC_NIST_P256", "SIGN_VERIFY"), canary, "ECDSA_SHA_256"),
        lambda: kms.generate_mac(ROOT, hmac, canary, "HMAC_SHA_256"),
        lambda: kms.verify_mac(ROOT, hmac, canary, b"m", "HMAC_SHA_256"),
        lambda: kms.sign(ROOT, hmac, canary, "ECDSA_SHA_256"),
        lambda: kms.encrypt(ROOT, rsa_key, canary * 100, encryption_algorithm="RSAES_OAEP_SHA_1"),
        lambda: kms.decrypt(ROOT, canary * 8, key_id=rsa_key, encryption_algorithm="RSAES_OAEP_SHA_256"),
        lambda: kms.derive_shared_secret(ROOT, agreeing, canary),
    ):
        try:
            said.append(repr(call()))
        except KmsError as error:
            said.extend(traceback.format_exception(error))
    heard = "\n".join((*said, *caplog.messages))
    for secret in (canary, pair.private_key_plaintext, random.plaintext, shared.shared_secret):
        for spelling in (
            secret.decode("latin-1"),
            secret.hex(),
            base64.b64encode(secret).decode(),
            repr(secret),
        ):
            assert spelling not in heard
