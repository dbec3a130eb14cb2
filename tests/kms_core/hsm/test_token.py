from __future__ import annotations

import inspect
import itertools
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import InvalidCiphertextError, PermitError
from kms_core.hsm import Hsm, KeyBinding, Sealed
from kms_core.hsm.protocol import PERMITTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.hsm import StoredKey
    from kms_core.permit import Permit

    PermitFor = Callable[..., Permit]

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"
OTHER_ARN = ARN.replace("1234abcd", "99999999")


def new_key(hsm: Hsm, permit_for: PermitFor, backing_key_id: str) -> StoredKey:
    binding = KeyBinding(KEY_ID, backing_key_id, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    made = hsm.generate_backing_key(permit_for("kms:CreateKey"), ARN, binding)
    return SimpleNamespace(
        id=backing_key_id,
        key_id=KEY_ID,
        spec=binding.spec,
        usage=binding.usage,
        domain_key_id=made.domain_key_id,
        blob=made.blob,
        mac=made.mac,
    )


@pytest.fixture(scope="module")
def key(hsm: Hsm, permit_for: PermitFor) -> StoredKey:
    return new_key(hsm, permit_for, "token-1")


@pytest.mark.parametrize("length", [0, 1, 32, 4096, 1 << 20])
def test_any_length_comes_back(hsm: Hsm, key: StoredKey, permit_for: PermitFor, length: int) -> None:
    plaintext = bytes(range(256)) * (length // 256) + bytes(range(length % 256))
    sealed = hsm.encrypt(permit_for("kms:Encrypt"), key, plaintext, b"aad")
    assert len(sealed.ciphertext) == length
    assert hsm.decrypt(permit_for("kms:Decrypt"), key, sealed, b"aad") == plaintext


def test_an_iv_is_never_the_same(hsm: Hsm, key: StoredKey, permit_for: PermitFor) -> None:
    permit = permit_for("kms:Encrypt")
    drawn = Counter(hsm.encrypt(permit, key, b"", b"").iv for _ in range(300))
    assert drawn.most_common(1)[0][1] == 1


def test_the_parts_belong_together(hsm: Hsm, key: StoredKey, permit_for: PermitFor) -> None:
    sealed = hsm.encrypt(permit_for("kms:Encrypt"), key, b"plaintext", b"aad")
    other = new_key(hsm, permit_for, "token-2")
    wrong = [
        (key, sealed._replace(iv=bytes(12)), b"aad"),
        (key, sealed._replace(tag=bytes(16)), b"aad"),
        (key, sealed._replace(ciphertext=sealed.ciphertext[:-1]), b"aad"),
        (key, sealed._replace(ciphertext=b""), b"aad"),
        (key, sealed, b"aad2"),
        (key, sealed, b""),
        (key, sealed._replace(iv=sealed.iv[:11]), b"aad"),
        (key, sealed._replace(iv=sealed.iv + b"0"), b"aad"),
        (key, sealed._replace(tag=sealed.tag[:12]), b"aad"),
        (other, sealed, b"aad"),
    ]
    for each, parts, aad in wrong:
        with pytest.raises(InvalidCiphertextError) as raised:
            hsm.decrypt(permit_for("kms:Decrypt"), each, parts, aad)
        assert str(raised.value) == "InvalidCiphertextException"
    assert hsm.decrypt(permit_for("kms:Decrypt"), key, sealed, b"aad") == b"plaintext"


def test_random_bytes_are_as_many_as_asked(hsm: Hsm, permit_for: PermitFor) -> None:
    permit = permit_for("kms:GenerateRandom", None)
    for length in (1, 31, 32, 1024):
        drawn = hsm.random(permit, length)
        assert len(drawn) == length
    assert hsm.random(permit, 32) != hsm.random(permit, 32)
    with pytest.raises(ValueError, match="cannot draw"):
        hsm.random(permit, 0)


def test_the_check_value_is_steady_and_says_nothing(hsm: Hsm, permit_for: PermitFor) -> None:
    permit = permit_for("internal:CheckToken", None)
    assert hsm.check_value(permit) == hsm.check_value(permit)
    assert len(hsm.check_value(permit)) == 32


# what each operation is called with after its permit
ARGUMENTS: dict[str, Callable[[StoredKey], tuple[object, ...]]] = {
    "random": lambda _: (16,),
    "generate_backing_key": lambda _: (
        ARN,
        KeyBinding(KEY_ID, "token-3", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
    ),
    "encrypt": lambda key: (key, b"", b""),
    "decrypt": lambda key: (key, Sealed(bytes(12), b"", bytes(16)), b""),
    "check_value": lambda _: (),
    "checkpoint_mac": lambda _: (b"x",),
    "evict": lambda key: (key,),
    "discard": lambda key: (key,),
    "discard_unfiled": lambda key: (key.key_id,),
    "generate_data_key_pair": lambda _: ("ECC_NIST_P256",),
    "decrypt_oaep": lambda key: (key, "RSAES_OAEP_SHA_1", b""),
    "public_key": lambda key: (key,),
    "sign": lambda key: (key, "ECDSA_SHA_256", bytes(32)),
    "mac": lambda key: (key, "HMAC_SHA_256", b""),
    "agree": lambda key: (key, "ECDH", b""),
}
OF_ONE_KEY = sorted(set(ARGUMENTS) - {"random", "check_value", "checkpoint_mac", "generate_data_key_pair"})
EVERY_ACTION = frozenset[str]().union(*PERMITTED.values())


def test_every_operation_takes_a_permit_first() -> None:
    operations = {
        name: list(inspect.signature(method).parameters)
        for name, method in inspect.getmembers(Hsm, inspect.isfunction)
        if not name.startswith("_") and name != "close"
    }
    assert set(operations) == set(PERMITTED) == set(ARGUMENTS)
    assert {parameters[1] for parameters in operations.values()} == {"permit"}


@pytest.mark.parametrize("operation", sorted(ARGUMENTS))
def test_a_closed_permit_opens_nothing(
    hsm: Hsm, key: StoredKey, permit_for: PermitFor, operation: str
) -> None:
    for action in PERMITTED[operation]:
        permit = permit_for(action)
        permit.close()
        with pytest.raises(PermitError, match="closed"):
            getattr(hsm, operation)(permit, *ARGUMENTS[operation](key))


@pytest.mark.parametrize("operation", sorted(ARGUMENTS))
def test_a_permit_for_another_action_opens_nothing(
    hsm: Hsm, key: StoredKey, permit_for: PermitFor, operation: str
) -> None:
    for action in EVERY_ACTION - PERMITTED[operation] | {"kms:DescribeKey"}:
        with pytest.raises(PermitError):
            getattr(hsm, operation)(permit_for(action), *ARGUMENTS[operation](key))


@pytest.mark.parametrize("operation", OF_ONE_KEY)
def test_a_permit_for_another_key_opens_nothing(
    hsm: Hsm, key: StoredKey, permit_for: PermitFor, operation: str
) -> None:
    for action, arn in itertools.product(PERMITTED[operation], (OTHER_ARN, None)):
        with pytest.raises(PermitError):
            getattr(hsm, operation)(permit_for(action, arn), *ARGUMENTS[operation](key))


def test_a_new_key_belongs_to_the_key_that_is_named(hsm: Hsm, permit_for: PermitFor) -> None:
    binding = KeyBinding("99999999", "token-4", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    with pytest.raises(PermitError, match="cannot be made"):
        hsm.generate_backing_key(permit_for("kms:CreateKey"), ARN, binding)
