from __future__ import annotations

import inspect
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import botocore.session
import pytest
from botocore import xform_name

from kms_core.ciphertext import decode
from kms_core.errors import (
    AccessDeniedError,
    ConflictError,
    DependencyTimeoutError,
    DisabledError,
    DryRunOperationError,
    InvalidMarkerError,
    KMSInternalError,
    KMSInvalidStateError,
    LimitExceededError,
    NotFoundError,
    UnsupportedOperationError,
    ValidationError,
)
from kms_core.model.quotas import Quotas
from kms_core.model.rotation import KeyMaterialState, RotationType
from kms_core.service import Kms
from kms_core.service.message_budget import MessageBudget
from kms_core.service.results import KeyRotationStatus, ListedRotation, RotatedKey
from kms_core.store import rotation as rows
from kms_core.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

Audit = "Callable[[], list[dict[str, object]]]"
DAY = 86_400
MODEL = botocore.session.get_session().get_service_model("kms")
OPERATIONS = (
    "enable_key_rotation",
    "disable_key_rotation",
    "get_key_rotation_status",
    "rotate_key_on_demand",
    "list_key_rotations",
)


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]


def _made_under(blob: bytes) -> str:
    return decode(blob).backing_key_id


@pytest.fixture
def set_origin(database_path: Path) -> Callable[[str, str], None]:
    """Gives a key an origin that no operation of this core makes yet."""

    def put(arn: str, origin: str) -> None:
        with Database.open(database_path) as database, database.write() as connection:
            connection.exec_driver_sql("UPDATE keys SET origin = ? WHERE arn = ?", (origin, arn))

    return put


def test_rotation_is_enabled_with_a_period_and_disabled_again(
    kms: Kms, people: SimpleNamespace, key_arn: str, wall: object
) -> None:
    off = KeyRotationStatus(_id(key_arn), key_rotation_enabled=False)
    assert kms.get_key_rotation_status(people.admin, key_arn) == off
    kms.disable_key_rotation(people.admin, key_arn)
    assert kms.get_key_rotation_status(people.admin, key_arn) == off

    before = wall.seconds
    kms.enable_key_rotation(people.admin, key_arn)
    on = kms.get_key_rotation_status(people.admin, key_arn)
    assert (on.key_id, on.key_rotation_enabled, on.rotation_period_in_days) == (_id(key_arn), True, 365)
    assert before + 365 * DAY < on.next_rotation_date < wall.seconds + 365 * DAY
    assert kms.describe_key(people.admin, key_arn).rotation.next_date == on.next_rotation_date

    kms.disable_key_rotation(people.admin, key_arn)
    assert kms.get_key_rotation_status(people.admin, key_arn) == off
    assert kms.describe_key(people.admin, key_arn).rotation is None


def test_what_is_enabled_already_keeps_its_date_unless_the_period_changes(
    kms: Kms, people: SimpleNamespace, key_arn: str, wall: object, audit: Audit
) -> None:
    kms.enable_key_rotation(people.admin, key_arn)
    first = kms.get_key_rotation_status(people.admin, key_arn)
    wall.turn(days=100)
    for days in (None, 365):
        kms.enable_key_rotation(people.admin, key_arn, rotation_period_in_days=days)
        assert kms.get_key_rotation_status(people.admin, key_arn) == first

    kms.enable_key_rotation(people.admin, key_arn, rotation_period_in_days=90)
    changed = kms.get_key_rotation_status(people.admin, key_arn)
    assert changed.rotation_period_in_days == 90
    assert changed.next_rotation_date == pytest.approx(wall.seconds + 90 * DAY, abs=60)
    assert [each["kind"] for each in audit() if each["action"] == "kms:EnableKeyRotation"] == ["decision"] * 4


@pytest.mark.parametrize("days", [89, 2561, 0, -1])
def test_a_period_out_of_bounds(kms: Kms, people: SimpleNamespace, key_arn: str, days: int) -> None:
    with pytest.raises(ValidationError, match="'rotationPeriodInDays'"):
        kms.enable_key_rotation(people.admin, key_arn, rotation_period_in_days=days)


