from __future__ import annotations

from typing import TYPE_CHECKING

import botocore.session
import pytest

from kms_core.errors import (
    AccessDeniedError,
    DisabledError,
    InvalidMarkerError,
    KMSInvalidStateError,
    LimitExceededError,
    NotFoundError,
    ValidationError,
)
from kms_core.model.key import KeyMetadata, KeyState
from kms_core.model.last_use import USES
from kms_core.model.quotas import Quotas

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from kms_core.service import Kms

Audit = "Callable[[], list[dict[str, object]]]"
DAY = 86_400
MODEL = botocore.session.get_session().get_service_model("kms")
# how DescribeKey's members are named here; the others belong to what this core does not have yet: imported
# material, key stores, multi-Region keys, key encapsulation
MEMBERS = {
    "AWSAccountId": "account",
    "Arn": "arn",
    "CreationDate": "creation_date",
    "CurrentKeyMaterialId": "current_backing_key_id",
    "CustomerMasterKeySpec": "spec",
    "DeletionDate": "deletion_date",
    "Description": "description",
    "Enabled": "enabled",
    "EncryptionAlgorithms": "encryption_algorithms",
    "KeyAgreementAlgorithms": "key_agreement_algorithms",
    "KeyId": "key_id",
    "KeyManager": "manager",
    "KeySpec": "spec",
    "KeyState": "state",
    "KeyUsage": "usage",
    "MacAlgorithms": "mac_algorithms",
    "MultiRegion": "multi_region",
    "Origin": "origin",
    "SigningAlgorithms": "signing_algorithms",
}
NOT_YET = {
    "CloudHsmClusterId",
    "CustomKeyStoreId",
    "EncapsulationAlgorithms",
    "ExpirationModel",
    "MultiRegionConfiguration",
    "PendingDeletionWindowInDays",
    "ValidTo",
    "XksKeyConfiguration",
}


