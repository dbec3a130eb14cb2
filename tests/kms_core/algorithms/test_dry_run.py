"""A dry run says what the call itself would: every operation that has the parameter, in every situation.

Which operations have it is taken from the API model. Each case is tried and then done, and the two must agree.
"""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import botocore.session
import pytest

from kms_core.errors import (
    AccessDeniedError,
    DisabledError,
    DryRunOperationError,
    IncorrectKeyError,
    InvalidCiphertextError,
    InvalidGrantTokenError,
    InvalidKeyUsageError,
    KmsError,
    KMSInvalidMacError,
    KMSInvalidSignatureError,
    LimitExceededError,
    NotFoundError,
    UnsupportedOperationError,
    ValidationError,
)
from kms_core.service import Kms
from kms_core.service.message_budget import MessageBudget

if TYPE_CHECKING:
    from collections.abc import Callable

    Key = Callable[..., str]
    Audit = Callable[[], list[dict[str, object]]]

ROOT = "arn:aws:iam::111122223333:root"
APP = "arn:aws:iam::111122223333:role/app"
NOBODY = "arn:aws:iam::111122223333:role/nobody"
MODEL = botocore.session.get_session().get_service_model("kms")
WITHOUT = {"Encapsulate", "Decapsulate"}
"""Operations of the API that this core does not have, since no token does ML-KEM."""

SYMMETRIC = ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
RSA = ("RSA_2048", "ENCRYPT_DECRYPT")
P256 = ("ECC_NIST_P256", "SIGN_VERIFY")
P256_AGREEMENT = ("ECC_NIST_P256", "KEY_AGREEMENT")
P384_AGREEMENT = ("ECC_NIST_P384", "KEY_AGREEMENT")
HMAC = ("HMAC_256", "GENERATE_VERIFY_MAC")


@dataclass(frozen=True)
class Shape:
    """How an operation is called so that it works.

    Attributes:
        kind: a key that it works with.
        arguments: what it is given besides the key.
        key: the parameter that names the key.
        wrong: a key of another usage.
        refused: how it is refused with such a key; None where any key will do.
        when_disabled: how it is refused while its key is disabled.
    """

    kind: tuple[str, str]
    arguments: dict[str, object] = field(default_factory=dict)
    key: str = "key_id"
    wrong: tuple[str, str] = P256
    refused: type[KmsError] | None = InvalidKeyUsageError
    when_disabled: type[KmsError] | None = DisabledError


_DATA = {"key_spec": "AES_256"}
_PAIR = {"key_pair_spec": "ECC_NIST_P256"}
_SIGN = {"message": b"m", "signing_algorithm": "ECDSA_SHA_256"}
_MAC = {"message": b"m", "mac_algorithm": "HMAC_SHA_256"}
SHAPES = {
    "Encrypt": Shape(SYMMETRIC, {"plaintext": b"secret"}),
    # a ciphertext that names another key is refused for that first
    "Decrypt": Shape(SYMMETRIC, {"ciphertext_blob": ...}, refused=IncorrectKeyError),
    "ReEncrypt": Shape(
        SYMMETRIC,
        {"ciphertext_blob": ..., "destination_key_id": SYMMETRIC},
        key="source_key_id",
        refused=IncorrectKeyError,
    ),
    "GenerateDataKey": Shape(SYMMETRIC, _DATA),
    "GenerateDataKeyWithoutPlaintext": Shape(SYMMETRIC, _DATA),
    "GenerateDataKeyPair": Shape(SYMMETRIC, _PAIR),
    "GenerateDataKeyPairWithoutPlaintext": Shape(SYMMETRIC, _PAIR),
    "Sign": Shape(P256, _SIGN, wrong=SYMMETRIC),
    "Verify": Shape(P256, {**_SIGN, "signature": ...}, wrong=HMAC),
    "GenerateMac": Shape(HMAC, _MAC),
    "VerifyMac": Shape(HMAC, {**_MAC, "mac": ...}),
    "DeriveSharedSecret": Shape(P256_AGREEMENT, {"public_key": P256_AGREEMENT}),
    "CreateGrant": Shape(
        SYMMETRIC, {"grantee_principal": APP, "operations": ["Decrypt"]}, refused=ValidationError
    ),
    "RevokeGrant": Shape(SYMMETRIC, {"grant_id": ...}, refused=None, when_disabled=None),
    "RetireGrant": Shape(SYMMETRIC, {"grant_id": ...}, refused=None, when_disabled=None),
}


