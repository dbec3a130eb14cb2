from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kms_core.ciphertext import decode
from kms_core.errors import (
    AccessDeniedError,
    DisabledError,
    IncorrectKeyError,
    InvalidCiphertextError,
    InvalidGrantTokenError,
    KMSInternalError,
    KMSInvalidStateError,
    NotFoundError,
    ValidationError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from kms_core.service import Kms

CONTEXT = {"tenant": "acme"}


def test_what_was_encrypted_is_decrypted(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    sealed = kms.encrypt(people.admin, key_arn, b"attack at dawn", CONTEXT)
    opened = kms.decrypt(people.admin, sealed.ciphertext_blob, CONTEXT)

    assert opened.plaintext == b"attack at dawn"
    assert sealed.key_id == opened.key_id == key_arn
    assert sealed.encryption_algorithm == opened.encryption_algorithm == "SYMMETRIC_DEFAULT"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    plaintext=st.binary(min_size=1, max_size=4096),
    pairs=st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=20), max_size=4),
)
def test_any_plaintext_under_any_context_comes_back(
    kms: Kms, people: SimpleNamespace, key_arn: str, plaintext: bytes, pairs: dict[str, str]
) -> None:
    sealed = kms.encrypt(people.admin, key_arn, plaintext, pairs)
    assert kms.decrypt(people.admin, sealed.ciphertext_blob, pairs).plaintext == plaintext


@pytest.mark.parametrize(
    "wrong", [None, {}, {"tenant": "Acme"}, {"Tenant": "acme"}, {"tenant": "acme", "a": "b"}]
)
def test_another_encryption_context_does_not_decrypt(
    kms: Kms, people: SimpleNamespace, key_arn: str, wrong: dict[str, str] | None
) -> None:
    sealed = kms.encrypt(people.admin, key_arn, b"secret", CONTEXT)

    with pytest.raises(InvalidCiphertextError) as refused:
        kms.decrypt(people.admin, sealed.ciphertext_blob, wrong)
    assert refused.value.message == ""


def test_a_changed_blob_does_not_decrypt(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    blob = kms.encrypt(people.admin, key_arn, b"secret").ciphertext_blob
    answers = set()
    for place in range(len(blob)):
        changed = blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :]
        with pytest.raises((InvalidCiphertextError, AccessDeniedError)) as refused:
            kms.decrypt(people.admin, changed)
        answers.add(refused.type)
    # a changed key id names a key that does not exist, and that is answered like a forbidden one
    assert answers == {InvalidCiphertextError, AccessDeniedError}


