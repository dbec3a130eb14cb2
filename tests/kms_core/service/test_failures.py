"""What must not happen, happening: each ends in one answer that tells nothing, and in the audit log."""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import InvalidKeyUsageError, KMSInternalError, NotFoundError
from kms_core.service.backing_keys import BackingKeys
from kms_core.service.core import assemble
from kms_core.store import keys as rows
from kms_core.store.database import Database
from kms_core.store.policies import file_policy
from policy_engine import Decision, Outcome, Request
from policy_engine.model.bundle import GroupRecord, Organization, VpcEndpoint
from policy_engine.model.decision import Details

if TYPE_CHECKING:
    from pathlib import Path
    from types import SimpleNamespace

    from kms_core.hsm import Hsm
    from kms_core.permit import Permit
    from kms_core.service import Kms
    from policy_engine import Bundle

Audit = "Callable[[], list[dict[str, object]]]"


def test_a_defect_is_an_internal_error_that_tells_nothing(
    kms: Kms, key_arn: str, audit: Audit, *, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    root = "arn:aws:iam::111122223333:root"

    def fail(*_: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr(type(kms._core.budget), "spend", fail)
    with pytest.raises(KMSInternalError) as ended:
        kms.encrypt(root, key_arn, b"x")

    assert "canary" not in "".join(traceback.format_exception(ended.value)) + caplog.text
    assert "RuntimeError at " in caplog.text
    assert f"{__file__}:" in caplog.text
    before, failure = audit()[-2:]
    assert (failure["outcome"], failure["kind"]) == ("allowed", "failure")
    assert failure["error_code"] == "KMSInternalException"
    assert failure["call_id"] != before["call_id"]


def test_a_call_whose_failure_cannot_be_recorded_tells_nothing_either(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    with kms._core.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    for call in (
        lambda: kms.describe_key(people.admin, key_arn),
        lambda: kms.describe_key(people.admin, "no-key"),
        lambda: kms.encrypt(people.app, key_arn, b"x"),
    ):
        with pytest.raises(KMSInternalError):
            call()


def test_material_of_a_key_that_cannot_be_recorded_is_discarded(
    kms: Kms, people: SimpleNamespace, hsm: Hsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    discarded: list[str] = []
    discard = type(hsm).discard_unfiled

    def watched(self: Hsm, permit: Permit, key_id: str) -> None:
        discard(self, permit, key_id)
        discarded.append(key_id)

    monkeypatch.setattr(type(hsm), "discard_unfiled", watched)
    with kms._core.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(KMSInternalError):
        kms.create_key(people.admin, key_spec="ECC_NIST_P256", key_usage="SIGN_VERIFY")
    assert len(discarded) == 1
    with kms._core.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM keys").scalar_one() == 0


def test_a_change_that_cannot_be_recorded_is_not_made(
    kms: Kms, people: SimpleNamespace, key_arn: str, audit: Audit
) -> None:
    made = kms.create_grant(people.admin, key_arn, people.admin, ["Decrypt"])
    policy = kms.get_key_policy(people.admin, key_arn).policy

    def state() -> tuple[object, ...]:
        with kms._core.database.read() as connection:
            keys = connection.exec_driver_sql("SELECT * FROM keys").all()
            grants = connection.exec_driver_sql("SELECT * FROM grants").all()
            tokens = connection.exec_driver_sql("SELECT * FROM grant_tokens").all()
            policies = connection.exec_driver_sql("SELECT digest FROM policies").all()
        return keys, grants, tokens, policies, len(audit())

    before = state()
    with kms._core.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    for call in (
        lambda: kms.create_key(people.admin),
        lambda: kms.put_key_policy(people.admin, key_arn, policy + " "),
        lambda: kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"]),
        lambda: kms.revoke_grant(people.admin, key_arn, made.grant_id),
        lambda: kms.retire_grant(people.admin, grant_token=made.grant_token),
    ):
        with pytest.raises(KMSInternalError):
            call()
        assert state() == before
    with kms._core.database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    assert kms.encrypt(people.admin, key_arn, b"x")


def test_an_allowed_answer_that_cannot_be_recorded_does_not_leave(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    blob = kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob
    with kms._core.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    for call in (
        lambda: kms.decrypt(people.admin, blob),
        lambda: kms.generate_data_key(people.admin, key_arn, key_spec="AES_256"),
        lambda: kms.list_retirable_grants(people.admin, people.admin),
    ):
        with pytest.raises(KMSInternalError):
            call()


def test_a_key_for_another_use_is_refused(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    with kms._core.database.write() as connection:
        connection.exec_driver_sql("UPDATE keys SET usage = 'SIGN_VERIFY'")
    with pytest.raises(InvalidKeyUsageError) as refused:
        kms.encrypt(people.admin, key_arn, b"x")
    assert refused.value.message == f"{key_arn} key usage is SIGN_VERIFY which is not valid for Encrypt."


def test_a_missing_key_stays_missing_even_if_the_engine_allowed_it(
    kms: Kms, people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def allow(_: object, request: Request) -> Decision:
        return Decision(request, Outcome.ALLOWED, (), Details(""))

    monkeypatch.setattr(type(kms._core.gate._engine), "authorize", allow)
    with pytest.raises(NotFoundError):
        kms.encrypt(
            people.stranger,
            f"arn:aws:kms:us-east-1:111122223333:key/{'0' * 8}-0000-0000-0000-{'0' * 12}",
            b"x",
        )


def test_a_stored_policy_that_is_none_stops_its_key(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    with kms._core.database.write() as connection:
        digest = file_policy(connection, "no policy")
        rows.set_policy(connection, key_arn.rpartition("/")[2], digest)
    with pytest.raises(KMSInternalError, match="cannot be read"):
        kms.encrypt(people.admin, key_arn, b"x")


def test_an_intent_that_cannot_be_dropped_stays_invisible(
    kms: Kms, people: SimpleNamespace, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KMSInternalError("the store failed")

    monkeypatch.setattr(type(kms._core.material), "generate", fail)
    monkeypatch.setattr(rows, "drop_intent", fail)
    with pytest.raises(KMSInternalError):
        kms.create_key(people.admin)
    with pytest.raises(NotFoundError):
        kms.describe_key(people.admin, str(audit()[-1]["key_arn"]))


def test_backing_keys_at_hand_are_bounded(kms: Kms, people: SimpleNamespace) -> None:
    made = [kms.create_key(people.admin) for _ in range(3)]
    kept = BackingKeys(kms._core.database, capacity=2)
    found = [kept.find(key.key_id, key.current_backing_key_id or "") for key in made]

    assert [each and each.id for each in found] == [key.current_backing_key_id for key in made]
    assert len(kept._at_hand) == 2
    assert kept.find(made[2].key_id, found[2].id) is found[2]
    assert kept.find(made[0].key_id, found[0].id) == found[0]
    assert kept.find(made[0].key_id, found[1].id) is None


def test_the_audit_log_tells_bundles_apart(
    database_path: Path, hsm: Hsm, bundle: Bundle, kms: Kms, people: SimpleNamespace
) -> None:
    policy = next(iter(bundle.principals.values())).identity_policies[0]
    other = replace(policy, digest="0" * 64)
    changed = [
        replace(bundle, groups={"g": GroupRecord("g", (other,))}),
        replace(bundle, organization=Organization(service_control_policies={"111122223333": ((other,),)})),
        replace(bundle, vpc_endpoints=(VpcEndpoint(None, other),)),
        replace(
            bundle,
            principals={people.admin: replace(bundle.principals[people.admin], permissions_boundary=other)},
        ),
    ]
    with Database.open(database_path) as database:
        digests = [
            assemble(database, hsm, each, "us-east-1", kms._core.sources).calls._admission._identities
            for each in (bundle, replace(bundle, skipped=()), *changed)
        ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 5
