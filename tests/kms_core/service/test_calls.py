"""What a call may count on, whichever operation it is: locks, one record, dry runs. Asked of `Calls` itself."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from kms_core.audit.log import AuditLog
from kms_core.errors import (
    AccessDeniedError,
    DependencyTimeoutError,
    DryRunOperationError,
    InvalidKeyUsageError,
    ValidationError,
)
from kms_core.model.operations import Operation
from kms_core.store.locks import KeyLocks, locks_beside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

    from kms_core.service import Kms

Audit = "Callable[[], list[dict[str, object]]]"


@pytest.fixture
def impatient(database_path: Path) -> KeyLocks:
    """The locks as another process has them."""
    return KeyLocks(locks_beside(database_path), patience=0.05)


def test_a_call_with_several_decisions_has_one_record(
    kms: Kms, people: SimpleNamespace, key_arn: str, audit: Audit
) -> None:
    calls, other = kms._core.calls, kms.create_key(people.admin).arn
    before = len(audit())
    with calls.begin(Operation.DESCRIBE_KEY, people.admin) as call:
        first, second = (calls.reference(call, arn) for arn in (key_arn, other))
        with calls.on_key(call, first, {}), calls.on_key(call, second, {}):
            pass
    (record,) = audit()[before:]
    assert [each["resource"] for each in record["decisions"]] == [key_arn, other]
    assert (record["kind"], record["outcome"]) == ("decision", "allowed")


def test_one_denial_among_decisions_is_the_calls_outcome(
    kms: Kms, people: SimpleNamespace, key_arn: str, key_policy: Callable[..., str], audit: Audit
) -> None:
    calls = kms._core.calls
    other = kms.create_key(people.root, policy=key_policy({"Principal": {"AWS": people.root}})).arn
    deny = {"Effect": "Deny", "Principal": "*", "Action": "kms:DescribeKey"}
    kms.put_key_policy(people.root, other, key_policy({"Principal": {"AWS": people.root}}, deny))
    before = len(audit())
    with (
        pytest.raises(AccessDeniedError),
        calls.begin(Operation.DESCRIBE_KEY, people.admin) as call,
        calls.on_key(call, calls.reference(call, key_arn), {}),
        calls.on_key(call, calls.reference(call, other), {}),
    ):
        pytest.fail("a denied call was let in")
    (record,) = audit()[before:]
    assert [each["outcome"] for each in record["decisions"]] == ["allowed", "explicitDeny"]
    assert (record["kind"], record["outcome"]) == ("decision", "explicitDeny")
    assert record["error_code"] == "AccessDeniedException"


@pytest.mark.parametrize("operation", [Operation.DESCRIBE_KEY, Operation.REVOKE_GRANT])
def test_a_call_may_come_to_its_key_twice(
    kms: Kms, people: SimpleNamespace, key_arn: str, operation: Operation
) -> None:
    calls = kms._core.calls
    with calls.begin(operation, people.admin) as call:
        reference = calls.reference(call, key_arn)
        with calls.on_key(call, reference, {}) as one, calls.on_key(call, reference, {}) as two:
            assert one.key == two.key


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (lambda kms, people, key: kms.encrypt(people.admin, key, b"x"), None),
        (lambda kms, people, key: kms.encrypt(people.app, key, b"x"), AccessDeniedError),
        (lambda kms, people, key: kms.encrypt(people.admin, key, b"x", dry_run=True), DryRunOperationError),
        (lambda kms, people, key: kms.sign(people.admin, key, b"x", "ECDSA_SHA_256"), InvalidKeyUsageError),
    ],
    ids=["done", "denied", "a dry run", "failed"],
)
def test_a_keys_lock_is_held_until_the_record_is_written(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    impatient: KeyLocks,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[Kms, SimpleNamespace, str], object],
    error: type[Exception] | None,
) -> None:
    seen: list[object] = []
    append = AuditLog.append

    def watched(self: object, entry: object, *also: object) -> None:
        append(self, entry, *also)
        with pytest.raises(DependencyTimeoutError), impatient.alone(key_arn):
            pytest.fail("a change was let in before the call was recorded")
        seen.append(entry)

    monkeypatch.setattr(AuditLog, "append", watched)
    with pytest.raises(error) if error else nullcontext():
        end(kms, people, key_arn)
    assert len(seen) == 1
    with impatient.alone(key_arn):
        pass


def test_a_key_that_is_busy_for_too_long_ends_the_call(
    kms: Kms, people: SimpleNamespace, key_arn: str, impatient: KeyLocks, audit: Audit
) -> None:
    kms._core.access._locks = impatient
    with impatient.alone(key_arn), pytest.raises(DependencyTimeoutError):
        kms.encrypt(people.admin, key_arn, b"x")
    assert (audit()[-1]["kind"], audit()[-1]["error_code"]) == ("refusal", "DependencyTimeoutException")
    with impatient.shared(key_arn), pytest.raises(DependencyTimeoutError):
        kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"])
    assert kms.list_grants(people.admin, key_arn).grants == ()


def test_a_dry_run_does_not_answer_and_errors_come_before_it(
    kms: Kms, people: SimpleNamespace, key_arn: str, audit: Audit
) -> None:
    """Of an operation that does nothing about it: the call ends instead of answering."""
    calls = kms._core.calls

    def described(caller: str, problem: Exception | None = None) -> object:
        with (
            calls.begin(Operation.DESCRIBE_KEY, caller, dry_run=True) as call,
            calls.on_key(call, calls.reference(call, key_arn), {}) as admitted,
        ):
            if problem:
                raise problem
            return admitted.key

    with pytest.raises(DryRunOperationError):
        described(people.admin)
    assert (audit()[-1]["dry_run"], audit()[-1]["outcome"]) == (True, "allowed")
    with pytest.raises(AccessDeniedError):
        described(people.app)
    with pytest.raises(ValidationError):
        described(people.admin, ValidationError("no"))


def test_a_change_under_a_dry_run_is_taken_back(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    calls = kms._core.calls
    with (
        pytest.raises(DryRunOperationError),
        calls.begin(Operation.REVOKE_GRANT, people.admin, dry_run=True) as call,
        calls.on_key(call, calls.reference(call, key_arn), {}),
        calls.changing(call) as connection,
    ):
        assert connection.exec_driver_sql("UPDATE keys SET state = 'Disabled'").rowcount == 1
    assert kms.describe_key(people.admin, key_arn).enabled
