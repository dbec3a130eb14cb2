"""What calls of these operations tell the policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import AccessDeniedError
from kms_core.model.caller import Caller
from kms_core.model.operations import Operation
from kms_core.service import context

if TYPE_CHECKING:
    from kms_core.service import Kms

ROOT = "arn:aws:iam::111122223333:root"
APP = "arn:aws:iam::111122223333:role/app"

CASES = {
    "kms:SigningAlgorithm": ("ECDSA_SHA_256", "ECC_NIST_P256", "SIGN_VERIFY", "sign"),
    "kms:MessageType": ("DIGEST", "ECC_NIST_P256", "SIGN_VERIFY", "sign"),
    "kms:MacAlgorithm": ("HMAC_SHA_256", "HMAC_256", "GENERATE_VERIFY_MAC", "generate_mac"),
    "kms:EncryptionAlgorithm": ("RSAES_OAEP_SHA_1", "RSA_2048", "ENCRYPT_DECRYPT", "encrypt"),
    "kms:DataKeyPairSpec": ("ECC_NIST_P256", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "generate_data_key_pair"),
    "kms:KeyAgreementAlgorithm": ("ECDH", "ECC_NIST_P256", "KEY_AGREEMENT", "derive_shared_secret"),
    "kms:KeySpec": ("HMAC_256", "HMAC_256", "GENERATE_VERIFY_MAC", "generate_mac"),
    "kms:KeyUsage": ("SIGN_VERIFY", "ECC_NIST_P256", "SIGN_VERIFY", "sign"),
}  # fmt: skip


def _call(kms: Kms, arn: str, operation: str) -> object:
    given: dict[str, tuple[tuple[object, ...], dict[str, object]]] = {
        "sign": ((bytes(32), "ECDSA_SHA_256"), {"message_type": "DIGEST"}),
        "generate_mac": ((b"m", "HMAC_SHA_256"), {}),
        "encrypt": ((b"m",), {"encryption_algorithm": "RSAES_OAEP_SHA_1"}),
        "generate_data_key_pair": (("ECC_NIST_P256",), {}),
        "derive_shared_secret": ((kms.get_public_key(ROOT, arn).public_key,), {})
        if operation == "derive_shared_secret"
        else ((), {}),
    }
    positional, named = given[operation]
    return getattr(kms, operation)(APP, arn, *positional, **named)


def _key(kms: Kms, spec: str, usage: str, condition: dict[str, object]) -> str:
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": APP}, "Action": "kms:*", "Resource": "*", "Condition": condition},
    ]  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return kms.create_key(ROOT, key_spec=spec, key_usage=usage, policy=policy).arn


@pytest.mark.parametrize("name", CASES)
def test_a_policy_can_ask_for_it(kms: Kms, name: str) -> None:
    value, spec, usage, operation = CASES[name]
    assert _call(kms, _key(kms, spec, usage, {"StringEquals": {name: value}}), operation)
    with pytest.raises(AccessDeniedError):
        _call(kms, _key(kms, spec, usage, {"StringNotEquals": {name: value}}), operation)


def test_a_new_key_says_its_spec_and_usage() -> None:
    given = context.create_key(bypass=None, key_spec="HMAC_256", key_usage="GENERATE_VERIFY_MAC")
    carried = context.of_call(Operation.CREATE_KEY, Caller(APP), "us-east-1", "*", given)
    assert carried["kms:KeySpec"] == carried["kms:CustomerMasterKeySpec"] == "HMAC_256"
    assert carried["kms:KeyUsage"] == "GENERATE_VERIFY_MAC"