@pytest.mark.parametrize("days", [90, 2560])
def test_a_period_at_its_bounds(kms: Kms, people: SimpleNamespace, key_arn: str, days: int) -> None:
    kms.enable_key_rotation(people.admin, key_arn, rotation_period_in_days=days)
    assert kms.get_key_rotation_status(people.admin, key_arn).rotation_period_in_days == days


def test_a_policy_can_ask_for_the_period_also_where_it_is_left_out(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    short = {"NumericLessThanEquals": {"kms:RotationPeriodInDays": "180"}}
    policy = key_policy(
        {"Principal": {"AWS": people.root}}, {"Principal": {"AWS": people.app}, "Condition": short}
    )
    arn = kms.create_key(people.admin, policy=policy).arn
    for days in (None, 181):
        with pytest.raises(AccessDeniedError):
            kms.enable_key_rotation(people.app, arn, rotation_period_in_days=days)
    kms.enable_key_rotation(people.app, arn, rotation_period_in_days=180)
    with pytest.raises(AccessDeniedError):
        kms.rotate_key_on_demand(people.app, arn)


def test_another_account_may_ask_for_the_status_and_for_nothing_else(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    policy = key_policy({"Principal": {"AWS": [people.root, people.stranger]}})
    arn = kms.create_key(people.admin, policy=policy).arn
    assert not kms.get_key_rotation_status(people.stranger, arn).key_rotation_enabled
    for name in set(OPERATIONS) - {"get_key_rotation_status"}:
        with pytest.raises(AccessDeniedError):
            getattr(kms, name)(people.stranger, arn)


def test_old_ciphertext_is_decrypted_for_ever_and_new_is_under_the_newest(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    made = kms.describe_key(people.admin, key_arn)
    blobs = [kms.encrypt(people.admin, key_arn, b"0", {"n": "0"}).ciphertext_blob]
    for number in range(1, 4):
        assert kms.rotate_key_on_demand(people.admin, key_arn) == RotatedKey(_id(key_arn))
        blobs.append(
            kms.encrypt(people.admin, key_arn, str(number).encode(), {"n": str(number)}).ciphertext_blob
        )
        data_key = kms.generate_data_key(people.admin, key_arn, key_spec="AES_256")
        current = kms.describe_key(people.admin, key_arn).current_backing_key_id
        assert _made_under(blobs[-1]) == _made_under(data_key.ciphertext_blob) == current
        assert kms.decrypt(people.admin, data_key.ciphertext_blob).plaintext == data_key.plaintext

    assert len({_made_under(blob) for blob in blobs}) == 4
    assert _made_under(blobs[0]) == made.current_backing_key_id
    for number, blob in enumerate(blobs):
        context = {"n": str(number)}
        assert kms.decrypt(people.admin, blob, context).plaintext == str(number).encode()
        again = kms.re_encrypt(
            people.admin,
            blob,
            key_arn,
            source_encryption_context=context,
            destination_encryption_context=context,
        ).ciphertext_blob
        assert _made_under(again) == current
        assert kms.decrypt(people.admin, again, context).plaintext == str(number).encode()


def test_a_rotation_changes_nothing_else_of_a_key(
    kms: Kms, people: SimpleNamespace, key_arn: str, wall: object
) -> None:
    kms.create_alias(people.admin, "alias/a", key_arn)
    kms.enable_key_rotation(people.admin, key_arn, rotation_period_in_days=90)
    before = kms.describe_key(people.admin, key_arn)
    wall.turn(days=1)
    kms.rotate_key_on_demand(people.admin, key_arn)
    after = kms.describe_key(people.admin, "alias/a")
    changed = {name for name in before.__slots__ if getattr(before, name) != getattr(after, name)}
    assert changed == {"current_backing_key_id"}


def test_another_process_encrypts_under_the_newest_at_once(
    open_service: Callable[..., Kms], people: SimpleNamespace
) -> None:
    one, other = open_service(), open_service()
    arn = one.create_key(people.admin).arn
    blob = other.encrypt(people.admin, arn, b"x").ciphertext_blob
    one.rotate_key_on_demand(people.admin, arn)
    assert _made_under(other.encrypt(people.admin, arn, b"x").ciphertext_blob) != _made_under(blob)
    assert one.decrypt(people.admin, blob).plaintext == b"x"


def test_what_begins_after_a_rotation_is_under_the_newest_whoever_encrypts_meanwhile(
    open_service: Callable[..., Kms], people: SimpleNamespace
) -> None:
    """Threads of two processes encrypt and decrypt; each notes how many rotations were over when it began."""
    services = [open_service(), open_service()]
    arn = services[0].create_key(people.admin).arn
    over, stop = [0], threading.Event()
    sealed: list[tuple[int, bytes]] = []

    def use(kms: Kms) -> None:
        while not stop.is_set():
            began = over[0]
            blob = kms.encrypt(people.admin, arn, b"x").ciphertext_blob
            assert kms.decrypt(people.admin, blob).plaintext == b"x"
            sealed.append((began, blob))

    with ThreadPoolExecutor() as threads:
        users = [threads.submit(use, kms) for kms in services for _ in range(2)]
        try:
            for number in range(1, 6):
                services[number % 2].rotate_key_on_demand(people.admin, arn)
                over[0] = number
                before = len(sealed)
                while len(sealed) < before + 8 and not any(user.done() for user in users):
                    time.sleep(0.001)
        finally:
            stop.set()
        for user in users:
            user.result()

    whole = services[0].list_key_rotations(people.admin, arn, include_key_material="ALL_KEY_MATERIAL")
    number_of = {each.key_material_id: number for number, each in enumerate(whole.rotations)}
    assert len(number_of) == 6
    assert all(number_of[_made_under(blob)] >= began for began, blob in sealed)
    assert {began for began, _ in sealed} >= {1, 2, 3, 4, 5}


def test_a_rotation_has_the_key_alone(
    open_service: Callable[..., Kms], people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So two of them cannot pass the limit together, and no call uses the key half-way."""
    one, other = open_service(), open_service()
    arn = one.create_key(people.admin).arn
    blob = one.encrypt(people.admin, arn, b"x").ciphertext_blob
    monkeypatch.setattr(other._core.access._locks, "_patience", 0.02)
    generate, waited = one._core.material.generate, []

    def meanwhile(*given: object, **named: object) -> object:
        for call in (
            lambda: other.rotate_key_on_demand(people.admin, arn),
            lambda: other.decrypt(people.admin, blob),
        ):
            with pytest.raises(DependencyTimeoutError):
                call()
            waited.append(call)
        return generate(*given, **named)

    monkeypatch.setattr(one._core.material, "generate", meanwhile)
    one.rotate_key_on_demand(people.admin, arn)
    assert len(waited) == 2
    assert len(other.list_key_rotations(people.admin, arn).rotations) == 1


def test_each_backing_key_has_a_message_budget_of_its_own(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    object.__setattr__(kms._core, "budget", MessageBudget(kms._core.database, limit=2, block=2))
    for _ in range(2):
        blob = kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob
    with pytest.raises(LimitExceededError, match="rotate it"):
        kms.encrypt(people.admin, key_arn, b"x")
    kms.rotate_key_on_demand(people.admin, key_arn)
    for _ in range(2):
        kms.encrypt(people.admin, key_arn, b"x")
    with pytest.raises(LimitExceededError, match="rotate it"):
        kms.encrypt(people.admin, key_arn, b"x")
    assert kms.decrypt(people.admin, blob).plaintext == b"x"


def test_rotations_are_listed_in_pages_with_what_the_key_was_made_with_or_without(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    first = kms.describe_key(people.admin, key_arn).current_backing_key_id
    none = kms.list_key_rotations(people.admin, key_arn)
    assert (none.rotations, none.truncated, none.next_marker) == ((), False, None)

    for _ in range(3):
        kms.rotate_key_on_demand(people.admin, key_arn)
    current = kms.describe_key(people.admin, key_arn).current_backing_key_id
    rotations = kms.list_key_rotations(people.admin, key_arn).rotations
    assert [each.key_id for each in rotations] == [_id(key_arn)] * 3
    assert [each.rotation_type for each in rotations] == [RotationType.ON_DEMAND] * 3
    assert [each.key_material_state for each in rotations] == ["NON_CURRENT", "NON_CURRENT", "CURRENT"]
    assert rotations[-1].key_material_id == current
    dates = [each.rotation_date for each in rotations]
    assert dates == sorted(set(dates))

    whole = kms.list_key_rotations(people.admin, key_arn, include_key_material="ALL_KEY_MATERIAL").rotations
    assert whole[1:] == rotations
    assert whole[0] == ListedRotation(_id(key_arn), first, KeyMaterialState.NON_CURRENT, None, None)

    for include, expected in (("ALL_KEY_MATERIAL", whole), ("ROTATIONS_ONLY", rotations)):
        seen, marker = [], None
        for _ in expected:
            kms.rotate_key_on_demand(people.admin, key_arn)  # what comes meanwhile is at the end
            page = kms.list_key_rotations(
                people.admin, key_arn, include_key_material=include, limit=1, marker=marker
            )
            assert page.truncated
            seen += [each.key_material_id for each in page.rotations]
            marker = page.next_marker
        assert seen == [each.key_material_id for each in expected]
    rest = kms.list_key_rotations(people.admin, key_arn, marker=marker)
    assert (len(rest.rotations), rest.truncated) == (7, False)


def test_a_marker_is_of_one_key_and_one_kind_of_list(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    other = kms.create_key(people.admin).arn
    for _ in range(2):
        kms.rotate_key_on_demand(people.admin, key_arn)
    marker = kms.list_key_rotations(people.admin, key_arn, limit=1).next_marker
    assert kms.list_key_rotations(people.admin, key_arn, marker=marker).rotations
    for call in (
        lambda: kms.list_key_rotations(people.admin, other, marker=marker),
        lambda: kms.list_key_rotations(
            people.admin, key_arn, include_key_material="ALL_KEY_MATERIAL", marker=marker
        ),
        lambda: kms.list_key_rotations(
            people.admin, key_arn, marker=("C" if marker[0] == "B" else "B") + marker[1:]
        ),
        lambda: kms.list_resource_tags(people.admin, key_arn, marker=marker),
    ):
        with pytest.raises(InvalidMarkerError):
            call()


@pytest.mark.parametrize(
    "given", [{"limit": 0}, {"limit": 1001}, {"include_key_material": "x"}, {"marker": ""}]
)
def test_a_list_that_nobody_can_ask_for(
    kms: Kms, people: SimpleNamespace, key_arn: str, given: dict[str, object]
) -> None:
    with pytest.raises(ValidationError):
        kms.list_key_rotations(people.admin, key_arn, **given)


def test_a_key_is_rotated_on_demand_so_often_and_no_more(
    open_service: Callable[..., Kms], people: SimpleNamespace
) -> None:
    assert Quotas().on_demand_rotations_per_key == 25
    kms = open_service(quotas=Quotas(on_demand_rotations_per_key=2))
    arn, other = (kms.create_key(people.admin).arn for _ in range(2))
    for _ in range(2):
        kms.rotate_key_on_demand(people.admin, arn)
    current = kms.describe_key(people.admin, arn).current_backing_key_id
    with pytest.raises(LimitExceededError) as refused:
        kms.rotate_key_on_demand(people.admin, arn)
    assert refused.value.message == (
        "The on-demand rotations limit has been reached for the given keyId. "
        f"No more on-demand rotations can be performed for this key: {arn}"
    )
    assert kms.describe_key(people.admin, arn).current_backing_key_id == current
    assert kms.rotate_key_on_demand(people.admin, other)


def test_shortly_before_its_date_a_key_is_not_rotated_on_demand(
    kms: Kms, people: SimpleNamespace, key_arn: str, wall: object
) -> None:
    kms.enable_key_rotation(people.admin, key_arn, rotation_period_in_days=90)
    date = kms.get_key_rotation_status(people.admin, key_arn).next_rotation_date
    wall.seconds = date - 21 * 60
    assert kms.rotate_key_on_demand(people.admin, key_arn)
    assert kms.get_key_rotation_status(people.admin, key_arn).next_rotation_date == date
    for seconds in (date - 20 * 60, date, date + 60):
        wall.seconds = seconds
        with pytest.raises(ConflictError, match="20 minutes"):
            kms.rotate_key_on_demand(people.admin, key_arn)
    kms.disable_key_rotation(people.admin, key_arn)
    assert kms.rotate_key_on_demand(people.admin, key_arn)


@pytest.mark.parametrize(
    ("spec", "usage"),
    [
        ("RSA_2048", "ENCRYPT_DECRYPT"),
        ("ECC_NIST_P256", "SIGN_VERIFY"),
        ("HMAC_256", "GENERATE_VERIFY_MAC"),
    ],
)
def test_only_symmetric_encryption_keys_rotate(
    kms: Kms, people: SimpleNamespace, spec: str, usage: str
) -> None:
    arn = kms.create_key(people.admin, key_spec=spec, key_usage=usage).arn
    for operation in OPERATIONS:
        with pytest.raises(UnsupportedOperationError) as refused:
            getattr(kms, operation)(people.admin, arn)
        assert refused.value.message == ""


@pytest.mark.parametrize("origin", ["EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"])
def test_only_keys_that_are_made_here_rotate(
    kms: Kms, people: SimpleNamespace, key_arn: str, set_origin: Callable[[str, str], None], origin: str
) -> None:
    set_origin(key_arn, origin)
    for operation in OPERATIONS:
        with pytest.raises(UnsupportedOperationError) as refused:
            getattr(kms, operation)(people.admin, key_arn)
        words = f"{key_arn} origin is {origin} which is not valid for this operation."
        assert refused.value.message == words


def test_the_state_counts_before_the_kind_of_key(kms: Kms, people: SimpleNamespace) -> None:
    """As the service was recorded: RotateKeyOnDemand of a disabled RSA key is DisabledException."""
    arn = kms.create_key(people.admin, key_spec="RSA_2048", key_usage="ENCRYPT_DECRYPT").arn
    for change, error, words in (
        (kms.disable_key, DisabledError, "is disabled."),
        (kms.schedule_key_deletion, KMSInvalidStateError, "is pending deletion."),
    ):
        change(people.admin, arn)
        for operation in ("enable_key_rotation", "disable_key_rotation", "rotate_key_on_demand"):
            with pytest.raises(error) as refused:
                getattr(kms, operation)(people.admin, arn)
            assert refused.value.message == f"{arn} {words}"


def test_the_status_of_a_key_that_is_disabled_stays_and_while_it_is_pending_deletion_is_false(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    kms.enable_key_rotation(people.admin, key_arn, rotation_period_in_days=100)
    kms.rotate_key_on_demand(people.admin, key_arn)
    status = kms.get_key_rotation_status(people.admin, key_arn)
    kms.disable_key(people.admin, key_arn)
    assert kms.get_key_rotation_status(people.admin, key_arn) == status
    kms.schedule_key_deletion(people.admin, key_arn)
    off = KeyRotationStatus(_id(key_arn), key_rotation_enabled=False)
    assert kms.get_key_rotation_status(people.admin, key_arn) == off
    assert len(kms.list_key_rotations(people.admin, key_arn).rotations) == 1
    kms.cancel_key_deletion(people.admin, key_arn)
    assert kms.get_key_rotation_status(people.admin, key_arn) == status


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_operation_on_rotation_takes_an_alias(
    kms: Kms, people: SimpleNamespace, key_arn: str, operation: str
) -> None:
    kms.create_alias(people.admin, "alias/x", key_arn)
    with pytest.raises(NotFoundError) as refused:
        getattr(kms, operation)(people.admin, "alias/x")
    assert refused.value.message == "Invalid keyId 'alias/x'"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_call_is_one_record(
    kms: Kms, people: SimpleNamespace, key_arn: str, audit: Audit, operation: str
) -> None:
    before = len(audit())
    getattr(kms, operation)(people.admin, key_arn)
    (record,) = audit()[before:]
    name = "".join(word.capitalize() for word in operation.split("_"))
    assert (record["action"], record["kind"], record["key_arn"]) == (f"kms:{name}", "decision", key_arn)
    assert record["outcome"] == "allowed"
    assert not record["error_code"]


def test_a_rotation_that_fails_leaves_the_key_as_it_was_and_one_record(
    kms: Kms, people: SimpleNamespace, key_arn: str, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, made = kms.describe_key(people.admin, key_arn), rows.rotate

    def fail(*given: object) -> None:
        made(*given)
        raise KMSInternalError("broken off")

    records = len(audit())
    with monkeypatch.context() as broken:
        broken.setattr(rows, "rotate", fail)
        with pytest.raises(KMSInternalError):
            kms.rotate_key_on_demand(people.admin, key_arn)
    (record,) = audit()[records:]
    assert (record["kind"], record["error_code"]) == ("failure", "KMSInternalException")
    assert kms.describe_key(people.admin, key_arn) == before
    assert kms.list_key_rotations(people.admin, key_arn).rotations == ()
    kms.rotate_key_on_demand(people.admin, key_arn)
    assert len(kms.list_key_rotations(people.admin, key_arn).rotations) == 1


def test_a_rotated_key_is_deleted_with_all_its_backing_keys(
    kms: Kms, people: SimpleNamespace, key_arn: str, wall: object
) -> None:
    kms.enable_key_rotation(people.admin, key_arn, rotation_period_in_days=90)
    blobs = [kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob]
    kms.rotate_key_on_demand(people.admin, key_arn)
    blobs.append(kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob)
    kms.schedule_key_deletion(people.admin, key_arn, pending_window_in_days=7)
    wall.turn(days=8)
    assert kms.run_due_jobs() == 1
    with kms._core.database.read() as connection:
        for table in ("keys", "backing_keys", "rotations"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0  # noqa: S608
    assert not kms._core.backing_keys._at_hand
    for blob in blobs:
        with pytest.raises(AccessDeniedError):
            kms.decrypt(people.admin, blob)


@pytest.mark.parametrize("operation", ["disable_key", "schedule_key_deletion"])
def test_all_backing_keys_leave_the_hsms_memory_with_their_key(
    kms: Kms, people: SimpleNamespace, key_arn: str, operation: str
) -> None:
    for _ in range(2):
        kms.encrypt(people.admin, key_arn, b"x")
        kms.rotate_key_on_demand(people.admin, key_arn)
    kms.encrypt(people.admin, key_arn, b"x")
    lanes = kms._core.hsm._lanes._lanes

    def kept() -> int:
        return sum(each.key_id == _id(key_arn) for lane in lanes for each in lane.handles._keys)

    assert kept() == 3
    getattr(kms, operation)(people.admin, key_arn)
    assert kept() == 0


def test_a_dry_run_counts_messages_of_the_newest(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    object.__setattr__(kms._core, "budget", MessageBudget(kms._core.database, limit=1, block=1))
    kms.encrypt(people.admin, key_arn, b"x")
    with pytest.raises(LimitExceededError):
        kms.encrypt(people.admin, key_arn, b"x", dry_run=True)
    kms.rotate_key_on_demand(people.admin, key_arn)
    with pytest.raises(DryRunOperationError):
        kms.encrypt(people.admin, key_arn, b"x", dry_run=True)


def test_what_parameters_there_are_is_what_the_api_says() -> None:
    for name in OPERATIONS:
        api = MODEL.operation_model(
            "".join(word.capitalize() for word in name.split("_"))
        ).input_shape.members
        here = set(inspect.signature(getattr(Kms, name)).parameters) - {"self", "caller"}
        assert here == {xform_name(member) for member in api}


def test_errors_are_those_of_the_api() -> None:
    shapes = {shape.name for shape in MODEL.operation_model("RotateKeyOnDemand").error_shapes}
    for error in (ConflictError, LimitExceededError, UnsupportedOperationError, DisabledError):
        assert error.code in shapes
