"""ReEncrypt: one call, two keys, two decisions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import (
    AccessDeniedError,
    DisabledError,
    IncorrectKeyError,
    InvalidCiphertextError,
    NotFoundError,
    ValidationError,
)
from kms_core.service.key_access import KeyAccess

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.service import Kms

    Key = Callable[..., str]
    Audit = Callable[[], list[dict[str, object]]]

ROOT = "arn:aws:iam::111122223333:root"
APP = "arn:aws:iam::111122223333:role/app"
OLD, NEW = {"tenant": "old"}, {"tenant": "new"}
SHA_1, SHA_256 = "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"


def _policy(*statements: dict[str, object]) -> str:
    root = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
    app = {"Effect": "Allow", "Principal": {"AWS": APP}, "Resource": "*"}
    full = [root, *({**app, **each} for each in statements)]
    return json.dumps({"Version": "2012-10-17", "Statement": full})


def _key(kms: Kms, *statements: dict[str, object]) -> str:
    return kms.create_key(ROOT, policy=_policy(*statements)).arn


def test_the_context_and_the_key_change_and_the_plaintext_does_not(kms: Kms, key: Key) -> None:
    other = kms.create_key(ROOT).arn
    blob = kms.encrypt(ROOT, key(), b"m", OLD).ciphertext_blob
    moved = kms.re_encrypt(
        ROOT, blob, other, source_encryption_context=OLD, destination_encryption_context=NEW
    )
    assert (moved.source_key_id, moved.key_id) == (key(), other)
    assert moved.source_encryption_algorithm == moved.destination_encryption_algorithm == "SYMMETRIC_DEFAULT"
    opened = kms.decrypt(ROOT, moved.ciphertext_blob, NEW)
    assert (opened.plaintext, opened.key_id) == (b"m", other)
    with pytest.raises(InvalidCiphertextError):
        kms.decrypt(ROOT, moved.ciphertext_blob, OLD)


def test_between_symmetric_and_rsa_keys(kms: Kms, key: Key) -> None:
    blob = kms.encrypt(ROOT, key(), b"m", OLD).ciphertext_blob
    into = kms.re_encrypt(
        ROOT, blob, key("RSA_2048"), source_encryption_context=OLD, destination_encryption_algorithm=SHA_256
    )
    across = kms.re_encrypt(
        ROOT,
        into.ciphertext_blob,
        key("RSA_3072"),
        source_key_id=key("RSA_2048"),
        source_encryption_algorithm=SHA_256,
        destination_encryption_algorithm=SHA_1,
    )
    back = kms.re_encrypt(
        ROOT,
        across.ciphertext_blob,
        key(),
        source_key_id=key("RSA_3072"),
        source_encryption_algorithm=SHA_1,
        destination_encryption_context=NEW,
    )
    assert kms.decrypt(ROOT, back.ciphertext_blob, NEW).plaintext == b"m"
    with pytest.raises(ValidationError, match="KeyId is required"):
        kms.re_encrypt(ROOT, into.ciphertext_blob, key(), source_encryption_algorithm=SHA_256)
    with pytest.raises(ValidationError, match="encryption context"):
        kms.re_encrypt(ROOT, blob, key("RSA_2048"), destination_encryption_context=NEW, destination_encryption_algorithm=SHA_1)  # fmt: skip
    with pytest.raises(ValidationError, match="sourceEncryptionAlgorithm"):
        kms.re_encrypt(ROOT, blob, key(), source_encryption_algorithm="RSA")


@pytest.mark.parametrize(
    ("on_source", "on_destination", "refused"),
    [
        ("kms:ReEncryptFrom", "kms:ReEncryptTo", None),
        ("kms:ReEncrypt*", "kms:ReEncrypt*", None),
        ("kms:ReEncryptFrom", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
        ("kms:ReEncryptTo", "kms:ReEncryptTo", "kms:ReEncryptFrom"),
        ("kms:Decrypt", "kms:ReEncryptTo", "kms:ReEncryptFrom"),
        ("kms:ReEncryptFrom", "kms:Encrypt", "kms:ReEncryptTo"),
    ],
)
def test_either_key_is_asked_for_its_own_action(
    kms: Kms, audit: Audit, on_source: str, on_destination: str, refused: str | None
) -> None:
    source, destination = _key(kms, {"Action": on_source}), _key(kms, {"Action": on_destination})
    blob = kms.encrypt(ROOT, source, b"m").ciphertext_blob
    before = len(audit())
    if refused is None:
        kms.re_encrypt(APP, blob, destination)
    else:
        with pytest.raises(AccessDeniedError, match=refused):
            kms.re_encrypt(APP, blob, destination)
    (record,) = audit()[before:]
    assert record["key_arn"] == source
    told = [(each["action"], each["resource"], each["outcome"]) for each in record["decisions"]]
    first = ("kms:ReEncryptFrom", source, "implicitDeny" if refused == "kms:ReEncryptFrom" else "allowed")
    second = ("kms:ReEncryptTo", destination, "implicitDeny" if refused else "allowed")
    assert told == ([first] if refused == "kms:ReEncryptFrom" else [first, second])


def test_nothing_is_decrypted_before_both_keys_have_said_yes(
    kms: Kms, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, destination = _key(kms, {"Action": "kms:*"}), _key(kms)
    blob = kms.encrypt(ROOT, source, b"m").ciphertext_blob
    used: list[str] = []
    for name in ("encrypt", "decrypt", "decrypt_oaep", "public_key"):
        monkeypatch.setattr(kms._hsm, name, lambda *_, name=name: used.append(name))
    with pytest.raises(AccessDeniedError):
        kms.re_encrypt(APP, blob, destination)
    assert used == []


@pytest.mark.parametrize(
    ("condition", "same", "allowed"),
    [
        ({"Bool": {"kms:ReEncryptOnSameKey": "true"}}, True, True),
        ({"Bool": {"kms:ReEncryptOnSameKey": "true"}}, False, False),
        ({"StringEquals": {"kms:EncryptionContext:tenant": "old"}}, False, True),
        ({"StringEquals": {"kms:EncryptionContext:tenant": "new"}}, False, False),
        ({"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}, False, True),
    ],
)
def test_conditions_see_their_own_side(
    kms: Kms, condition: dict[str, object], same: bool, allowed: bool
) -> None:
    source = _key(kms, {"Action": "kms:ReEncryptFrom", "Condition": condition}, {"Action": "kms:ReEncryptTo"})
    destination = source if same else _key(kms, {"Action": "kms:ReEncryptTo"})
    blob = kms.encrypt(ROOT, source, b"m", OLD).ciphertext_blob

    def call() -> object:
        return kms.re_encrypt(
            APP, blob, destination, source_encryption_context=OLD, destination_encryption_context=NEW
        )

    if allowed:
        assert call()
    else:
        with pytest.raises(AccessDeniedError):
            call()


def test_a_denial_speaks_of_the_key_that_denied(kms: Kms) -> None:
    """The source is another account's and allows: that the destination does not is not said of the source."""
    stranger = "arn:aws:iam::999988887777:root"
    source, destination = _key(kms, {"Action": "kms:*", "Principal": {"AWS": stranger}}), _key(kms)
    blob = kms.encrypt(ROOT, source, b"m").ciphertext_blob
    for forbidden in (destination, f"{source[:-12]}000000000000"):
        with pytest.raises(AccessDeniedError) as refused:
            kms.re_encrypt(stranger, blob, forbidden)
        assert f"to perform: kms:ReEncryptTo on resource: {forbidden}" in refused.value.message
    with pytest.raises(AccessDeniedError, match="The ciphertext refers to a customer master key"):
        kms.re_encrypt("arn:aws:iam::999988887777:role/app", blob, destination)


