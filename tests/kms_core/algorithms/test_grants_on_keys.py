"""Grants on keys of every kind: what they may allow, and that they allow that and nothing else.

What a grant may allow is reviewed in fixtures/kms/grant_operations.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.session
import pytest

from kms_core.errors import (
    AccessDeniedError,
    IncorrectKeyError,
    InvalidKeyUsageError,
    KmsError,
    UnsupportedOperationError,
    ValidationError,
)
from kms_core.model.caller import Caller
from kms_core.model.grant_operations import GRANT_OPERATIONS, supported
from kms_core.model.key import KeyMetadata, KeySpec, KeyUsage
from kms_core.model.key_specs import ALGORITHMS
from policy_engine import GrantConstraints

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.service import Kms

    Key = Callable[..., str]
    Audit = Callable[[], list[dict[str, object]]]

ROOT = "arn:aws:iam::111122223333:root"
FILE = Path(__file__).parents[3] / "fixtures" / "kms" / "grant_operations.json"
REVIEWED = json.loads(FILE.read_text(encoding="utf-8"))["operations"]
SOURCE = "arn:aws:s3:us-east-1:111122223333:accesspoint/reports"

KINDS = {
    "symmetric encryption": ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
    "asymmetric ENCRYPT_DECRYPT": ("RSA_2048", "ENCRYPT_DECRYPT"),
    "asymmetric SIGN_VERIFY": ("ECC_NIST_P256", "SIGN_VERIFY"),
    "asymmetric KEY_AGREEMENT": ("ECC_NIST_P256", "KEY_AGREEMENT"),
    "HMAC": ("HMAC_256", "GENERATE_VERIFY_MAC"),
}
"""A key of each kind that the fixture names."""

OAEP = "RSAES_OAEP_SHA_1"
SIGN = {"message": b"m", "signing_algorithm": "ECDSA_SHA_256"}
MAC = {"message": b"m", "mac_algorithm": "HMAC_SHA_256"}


def _reviewed(kind: str) -> set[str]:
    return {operation for operation, kinds in REVIEWED.items() if kind in kinds}


def _role(name: str) -> str:
    return f"arn:aws:iam::111122223333:role/{name}"


def _kind(spec: str, usage: str) -> str:
    if spec == "SYMMETRIC_DEFAULT":
        return "symmetric encryption"
    return "HMAC" if usage == "GENERATE_VERIFY_MAC" else f"asymmetric {usage}"


def _calls(kms: Kms, key: Key, kind: str, arn: str, caller: str) -> dict[str, Callable[[], object]]:
    """Each grant operation on a key, as a call that works where key and caller may.

    ReEncrypt needs two keys: for either side the other one is a key on which everybody may.
    """
    other = key()
    rsa = {"encryption_algorithm": OAEP} if kind.startswith("asymmetric") else {}
    source = {"source_encryption_algorithm": OAEP, "source_key_id": arn} if rsa else {}
    destination = {"destination_encryption_algorithm": OAEP} if rsa else {}

    def made(method: str, *given: object, **named: object) -> bytes:
        """What the key's owner made for the call; a key that cannot make it gets something as good as any."""
        try:
            answer = getattr(kms, method)(ROOT, arn, *given, **named)
        except KmsError:
            return blob_of_other
        names = {
            "encrypt": "ciphertext_blob",
            "sign": "signature",
            "generate_mac": "mac",
            "get_public_key": "public_key",
        }
        return getattr(answer, names[method])

    blob_of_other = kms.encrypt(ROOT, other, b"x").ciphertext_blob
    blob = made("encrypt", b"x", **rsa)
    return {
        "Encrypt": lambda: kms.encrypt(caller, arn, b"x", **rsa),
        "Decrypt": lambda: kms.decrypt(caller, blob, key_id=arn, **rsa),
        "ReEncryptFrom": lambda: kms.re_encrypt(caller, blob, other, **(source or {"source_key_id": arn})),
        "ReEncryptTo": lambda: kms.re_encrypt(caller, blob_of_other, arn, **destination),
        "GenerateDataKey": lambda: kms.generate_data_key(caller, arn, key_spec="AES_256"),
        "GenerateDataKeyWithoutPlaintext": lambda: kms.generate_data_key_without_plaintext(
            caller, arn, key_spec="AES_256"
        ),
        "GenerateDataKeyPair": lambda: kms.generate_data_key_pair(caller, arn, "ECC_NIST_P256"),
        "GenerateDataKeyPairWithoutPlaintext": lambda: kms.generate_data_key_pair_without_plaintext(
            caller, arn, "ECC_NIST_P256"
        ),
        "Sign": lambda: kms.sign(caller, arn, **SIGN),
        "Verify": lambda: kms.verify(caller, arn, **SIGN, signature=made("sign", **SIGN)),
        "GetPublicKey": lambda: kms.get_public_key(caller, arn),
        "GenerateMac": lambda: kms.generate_mac(caller, arn, **MAC),
        "VerifyMac": lambda: kms.verify_mac(caller, arn, **MAC, mac=made("generate_mac", **MAC)),
        "DeriveSharedSecret": lambda: kms.derive_shared_secret(caller, arn, made("get_public_key")),
        "DescribeKey": lambda: kms.describe_key(caller, arn),
        "CreateGrant": lambda: kms.create_grant(caller, arn, _role("child"), ["DescribeKey"]),
    }  # fmt: skip