def _method(operation: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


def _having(parameter: str) -> set[str]:
    return {
        name for name in MODEL.operation_names if parameter in MODEL.operation_model(name).input_shape.members
    }


@dataclass
class World:
    kms: Kms
    key: Key
    audit: Audit

    def arguments(self, operation: str, **changes: object) -> dict[str, object]:
        """Arguments under which the operation works, but for `changes`."""
        shape = SHAPES[operation]
        arn = changes.get(shape.key) or self.key(*shape.kind)
        made = {
            "ciphertext_blob": lambda: (
                self.kms.encrypt(ROOT, self.key(*shape.kind), b"secret").ciphertext_blob
            ),
            "signature": lambda: self.kms.sign(ROOT, self.key(*P256), **_SIGN).signature,
            "mac": lambda: self.kms.generate_mac(ROOT, self.key(*HMAC), **_MAC).mac,
            "grant_id": lambda: (
                self.kms.create_grant(ROOT, arn, APP, ["DescribeKey"], retiring_principal=ROOT).grant_id
            ),
            "destination_key_id": lambda: self.key(*SYMMETRIC),
            "public_key": lambda: self.kms.get_public_key(ROOT, self.key(*P256_AGREEMENT)).public_key,
        }
        given = {name: made[name]() if name in made else value for name, value in shape.arguments.items()}
        return {shape.key: arn, **given, **changes}

    def kept(self) -> dict[str, list[object]]:
        """All that the database holds but the audit log and the time."""
        with self.kms._core.database.read() as connection:
            names = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            ).scalars()
            return {
                name: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}")]  # noqa: S608
                for name in sorted(names)
                if not name.startswith(("audit", "settings"))
            }

    def tried(self, operation: str, caller: str, arguments: dict[str, object]) -> KmsError:
        """What a dry run ends in: it keeps nothing, counts no message, and is recorded once, as what it is."""
        before, logged, left = self.kept(), len(self.audit()), dict(self.kms._core.budget._left)
        with pytest.raises(KmsError) as ended:
            getattr(self.kms, _method(operation))(caller, **arguments, dry_run=True)
        (record,) = self.audit()[logged:]
        assert record["dry_run"] is True
        assert (record["action"], record["error_code"]) == (f"kms:{operation}", ended.value.code)
        assert self.kept() == before
        assert dict(self.kms._core.budget._left) == left
        return ended.value

    def done(self, operation: str, caller: str, arguments: dict[str, object]) -> KmsError | None:
        """What the call itself ends in; None where it answers."""
        try:
            getattr(self.kms, _method(operation))(caller, **arguments)
        except KmsError as error:
            return error
        return None

    def agree(
        self,
        operation: str,
        arguments: dict[str, object],
        expected: type[KmsError] | None,
        caller: str = ROOT,
    ) -> None:
        tried, done = self.tried(operation, caller, arguments), self.done(operation, caller, arguments)
        if expected is None:
            assert (type(tried), done) == (DryRunOperationError, None)
            assert tried.message == "The request would have succeeded, but the DryRun option is set."
        else:
            assert (type(tried), type(done)) == (expected, expected)
            assert str(tried) == str(done)


@pytest.fixture
def world(kms: Kms, key: Key, audit: Audit) -> World:
    return World(kms, key, audit)


def test_the_operations_that_have_the_parameter_are_those_of_the_api() -> None:
    assert _having("DryRun") - WITHOUT == set(SHAPES)
    public = inspect.getmembers(
        Kms, lambda each: inspect.isfunction(each) and not each.__name__.startswith("_")
    )
    methods = {name: inspect.signature(each).parameters for name, each in public}
    assert {_method(name) for name in SHAPES} == {
        name for name, given in methods.items() if "dry_run" in given
    }
    with_modifiers = {name for name, given in methods.items() if "dry_run_modifiers" in given}
    assert (
        {_method(name) for name in _having("DryRunModifiers")} == with_modifiers == {"decrypt", "re_encrypt"}
    )
    for name in WITHOUT:
        assert not hasattr(Kms, _method(name))


@pytest.mark.parametrize("operation", SHAPES)
def test_an_allowed_call(world: World, operation: str) -> None:
    world.agree(operation, world.arguments(operation), None)
    assert world.audit()[-1]["outcome"] == "allowed"


@pytest.mark.parametrize("operation", SHAPES)
def test_a_denied_call(world: World, operation: str) -> None:
    world.agree(operation, world.arguments(operation), AccessDeniedError, NOBODY)


@pytest.mark.parametrize("operation", SHAPES)
def test_a_call_on_a_disabled_key(world: World, operation: str) -> None:
    arn = world.key(*SHAPES[operation].kind)
    arguments = world.arguments(operation)
    world.kms.disable_key(ROOT, arn)
    try:
        world.agree(operation, arguments, SHAPES[operation].when_disabled)
    finally:
        world.kms.enable_key(ROOT, arn)