def test_describe_key_has_every_member_that_a_key_of_this_core_can_have(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    assert MEMBERS.keys() | NOT_YET == set(MODEL.shape_for("KeyMetadata").members)
    shown = kms.describe_key(people.admin, key_arn)
    assert all(hasattr(shown, attribute) for attribute in MEMBERS.values())
    assert shown == KeyMetadata(
        key_id=key_arn.rpartition("/")[2],
        arn=key_arn,
        account="111122223333",
        creation_date=shown.creation_date,
        state=KeyState.ENABLED,
        current_backing_key_id=shown.current_backing_key_id,
        uses_known_since=shown.creation_date,
    )


def test_a_disabled_key_is_of_no_use_until_it_is_enabled(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    blob = kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob
    for _ in range(2):
        kms.disable_key(people.admin, key_arn)
        assert kms.describe_key(people.admin, key_arn).state is KeyState.DISABLED
    with pytest.raises(DisabledError) as refused:
        kms.decrypt(people.admin, blob)
    assert refused.value.message == f"{key_arn} is disabled."

    for _ in range(2):
        kms.enable_key(people.admin, key_arn)
        assert kms.describe_key(people.admin, key_arn).enabled
    assert kms.decrypt(people.admin, blob).plaintext == b"x"


@pytest.mark.parametrize("operation", ["disable_key", "schedule_key_deletion"])
def test_a_key_that_may_not_be_used_leaves_the_hsms_memory(
    kms: Kms, people: SimpleNamespace, key_arn: str, operation: str
) -> None:
    kms.encrypt(people.admin, key_arn, b"x")
    key_id = key_arn.rpartition("/")[2]
    lanes = kms._core.hsm._lanes._lanes

    def kept() -> list[object]:
        return [each for lane in lanes for each in lane.handles._keys if each.key_id == key_id]

    assert kept()
    getattr(kms, operation)(people.admin, key_arn)
    assert not kept()


def test_a_scheduled_key_can_only_be_described_and_cancelled(
    kms: Kms, people: SimpleNamespace, key_arn: str, wall: object
) -> None:
    before = wall.seconds
    scheduled = kms.schedule_key_deletion(people.admin, key_arn)
    assert (scheduled.key_id, scheduled.key_state) == (key_arn, KeyState.PENDING_DELETION)
    assert scheduled.pending_window_in_days == 30
    assert before + 30 * DAY < scheduled.deletion_date < wall.seconds + 30 * DAY

    shown = kms.describe_key(people.admin, key_arn)
    assert (shown.state, shown.deletion_date) == (KeyState.PENDING_DELETION, scheduled.deletion_date)
    for call in (
        lambda: kms.encrypt(people.admin, key_arn, b"x"),
        lambda: kms.enable_key(people.admin, key_arn),
        lambda: kms.disable_key(people.admin, key_arn),
        lambda: kms.schedule_key_deletion(people.admin, key_arn),
        lambda: kms.update_key_description(people.admin, key_arn, "x"),
        lambda: kms.create_alias(people.admin, "alias/x", key_arn),
        lambda: kms.tag_resource(people.admin, key_arn, {"a": "b"}),
        lambda: kms.untag_resource(people.admin, key_arn, ["a"]),
    ):
        with pytest.raises(KMSInvalidStateError) as refused:
            call()
        assert refused.value.message == f"{key_arn} is pending deletion."

    assert kms.cancel_key_deletion(people.admin, key_arn).key_id == key_arn
    shown = kms.describe_key(people.admin, key_arn)
    assert (shown.state, shown.deletion_date) == (KeyState.DISABLED, None)
    with pytest.raises(KMSInvalidStateError) as refused:
        kms.cancel_key_deletion(people.admin, key_arn)
    assert refused.value.message == f"{key_arn} is not pending deletion."


@pytest.mark.parametrize("days", [6, 31, 0, -1])
def test_a_waiting_period_out_of_bounds(kms: Kms, people: SimpleNamespace, key_arn: str, days: int) -> None:
    with pytest.raises(ValidationError, match="'pendingWindowInDays'"):
        kms.schedule_key_deletion(people.admin, key_arn, pending_window_in_days=days)


def test_a_policy_can_ask_for_the_waiting_period(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    long = {"NumericGreaterThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": "20"}}
    policy = key_policy(
        {"Principal": {"AWS": people.root}}, {"Principal": {"AWS": people.app}, "Condition": long}
    )
    arn = kms.create_key(people.admin, policy=policy).arn
    with pytest.raises(AccessDeniedError):
        kms.schedule_key_deletion(people.app, arn, pending_window_in_days=7)
    assert kms.schedule_key_deletion(people.app, arn, pending_window_in_days=21)


def test_a_policy_can_ask_for_how_long_a_key_was_not_used(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str], wall: object
) -> None:
    idle = {"NumericGreaterThanEquals": {"kms:TrailingDaysWithoutKeyUsage": "10"}}
    policy = key_policy(
        {"Principal": {"AWS": people.root}}, {"Principal": {"AWS": people.app}, "Condition": idle}
    )
    arn = kms.create_key(people.admin, policy=policy).arn
    wall.turn(days=10)
    kms.encrypt(people.admin, arn, b"x")
    with pytest.raises(AccessDeniedError):
        kms.disable_key(people.app, arn)
    wall.turn(days=10)
    kms.disable_key(people.app, arn)


def test_a_key_is_described_in_other_words(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    kms.update_key_description(people.admin, key_arn, "invoices")
    assert kms.describe_key(people.admin, key_arn).description == "invoices"
    kms.update_key_description(people.admin, key_arn, "")
    assert kms.describe_key(people.admin, key_arn).description == ""
    with pytest.raises(ValidationError, match="'description'"):
        kms.update_key_description(people.admin, key_arn, "x" * 8193)


def test_an_order_that_a_caller_may_not_give_changes_nothing(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    for call in (kms.disable_key, kms.schedule_key_deletion):
        with pytest.raises(AccessDeniedError):
            call(people.app, key_arn)
    assert kms.describe_key(people.admin, key_arn).enabled


def test_a_forbidden_call_does_not_learn_the_state(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    """Authorization comes before the key's state."""
    kms.schedule_key_deletion(people.admin, key_arn)
    with pytest.raises(AccessDeniedError):
        kms.enable_key(people.app, key_arn)


def test_keys_are_listed_in_pages_that_survive_new_and_deleted_keys(
    kms: Kms, people: SimpleNamespace, wall: object
) -> None:
    made = {kms.create_key(people.admin).arn for _ in range(5)}
    kms.create_key(people.stranger)
    first = kms.list_keys(people.admin, limit=2)
    assert (len(first.keys), first.truncated) == (2, True)

    gone = first.keys[1].key_arn
    kms.schedule_key_deletion(people.admin, gone, pending_window_in_days=7)
    wall.turn(days=8)
    assert kms.run_due_jobs() == 1
    new = kms.create_key(people.admin).arn

    seen, page = [each.key_arn for each in first.keys], first
    while page.truncated:
        page = kms.list_keys(people.admin, limit=2, marker=page.next_marker)
        seen += [each.key_arn for each in page.keys]
    assert page.next_marker is None
    assert len(seen) == len(set(seen))
    assert made <= set(seen) <= made | {new}
    assert {each.key_arn for each in kms.list_keys(people.admin).keys} == (made | {new}) - {gone}


@pytest.mark.parametrize("marker", ["x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAA", "\u00e4", "=" * 8, " "])
def test_a_marker_that_this_service_did_not_make(kms: Kms, people: SimpleNamespace, marker: str) -> None:
    with pytest.raises(InvalidMarkerError):
        kms.list_keys(people.admin, marker=marker)


def test_a_marker_of_another_list_or_changed_is_not_valid(kms: Kms, people: SimpleNamespace) -> None:
    for each in (people.admin, people.stranger):
        for _ in range(2):
            kms.create_key(each)
    marker = kms.list_keys(people.admin, limit=1).next_marker
    assert kms.list_keys(people.admin, limit=1, marker=marker).keys
    for other in (
        lambda: kms.list_keys(people.stranger, marker=marker),
        lambda: kms.list_aliases(people.admin, marker=marker),
        lambda: kms.list_keys(people.admin, marker=marker.rstrip("=") + "\n"),
        lambda: kms.list_keys(people.admin, marker=("C" if marker[0] == "B" else "B") + marker[1:]),
    ):
        with pytest.raises(InvalidMarkerError):
            other()


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_limit_out_of_bounds(kms: Kms, people: SimpleNamespace, limit: int) -> None:
    with pytest.raises(ValidationError, match="'limit'"):
        kms.list_keys(people.admin, limit=limit)


def test_an_account_has_so_many_keys_and_no_more(
    open_service: Callable[..., Kms], people: SimpleNamespace, wall: object
) -> None:
    kms = open_service(quotas=Quotas(keys_per_account=2))
    first, _ = kms.create_key(people.admin), kms.create_key(people.admin)
    with pytest.raises(LimitExceededError):
        kms.create_key(people.admin)
    assert kms.create_key(people.stranger)
    kms.schedule_key_deletion(people.admin, first.arn, pending_window_in_days=7)
    with pytest.raises(LimitExceededError):
        kms.create_key(people.admin)
    wall.turn(days=8)
    kms.run_due_jobs()
    assert kms.create_key(people.admin)


def test_the_last_use_is_the_last_that_succeeded(
    kms: Kms, people: SimpleNamespace, key_arn: str, audit: Audit
) -> None:
    created = kms.describe_key(people.admin, key_arn).creation_date
    unused = kms.get_key_last_usage(people.admin, key_arn)
    assert (unused.key_id, unused.last_use) == (key_arn, None)
    assert (unused.tracking_start_date, unused.key_creation_date) == (created, created)

    blob = kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob
    assert kms.get_key_last_usage(people.admin, key_arn).last_use.operation == "Encrypt"
    kms.decrypt(people.admin, blob)
    with pytest.raises(AccessDeniedError):
        kms.generate_data_key(people.app, key_arn, key_spec="AES_256")
    use = kms.get_key_last_usage(people.admin, key_arn).last_use
    decrypted = next(each for each in reversed(audit()) if each["action"] == "kms:Decrypt")
    assert (use.operation, use.call_id) == ("Decrypt", decrypted["call_id"])
    assert created < use.time <= decrypted["time"]


def test_what_counts_as_a_use_is_what_the_api_says() -> None:
    assert set(MODEL.shape_for("KeyLastUsageTrackingOperation").enum) == USES


def test_these_operations_take_no_alias(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    kms.create_alias(people.admin, "alias/x", key_arn)
    for call in (
        lambda: kms.enable_key(people.admin, "alias/x"),
        lambda: kms.get_key_policy(people.admin, "alias/x"),
        lambda: kms.list_resource_tags(people.admin, "alias/x"),
    ):
        with pytest.raises(NotFoundError) as refused:
            call()
        assert refused.value.message == "Invalid keyId 'alias/x'"