def test_what_is_wrong_with_either_key(kms: Kms, key: Key) -> None:
    other = kms.create_key(ROOT).arn
    blob = kms.encrypt(ROOT, key(), b"m").ciphertext_blob
    missing = "00000000-0000-0000-0000-000000000000"
    with pytest.raises(NotFoundError):
        kms.re_encrypt(ROOT, blob, missing)
    with pytest.raises(NotFoundError):
        kms.re_encrypt(ROOT, blob, other, source_key_id=missing)
    with pytest.raises(IncorrectKeyError):
        kms.re_encrypt(ROOT, blob, other, source_key_id=other)
    with kms._core.database.write() as connection:
        connection.exec_driver_sql("UPDATE keys SET state = 'Disabled' WHERE arn = ?", (other,))
    with pytest.raises(DisabledError):
        kms.re_encrypt(ROOT, blob, other)
    with pytest.raises(DisabledError):
        kms.re_encrypt(ROOT, blob, key(), source_key_id=other)


def test_every_call_takes_its_keys_in_one_order_and_each_once(
    kms: Kms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two calls that hold one key each and want the other's, with a change waiting for either, would never end.

    Nor would one that takes a key twice with a change waiting in between.
    """
    one, two = sorted(kms.create_key(ROOT).arn for _ in range(2))
    blobs = {arn: kms.encrypt(ROOT, arn, b"m").ciphertext_blob for arn in (one, two)}
    held = KeyAccess.held
    taken: list[str] = []

    def noted(self: KeyAccess, arn: str, **how: bool) -> object:
        taken.append(arn)
        return held(self, arn, **how)

    monkeypatch.setattr(KeyAccess, "held", noted)
    for source, destination, order in ((one, two, [one, two]), (two, one, [one, two]), (one, one, [one])):
        taken.clear()
        kms.re_encrypt(ROOT, blobs[source], destination)
        assert taken == order