@pytest.fixture
def open_to_all(kms: Kms, key: Key) -> Key:
    """The run's keys; on the symmetric encryption key everybody of the account may use ReEncrypt."""
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:ReEncrypt*", "Resource": "*"},
    ]
    arn = kms.create_key(ROOT, policy=json.dumps({"Version": "2012-10-17", "Statement": statements})).arn
    return lambda *kind: key(*kind) if kind else arn


def test_the_table_is_what_was_reviewed() -> None:
    model = botocore.session.get_session().get_service_model("kms")
    assert list(GRANT_OPERATIONS) == model.shape_for("GrantOperation").enum
    assert set(REVIEWED) == set(GRANT_OPERATIONS)
    for spec, usage in ALGORITHMS:
        key = KeyMetadata("id", "arn", "111122223333", 0.0, spec=KeySpec(spec), usage=KeyUsage(usage))
        assert supported(key) == _reviewed(_kind(spec, usage)), (spec, usage)


@pytest.mark.parametrize("kind", KINDS)
def test_a_grant_is_made_for_what_the_key_supports_alone(kms: Kms, key: Key, kind: str) -> None:
    arn = key(*KINDS[kind])
    for operation in GRANT_OPERATIONS:
        # beside one that any key supports: a grant of CreateGrant alone is none
        wanted = ["DescribeKey", operation]
        if operation in _reviewed(kind):
            made = kms.create_grant(ROOT, arn, _role("any"), wanted)
            kms.revoke_grant(ROOT, arn, made.grant_id)
            continue
        before = kms.list_grants(ROOT, arn).grants
        with pytest.raises(ValidationError, match=f"`{operation}` is not supported .* {KINDS[kind][1]}"):
            kms.create_grant(ROOT, arn, _role("any"), wanted)
        assert kms.list_grants(ROOT, arn).grants == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_does_what_a_grant_on_it_may_allow_and_nothing_else(kms: Kms, key: Key, kind: str) -> None:
    """Who may do everything with the key can do with it what the table has, and is refused the rest."""
    for operation, call in _calls(kms, key, kind, key(*KINDS[kind]), ROOT).items():
        if operation in _reviewed(kind):
            assert call()
        else:
            # to Decrypt and ReEncrypt a key that does not decrypt is first of all another key
            with pytest.raises((InvalidKeyUsageError, UnsupportedOperationError, IncorrectKeyError)):
                call()


@pytest.mark.parametrize("kind", KINDS)
def test_a_grantee_may_do_what_the_grant_names_and_nothing_else(
    kms: Kms, key: Key, open_to_all: Key, kind: str, audit: Audit
) -> None:
    arn = key(*KINDS[kind])
    possible = sorted(_reviewed(kind) - {"RetireGrant"})
    for operation in possible:
        role = _role(f"{operation}-{'-'.join(KINDS[kind])}")
        calls = _calls(kms, open_to_all, kind, arn, role)
        with pytest.raises(AccessDeniedError):
            calls[operation]()
        beside = {"DescribeKey"} if operation == "CreateGrant" else set()
        made = kms.create_grant(ROOT, arn, role, [operation, *beside])
        for other in possible:
            if other in {operation, *beside}:
                assert calls[other]()
                assert f"grant:{made.grant_id}" in str(audit()[-1]["decisions"])
            else:
                with pytest.raises(AccessDeniedError):
                    calls[other]()
        kms.revoke_grant(ROOT, arn, made.grant_id)
        with pytest.raises(AccessDeniedError):
            calls[operation]()