def test_a_blob_cut_short_does_not_decrypt(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    blob = kms.encrypt(people.admin, key_arn, b"secret").ciphertext_blob
    for length in range(1, len(blob)):
        with pytest.raises(InvalidCiphertextError):
            kms.decrypt(people.admin, blob[:length])


def test_each_ciphertext_is_another(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    blobs = {kms.encrypt(people.admin, key_arn, b"same").ciphertext_blob for _ in range(20)}
    assert len(blobs) == 20
    assert len({decode(blob).iv for blob in blobs}) == 20


def test_a_key_id_that_is_not_the_ciphertexts_is_refused(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    other = kms.create_key(people.admin).arn
    blob = kms.encrypt(people.admin, key_arn, b"secret").ciphertext_blob

    assert kms.decrypt(people.admin, blob, key_id=key_arn).plaintext == b"secret"
    with pytest.raises(IncorrectKeyError) as refused:
        kms.decrypt(people.admin, blob, key_id=other)
    assert "does not identify a CMK" in refused.value.message


@pytest.mark.parametrize(("asked", "length"), [({"key_spec": "AES_256"}, 32), ({"key_spec": "AES_128"}, 16), ({"number_of_bytes": 1}, 1), ({"number_of_bytes": 1024}, 1024)])  # fmt: skip
def test_a_data_key_comes_plain_and_encrypted(
    kms: Kms, people: SimpleNamespace, key_arn: str, asked: dict[str, object], length: int
) -> None:
    key = kms.generate_data_key(people.admin, key_arn, **asked, encryption_context=CONTEXT)

    assert len(key.plaintext) == length
    assert kms.decrypt(people.admin, key.ciphertext_blob, CONTEXT).plaintext == key.plaintext


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "either number of bytes or key spec"),
        ({"key_spec": "AES_256", "number_of_bytes": 32}, "either number of bytes or key spec"),
        ({"key_spec": "AES_512"}, r"Value 'AES_512' at 'keySpec' .* enum value set: \[AES_256, AES_128\]"),
        ({"number_of_bytes": 0}, "Value '0' at 'numberOfBytes' .* greater than or equal to 1"),
        ({"number_of_bytes": 1025}, "Value '1025' at 'numberOfBytes' .* less than or equal to 1024"),
    ],
)
def test_a_data_key_out_of_bounds(
    kms: Kms, people: SimpleNamespace, key_arn: str, arguments: dict[str, object], says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        kms.generate_data_key(people.admin, key_arn, **arguments)


@pytest.mark.parametrize(
    ("plaintext", "pairs", "tokens", "says"),
    [
        (b"", None, (), "'plaintext' .* greater than or equal to 1"),
        (b"x" * 4097, None, (), "'plaintext' .* less than or equal to 4096"),
        ("text", None, (), "'plaintext' .* bytes"),
        (b"x", {"": "v"}, (), "'encryptionContext'"),
        (b"x", {"n": 1}, (), "'encryptionContext' .* string"),
        (b"x", {"n": "\ud800"}, (), "'encryptionContext' .* Unicode"),
        (b"x", {"n": "v" * 8192}, (), "'encryptionContext' .* 8192"),
        (b"x", None, "token", "'grantTokens' .* list"),
        (b"x", None, ["t"] * 11, "'grantTokens' .* 10"),
    ],
)
def test_parameters_out_of_bounds(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    *,
    plaintext: object,
    pairs: object,
    tokens: object,
    says: str,
) -> None:
    with pytest.raises(ValidationError, match=says):
        kms.encrypt(people.admin, key_arn, plaintext, pairs, tokens)


def test_a_grant_token_that_was_never_given_is_refused(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    with pytest.raises(InvalidGrantTokenError):
        kms.encrypt(people.admin, key_arn, b"x", grant_tokens=["made-up"])


@pytest.mark.parametrize("blob", [b"", b"x" * 6145])
def test_a_ciphertext_out_of_bounds(kms: Kms, people: SimpleNamespace, blob: bytes) -> None:
    with pytest.raises(ValidationError, match="'ciphertextBlob'"):
        kms.decrypt(people.admin, blob)


@pytest.mark.parametrize(
    ("state", "error", "says"),
    [
        ("Disabled", DisabledError, "is disabled."),
        ("PendingDeletion", KMSInvalidStateError, "is pending deletion."),
        ("PendingImport", KMSInvalidStateError, "is pending import."),
        ("Unavailable", KMSInvalidStateError, "is unavailable."),
    ],
)
def test_a_key_in_a_state_that_forbids_it(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    set_state: Callable[[str, str], None],
    *,
    state: str,
    error: type[Exception],
    says: str,
) -> None:
    blob = kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob
    set_state(key_arn, state)

    for use in (
        lambda who: kms.encrypt(who, key_arn, b"x"),
        lambda who: kms.decrypt(who, blob),
        lambda who: kms.generate_data_key(who, key_arn, key_spec="AES_256"),
    ):
        with pytest.raises(error) as refused:
            use(people.admin)
        assert refused.value.message == f"{key_arn} {says}"
        # authorization comes first: who may not use the key does not learn its state
        with pytest.raises(AccessDeniedError):
            use(people.app)
    assert kms.describe_key(people.admin, key_arn).state == state


def test_the_order_of_the_checks(
    kms: Kms, people: SimpleNamespace, key_arn: str, set_state: Callable[[str, str], None]
) -> None:
    """Parameters, then existence, then authorization, then state, then the ciphertext."""
    missing = "00000000-0000-0000-0000-000000000000"
    set_state(key_arn, "Disabled")

    with pytest.raises(ValidationError):
        kms.encrypt(people.app, missing, b"")
    with pytest.raises(NotFoundError):
        kms.encrypt(people.app, missing, b"x")
    with pytest.raises(AccessDeniedError):
        kms.decrypt(people.app, b"garbage", key_id=key_arn)
    with pytest.raises(DisabledError):
        kms.decrypt(people.admin, b"garbage", key_id=key_arn)
    set_state(key_arn, "Enabled")
    with pytest.raises(InvalidCiphertextError):
        kms.decrypt(people.admin, b"garbage", key_id=key_arn)


def test_stored_material_that_was_changed_is_an_internal_error_not_the_callers(
    open_service: Callable[..., Kms], people: SimpleNamespace
) -> None:
    kms = open_service()
    key = kms.create_key(people.admin)
    with kms._core.database.write() as connection:
        connection.exec_driver_sql("UPDATE backing_keys SET mac = zeroblob(32)")

    with pytest.raises(KMSInternalError):
        kms.encrypt(people.admin, key.arn, b"x")


def test_material_cannot_be_moved_to_another_key(kms: Kms, people: SimpleNamespace) -> None:
    first, second = kms.create_key(people.admin), kms.create_key(people.admin)
    with kms._core.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM backing_keys WHERE key_id = ?", (second.key_id,))
        connection.exec_driver_sql(
            "UPDATE backing_keys SET key_id = ?, backing_key_id = ? WHERE key_id = ?",
            (second.key_id, second.current_backing_key_id, first.key_id),
        )

    with pytest.raises(KMSInternalError):
        kms.encrypt(people.admin, second.arn, b"x")
    with pytest.raises(KMSInternalError, match="missing"):
        kms.encrypt(people.admin, first.arn, b"x")


def test_threads_share_a_kms(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    failures: list[BaseException] = []

    def work(name: int) -> None:
        try:
            for turn in range(10):
                text = f"{name} {turn}".encode()
                blob = kms.encrypt(people.admin, key_arn, text).ciphertext_blob
                assert kms.decrypt(people.admin, blob).plaintext == text
        except BaseException as error:  # noqa: BLE001 - whatever it is, it shall show
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