@pytest.mark.parametrize("operation", SHAPES)
def test_a_call_on_a_key_of_another_usage(world: World, operation: str) -> None:
    shape = SHAPES[operation]
    wrong = {shape.key: world.key(*shape.wrong)}
    world.agree(operation, world.arguments(operation, **wrong), shape.refused)


@pytest.mark.parametrize("operation", SHAPES)
def test_a_call_on_no_key(world: World, operation: str) -> None:
    missing = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
    arguments = world.arguments(operation) | {SHAPES[operation].key: missing}
    world.agree(operation, arguments, NotFoundError)


P384 = ("ECC_NIST_P384", "SIGN_VERIFY")
FAULTS = {
    "an encryption context of another ciphertext": ("Decrypt", {"encryption_context": {"a": "b"}}, InvalidCiphertextError),
    "a blob that is none": ("Decrypt", {"ciphertext_blob": b"no blob"}, InvalidCiphertextError),
    "no ciphertext": ("Decrypt", {"ciphertext_blob": None}, ValidationError),
    "a wrong source context": ("ReEncrypt", {"source_encryption_context": {"a": "b"}}, InvalidCiphertextError),
    "a destination that does not encrypt": ("ReEncrypt", {"destination_key_id": P256}, InvalidKeyUsageError),
    "too much for an RSA key": (
        "Encrypt",
        {"key_id": RSA, "plaintext": bytes(215), "encryption_algorithm": "RSAES_OAEP_SHA_1"},
        ValidationError,
    ),
    "an algorithm of other keys": ("Encrypt", {"encryption_algorithm": "RSAES_OAEP_SHA_1"}, InvalidKeyUsageError),
    "no plaintext": ("Encrypt", {"plaintext": b""}, ValidationError),
    "no length": ("GenerateDataKey", {"key_spec": None}, ValidationError),
    "a pair that no token makes": ("GenerateDataKeyPair", {"key_pair_spec": "SM2"}, UnsupportedOperationError),
    "a digest of another length": ("Sign", {"message": b"m", "message_type": "DIGEST"}, ValidationError),
    "another curve's algorithm": ("Sign", {"signing_algorithm": "ECDSA_SHA_384"}, InvalidKeyUsageError),
    "a signature of another message": ("Verify", {"message": b"n"}, KMSInvalidSignatureError),
    "a code of another message": ("VerifyMac", {"message": b"n"}, KMSInvalidMacError),
    "a peer on another curve": ("DeriveSharedSecret", {"key_id": P384_AGREEMENT}, ValidationError),
    "no such grant to revoke": ("RevokeGrant", {"grant_id": "none"}, NotFoundError),
    "no such grant to retire": ("RetireGrant", {"grant_id": "none"}, NotFoundError),
    "a token of nobody": ("Encrypt", {"grant_tokens": ["none"]}, InvalidGrantTokenError),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_call_that_fails_for_itself(world: World, fault: str) -> None:
    operation, changes, expected = FAULTS[fault]
    changes = {name: world.key(*value) if type(value) is tuple else value for name, value in changes.items()}
    world.agree(operation, world.arguments(operation, **changes), expected)


def test_a_rsa_ciphertext(world: World) -> None:
    arn = world.key(*RSA)
    algorithm = {"encryption_algorithm": "RSAES_OAEP_SHA_1"}
    blob = world.kms.encrypt(ROOT, arn, b"secret", **algorithm).ciphertext_blob
    world.agree("Encrypt", {"key_id": arn, "plaintext": b"x", **algorithm}, None)
    world.agree("Decrypt", {"key_id": arn, "ciphertext_blob": blob, **algorithm}, None)
    broken = {"key_id": arn, "ciphertext_blob": bytes(256), **algorithm}
    world.agree("Decrypt", broken, InvalidCiphertextError)
    world.agree("Decrypt", {"ciphertext_blob": blob, **algorithm}, ValidationError)


def test_a_key_that_has_encrypted_enough_is_said_to_have(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = world.kms._core
    every = ("Encrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyPairWithoutPlaintext")
    arguments = {operation: world.arguments(operation) for operation in every}
    encrypted: list[object] = []
    monkeypatch.setattr(type(core.material), "encrypt", lambda *given: encrypted.append(given))
    for operation in every:
        assert type(world.tried(operation, ROOT, arguments[operation])) is DryRunOperationError
    budget = core.budget
    object.__setattr__(core, "budget", MessageBudget(core.database, limit=0))
    try:
        for operation in every:
            world.agree(operation, arguments[operation], LimitExceededError)
    finally:
        object.__setattr__(core, "budget", budget)
    assert encrypted == []


def test_an_unrecognisable_caller_is_recorded_as_trying(world: World) -> None:
    assert type(world.tried("Encrypt", "me", {"key_id": "x", "plaintext": b"x"})) is ValidationError


IGNORING = {"dry_run_modifiers": ["IGNORE_CIPHERTEXT"]}


def _without(world: World, operation: str, **changes: object) -> dict[str, object]:
    return {**world.arguments(operation, **changes), "ciphertext_blob": None, **IGNORING}


@pytest.mark.parametrize("operation", ["Decrypt", "ReEncrypt"])
@pytest.mark.parametrize("blob", [None, b"no blob"])
def test_without_a_ciphertext_permission_and_key_count(
    world: World, operation: str, blob: bytes | None
) -> None:
    arguments = {**_without(world, operation), "ciphertext_blob": blob}
    names = {"Decrypt": ["kms:Decrypt"], "ReEncrypt": ["kms:ReEncryptFrom", "kms:ReEncryptTo"]}[operation]
    assert type(world.tried(operation, ROOT, arguments)) is DryRunOperationError
    assert [each["action"] for each in world.audit()[-1]["decisions"]] == names
    assert type(world.tried(operation, NOBODY, arguments)) is AccessDeniedError
    wrong = _without(world, operation, **{SHAPES[operation].key: world.key(*P256)})
    assert type(world.tried(operation, ROOT, wrong)) is InvalidKeyUsageError
    unnamed = {**arguments, SHAPES[operation].key: None}
    with pytest.raises(ValidationError, match="KeyId is required"):
        raise world.tried(operation, ROOT, unnamed)
    world.kms.disable_key(ROOT, world.key(*SYMMETRIC))
    try:
        assert type(world.tried(operation, ROOT, arguments)) is DisabledError
    finally:
        world.kms.enable_key(ROOT, world.key(*SYMMETRIC))


def test_without_a_ciphertext_either_key_of_re_encrypt_may_be_forbidden(world: World) -> None:
    grants = {name: world.kms.create_key(ROOT).arn for name in ("ReEncryptFrom", "ReEncryptTo")}
    for name, arn in grants.items():
        world.kms.create_grant(ROOT, arn, APP, [name])
    forward = {"source_key_id": grants["ReEncryptFrom"], "destination_key_id": grants["ReEncryptTo"]}
    backward = {"source_key_id": grants["ReEncryptTo"], "destination_key_id": grants["ReEncryptFrom"]}
    assert (
        type(world.tried("ReEncrypt", APP, _without(world, "ReEncrypt", **forward))) is DryRunOperationError
    )
    assert type(world.tried("ReEncrypt", APP, _without(world, "ReEncrypt", **backward))) is AccessDeniedError
    half = forward | {"destination_key_id": grants["ReEncryptFrom"]}
    assert type(world.tried("ReEncrypt", APP, _without(world, "ReEncrypt", **half))) is AccessDeniedError


def test_without_a_ciphertext_the_encryption_context_counts_for_the_policies(world: World) -> None:
    asked = {"StringEquals": {"kms:EncryptionContext:tenant": "acme"}}
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": APP}, "Action": "kms:Decrypt", "Resource": "*", "Condition": asked},
    ]  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    arguments = {"key_id": world.kms.create_key(ROOT, policy=policy).arn, **IGNORING}
    acme = {**arguments, "encryption_context": {"tenant": "acme"}}
    assert type(world.tried("Decrypt", APP, arguments)) is AccessDeniedError
    assert type(world.tried("Decrypt", APP, acme)) is DryRunOperationError


def test_modifiers_are_for_dry_runs_alone(world: World) -> None:
    arguments = world.arguments("Decrypt")
    assert world.kms.decrypt(ROOT, **arguments, **IGNORING).plaintext == b"secret"
    for dry_run in (None, False):
        with pytest.raises(ValidationError, match="'ciphertextBlob'"):
            world.kms.decrypt(ROOT, **_without(world, "Decrypt"), dry_run=dry_run)
    for modifiers, says in ((["ignore_ciphertext"], "'dryRunModifiers'"), ("IGNORE_CIPHERTEXT", "list")):
        with pytest.raises(ValidationError, match=says):
            world.kms.decrypt(ROOT, **{**arguments, "dry_run_modifiers": modifiers}, dry_run=True)
    with pytest.raises(ValidationError, match="'ciphertextBlob'"):
        world.kms.decrypt(ROOT, **{**arguments, **IGNORING, "ciphertext_blob": bytes(6145)}, dry_run=True)
