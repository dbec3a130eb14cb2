"""A call on two keys, which is ReEncrypt: one record of both decisions, and both keys' locks in one order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kms_core.audit.log import AuditLog
from kms_core.errors import AccessDeniedError, DependencyTimeoutError
from kms_core.model.caller import Caller
from kms_core.store.locks import KeyLocks, locks_beside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

    from kms_core.service import Kms

Audit = "Callable[[], list[dict[str, object]]]"


@pytest.fixture
def other_arn(kms: Kms, people: SimpleNamespace) -> str:
    return kms.create_key(people.admin).arn


def test_both_decisions_are_in_one_record_at_the_services_time(
    kms: Kms, people: SimpleNamespace, key_arn: str, other_arn: str, audit: Audit
) -> None:
    blob = kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob
    before = len(audit())
    caller = Caller(people.admin, session_context={"aws:CurrentTime": "2020-01-01T00:00:00Z"})
    anew = kms.re_encrypt(caller, blob, other_arn)
    (record,) = audit()[before:]
    assert [(each["action"], each["resource"]) for each in record["decisions"]] == [
        ("kms:ReEncryptFrom", key_arn),
        ("kms:ReEncryptTo", other_arn),
    ]
    times = [each["request"]["context"]["aws:CurrentTime"] for each in record["decisions"]]
    assert all(time.startswith("2026-") for time in times)
    assert (record["kind"], record["outcome"], record["key_arn"]) == ("decision", "allowed", key_arn)
    assert kms.decrypt(people.admin, anew.ciphertext_blob, key_id=other_arn).plaintext == b"x"


def test_a_destination_that_is_denied_is_in_the_record_after_the_source(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    other_arn: str,
    key_policy: Callable[..., str],
    audit: Audit,
) -> None:
    blob = kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob
    deny = {"Effect": "Deny", "Principal": "*", "Action": "kms:ReEncryptTo"}
    kms.put_key_policy(people.admin, other_arn, key_policy({"Principal": {"AWS": people.root}}, deny))
    before = len(audit())
    with pytest.raises(AccessDeniedError):
        kms.re_encrypt(people.admin, blob, other_arn)
    (record,) = audit()[before:]
    assert [each["outcome"] for each in record["decisions"]] == ["allowed", "explicitDeny"]
    assert (record["outcome"], record["error_code"]) == ("explicitDeny", "AccessDeniedException")


def test_the_locks_are_taken_in_one_order_and_once_where_the_keys_are_one(
    kms: Kms, people: SimpleNamespace, key_arn: str, other_arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[str, bool]] = []
    shared = KeyLocks.shared

    def watched(self: KeyLocks, arn: str, *, overtaking: bool = False) -> object:
        taken.append((arn, overtaking))
        return shared(self, arn, overtaking=overtaking)

    blobs = {arn: kms.encrypt(people.admin, arn, b"x").ciphertext_blob for arn in (key_arn, other_arn)}
    first, second = sorted(blobs)
    monkeypatch.setattr(KeyLocks, "shared", watched)
    for source, destination in ((first, second), (second, first)):
        kms.re_encrypt(people.admin, blobs[source], destination)
        assert taken == [(first, False), (second, True)]
        taken.clear()
    kms.re_encrypt(people.admin, blobs[first], first)
    assert taken == [(first, False)]


def test_both_locks_are_held_until_the_record_is_written(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    other_arn: str,
    *,
    database_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    impatient = KeyLocks(locks_beside(database_path), patience=0.05)
    blob = kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob
    seen: list[object] = []
    append = AuditLog.append

    def watched(self: object, entry: object, *also: object) -> None:
        append(self, entry, *also)
        for arn in (key_arn, other_arn):
            with pytest.raises(DependencyTimeoutError), impatient.alone(arn):
                pytest.fail("a change was let in before the call was recorded")
            seen.append(arn)

    monkeypatch.setattr(AuditLog, "append", watched)
    kms.re_encrypt(people.admin, blob, other_arn)
    assert seen == [key_arn, other_arn]
    for arn in seen:
        with impatient.alone(arn):
            pass