@pytest.mark.parametrize("kind", KINDS)
def test_a_grantee_may_retire_where_the_grant_says_so(kms: Kms, key: Key, kind: str) -> None:
    arn = key(*KINDS[kind])
    role = _role("retiring")
    without = kms.create_grant(ROOT, arn, role, ["DescribeKey"])
    with pytest.raises(AccessDeniedError):
        kms.retire_grant(role, key_id=arn, grant_id=without.grant_id)
    having = kms.create_grant(ROOT, arn, role, ["DescribeKey", "RetireGrant"])
    kms.retire_grant(role, key_id=arn, grant_id=having.grant_id)
    kms.revoke_grant(ROOT, arn, without.grant_id)
    with pytest.raises(AccessDeniedError):
        kms.describe_key(role, arn)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "constraints",
    [
        GrantConstraints(encryption_context_equals={"tenant": "acme"}),
        GrantConstraints(encryption_context_subset={"tenant": "acme"}),
        GrantConstraints({"tenant": "acme"}, source_arn=SOURCE),
    ],
)
def test_a_constraint_on_the_encryption_context_is_for_symmetric_encryption_keys(
    kms: Kms, key: Key, kind: str, constraints: GrantConstraints
) -> None:
    arn = key(*KINDS[kind])

    def make() -> str:
        return kms.create_grant(ROOT, arn, _role("any"), ["DescribeKey"], constraints=constraints).grant_id

    if kind == "symmetric encryption":
        kms.revoke_grant(ROOT, arn, make())
    else:
        with pytest.raises(ValidationError, match="only for symmetric encryption keys"):
            make()


@pytest.mark.parametrize("kind", KINDS)
def test_a_constraint_on_the_source_is_for_keys_of_every_kind(kms: Kms, key: Key, kind: str) -> None:
    arn = key(*KINDS[kind])
    role = _role("for-a-source")
    # the call that shows the kind best
    operation = {
        "symmetric encryption": "GenerateDataKey",
        "asymmetric ENCRYPT_DECRYPT": "Encrypt",
        "asymmetric SIGN_VERIFY": "Sign",
        "asymmetric KEY_AGREEMENT": "DeriveSharedSecret",
        "HMAC": "GenerateMac",
    }[kind]
    made = kms.create_grant(ROOT, arn, role, [operation], constraints=GrantConstraints(source_arn=SOURCE))
    assert _calls(kms, key, kind, arn, Caller(role, session_context={"aws:SourceArn": SOURCE}))[operation]()
    for caller in (Caller(role), Caller(role, session_context={"aws:SourceArn": f"{SOURCE}2"})):
        with pytest.raises(AccessDeniedError):
            _calls(kms, key, kind, arn, caller)[operation]()
    kms.revoke_grant(ROOT, arn, made.grant_id)


def test_a_grant_from_a_grant_on_a_signing_key_is_no_wider(kms: Kms, key: Key) -> None:
    arn = key(*KINDS["asymmetric SIGN_VERIFY"])
    parent, child = _role("parent"), _role("signer")
    made = kms.create_grant(ROOT, arn, parent, ["CreateGrant", "Sign"])
    with pytest.raises(AccessDeniedError):
        kms.create_grant(parent, arn, child, ["Sign", "Verify"])
    handed_on = kms.create_grant(parent, arn, child, ["Sign"])
    signature = kms.sign(child, arn, **SIGN).signature
    with pytest.raises(AccessDeniedError):
        kms.verify(child, arn, **SIGN, signature=signature)
    assert kms.verify(ROOT, arn, **SIGN, signature=signature).signature_valid
    for each in (made, handed_on):
        kms.revoke_grant(ROOT, arn, each.grant_id)


def test_who_may_not_make_grants_is_not_told_what_the_key_supports(kms: Kms, key: Key) -> None:
    """Authorization is before everything that the key's kind decides."""
    for constraints in (None, GrantConstraints(encryption_context_equals={"tenant": "acme"})):
        with pytest.raises(AccessDeniedError):
            kms.create_grant(
                _role("nobody"),
                key("HMAC_256", "GENERATE_VERIFY_MAC"),
                ROOT,
                ["Sign"],
                constraints=constraints,
            )
