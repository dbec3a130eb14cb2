from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kms_core.ciphertext import CiphertextBlob, additional_data, decode, encode, header
from kms_core.errors import (
    InvalidCiphertextError,
    KMSInternalError,
    PermitError,
    UnsupportedOperationError,
)
from kms_core.hsm import Sealed
from kms_core.key_material import KeyMaterial
from kms_core.model.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.hsm import Hsm
    from kms_core.model.backing_key import BackingKeyRecord
    from kms_core.permit import Permit

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"
PLAINTEXT = b"attack at dawn"
CONTEXT = {"tenant": "acme", "Purpose": "orders"}


@pytest.fixture(scope="module")
def material(hsm: Hsm) -> KeyMaterial:
    return KeyMaterial(hsm, Sources(now=lambda: 1_700_000_000.0))


@pytest.fixture(scope="module")
def key(material: KeyMaterial, permit_for: Callable[..., Permit]) -> BackingKeyRecord:
    return material.generate(
        permit_for("kms:CreateKey"), KEY_ARN, KEY_ID, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT"
    )


@pytest.fixture(scope="module")
def blob(material: KeyMaterial, key: BackingKeyRecord, permit_for: Callable[..., Permit]) -> bytes:
    head = header(key.key_id, key.id)
    sealed = material.encrypt(permit_for("kms:Encrypt"), key, PLAINTEXT, additional_data(head, CONTEXT))
    return encode(CiphertextBlob(key.key_id, key.id, sealed.iv, sealed.ciphertext, sealed.tag))


def decrypt(
    material: KeyMaterial,
    key: BackingKeyRecord,
    permit: Permit,
    text: bytes,
    context: dict[str, str],
) -> bytes:
    blob = decode(text)
    aad = additional_data(header(blob.key_id, blob.backing_key_id), context)
    return material.decrypt(permit, key, Sealed(blob.iv, blob.ciphertext, blob.tag), aad)


def test_a_new_backing_key_is_a_record(key: BackingKeyRecord) -> None:
    assert (key.key_id, key.spec, key.usage) == (KEY_ID, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    assert key.creation_date == 1_700_000_000.0
    assert len(key.blob) == 40  # RFC 5649 of 32 bytes
    assert len(key.mac) == 32


def test_two_backing_keys_have_nothing_in_common(
    material: KeyMaterial, key: BackingKeyRecord, permit_for: Callable[..., Permit]
) -> None:
    other = material.generate(
        permit_for("kms:CreateKey"), KEY_ARN, KEY_ID, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT"
    )
    assert (other.id, other.blob, other.mac) != (key.id, key.blob, key.mac)
    assert other.blob != key.blob


def test_what_was_encrypted_is_decrypted(
    material: KeyMaterial, key: BackingKeyRecord, blob: bytes, permit_for: Callable[..., Permit]
) -> None:
    assert decrypt(material, key, permit_for("kms:Decrypt"), blob, CONTEXT) == PLAINTEXT


@pytest.mark.parametrize(
    "context", [{}, {"tenant": "acme"}, {**CONTEXT, "tenant": "Acme"}, {**CONTEXT, "more": ""}]
)
def test_another_encryption_context_decrypts_nothing(
    material: KeyMaterial,
    key: BackingKeyRecord,
    blob: bytes,
    context: dict[str, str],
    permit_for: Callable[..., Permit],
) -> None:
    with pytest.raises(InvalidCiphertextError) as raised:
        decrypt(material, key, permit_for("kms:Decrypt"), blob, context)
    assert str(raised.value) == "InvalidCiphertextException"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_no_changed_byte_decrypts(
    *,
    material: KeyMaterial,
    key: BackingKeyRecord,
    blob: bytes,
    permit_for: Callable[..., Permit],
    place: float,
    change: int,
) -> None:
    changed = bytearray(blob)
    changed[int(place * len(blob))] ^= change
    with pytest.raises(InvalidCiphertextError):
        decrypt(material, key, permit_for("kms:Decrypt"), bytes(changed), CONTEXT)


def test_no_truncated_blob_decrypts(
    material: KeyMaterial, key: BackingKeyRecord, blob: bytes, permit_for: Callable[..., Permit]
) -> None:
    permit = permit_for("kms:Decrypt")
    for length in range(len(blob)):
        with pytest.raises(InvalidCiphertextError):
            decrypt(material, key, permit, blob[:length], CONTEXT)


@pytest.mark.parametrize(
    "change",
    [
        {"key_id": "99999999-12ab-34cd-56ef-1234567890ab"},
        {"id": "another"},
        {"spec": "RSA_2048"},
        {"usage": "SIGN_VERIFY"},
        {"domain_key_id": "00"},
        {"blob": bytes(40)},
        {"mac": bytes(32)},
        {"mac": b""},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_record_that_was_changed_in_the_store_is_not_used(
    material: KeyMaterial,
    key: BackingKeyRecord,
    change: dict[str, str | bytes],
    permit_for: Callable[..., Permit],
) -> None:
    changed = replace(key, **change)  # type: ignore[arg-type]  # each value fits its own field
    permit = permit_for("kms:Encrypt", KEY_ARN.replace(KEY_ID, changed.key_id))
    with pytest.raises(KMSInternalError):
        material.encrypt(permit, changed, PLAINTEXT, b"")


def test_an_evicted_key_comes_back_when_it_is_used(
    material: KeyMaterial, key: BackingKeyRecord, blob: bytes, permit_for: Callable[..., Permit]
) -> None:
    material.evict(permit_for("kms:DisableKey"), key)
    assert decrypt(material, key, permit_for("kms:Decrypt"), blob, CONTEXT) == PLAINTEXT


@pytest.mark.parametrize(
    ("spec", "usage"),
    [("RSA_2048", "KEY_AGREEMENT"), ("SYMMETRIC_DEFAULT", "SIGN_VERIFY"), ("NONE", "NONE")],
)
def test_a_spec_that_the_token_does_not_do_is_refused(
    material: KeyMaterial, permit_for: Callable[..., Permit], spec: str, usage: str
) -> None:
    with pytest.raises(UnsupportedOperationError):
        material.generate(permit_for("kms:CreateKey"), KEY_ARN, KEY_ID, spec=spec, usage=usage)


def test_a_permit_for_another_action_makes_no_key(
    material: KeyMaterial, permit_for: Callable[..., Permit]
) -> None:
    with pytest.raises(PermitError):
        material.generate(
            permit_for("kms:Encrypt"), KEY_ARN, KEY_ID, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT"
        )
