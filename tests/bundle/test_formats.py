"""What each format of a bundle becomes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from policy_engine import Outcome, PolicyEngine, Request, load_bundle
from policy_engine.model.policy import PolicyKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Files

    from policy_engine import Bundle

BUNDLES = Path(__file__).parents[2] / "fixtures/bundles"
ACCOUNT = "arn:aws:iam::111122223333"
ORDERS = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def acme() -> Bundle:
    return load_bundle(BUNDLES / "acme")


@pytest.fixture(scope="module")
def native() -> Bundle:
    return load_bundle(BUNDLES / "native")


def test_a_key_is_what_five_dumps_say(acme: Bundle) -> None:
    key = acme.keys[ORDERS]
    assert key.policy is not None
    assert [s.sid for s in key.policy.statements] == ["Enable IAM User Permissions"]
    assert key.policy.name == "alias/orders"
    assert key.aliases == ("alias/orders", "alias/orders-archive")
    assert key.tags == {"team": "orders", "classification": "confidential"}
    assert (key.key_spec, key.key_usage, key.origin) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS")
    assert (key.key_state, key.multi_region, key.aws_managed) == ("Enabled", False, False)


def test_grants_are_what_list_grants_prints(acme: Bundle) -> None:
    batch, ec2, alice = acme.keys[ORDERS].grants
    assert batch.grantee_principal == f"{ACCOUNT}:role/batch"
    assert batch.operations == ("Decrypt", "GenerateDataKey")
    assert batch.constraints.encryption_context_subset == {"tenant": "acme"}
    assert batch.creation_date == pytest.approx(1_793_637_668)
    assert (ec2.retiring_principal, alice.name) == (None, None)


def test_a_time_may_be_a_number(acme: Bundle) -> None:
    partner = next(key for key in acme.keys.values() if key.aliases == ("alias/partner",))
    assert partner.grants[0].creation_date == pytest.approx(1_747_668_301)


def test_identity_policies_come_inline_first_then_attached(acme: Bundle) -> None:
    app = acme.principals[f"{ACCOUNT}:role/app"]
    assert [policy.name for policy in app.identity_policies] == ["app/orders", "app/DenyWithoutMfa"]
    assert (app.id, app.tags) == ("AROA1EXAMPLEAPP00001", {"team": "orders", "tenant": "acme"})


def test_a_managed_policy_is_its_default_version(acme: Bundle) -> None:
    app = acme.principals[f"{ACCOUNT}:role/app"]
    (statement,) = app.identity_policies[1].statements
    assert statement.sid == "DenyWithoutMfa"


def test_groups_and_boundary_are_resolved(acme: Bundle) -> None:
    alice = acme.principals[f"{ACCOUNT}:user/alice"]
    assert alice.groups == (f"{ACCOUNT}:group/Developers",)
    group = acme.groups[alice.groups[0]]
    assert [policy.name for policy in group.identity_policies] == [
        "Developers/list-keys",
        "Developers/DenyWithoutMfa",
    ]
    assert alice.permissions_boundary is not None
    assert alice.permissions_boundary.name == "alice/DeveloperBoundary"


def test_a_real_account_has_no_diagnostics(acme: Bundle) -> None:
    assert (acme.diagnostics, acme.skipped) == ((), ())


def test_the_native_form_reads_json_yaml_and_the_files_that_it_names(native: Bundle) -> None:
    key = native.keys[ORDERS]
    assert key.policy is not None
    assert key.policy.span.file.endswith("policies/orders.json")
    assert key.grants[0].name == "nightly-batch"
    alice = native.principals[f"{ACCOUNT}:user/alice"]
    assert alice.permissions_boundary is not None
    assert alice.permissions_boundary.span.file.endswith("principals.yaml")
    assert native.organization is not None
    levels = native.organization.service_control_policies["111122223333"]
    assert [[policy.name for policy in level] for level in levels] == [
        ["111122223333/scp[0][0]"],
        ["111122223333/scp[1][0]"],
    ]


def test_a_file_that_another_names_is_not_skipped(native: Bundle) -> None:
    assert native.skipped == ()


@pytest.mark.parametrize("name", ["acme", "native"])
def test_a_folder_and_its_files_one_by_one_are_the_same(name: str, tmp_path: Path) -> None:
    shutil.copytree(BUNDLES / name, tmp_path / name)
    files = [p for p in (tmp_path / name).rglob("*.*") if p.is_file() and p.parent.name != "policies"]
    one, other = load_bundle(tmp_path / name), load_bundle(*files, tmp_path / name)
    assert set(one.keys) == set(other.keys)
    assert set(one.principals) == set(other.principals)
    assert other.diagnostics == ()


def test_the_engine_decides_from_a_bundle(acme: Bundle) -> None:
    engine = PolicyEngine(acme)
    request = Request(f"{ACCOUNT}:role/app", "kms:Decrypt", ORDERS, {"kms:EncryptionContext:tenant": "acme"})
    decision = engine.authorize(request)
    assert decision.outcome is Outcome.ALLOWED
    assert [origin.file for origin in decision.determining] == [
        str(BUNDLES / "acme/keys/orders/get-key-policy.json"),
        str(BUNDLES / "acme/authorization-details.json"),
    ]


def test_a_service_linked_role_is_told_by_its_path(files: Files) -> None:
    role = {
        "Path": "/aws-service-role/rds.amazonaws.com/",
        "RoleName": "AWSServiceRoleForRDS",
        "RoleId": "AROA1EXAMPLERDS00001",
        "Arn": f"{ACCOUNT}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
    }
    files.put("account.json", {"RoleDetailList": [role]})
    assert files.load().principals[role["Arn"]].service_linked


def test_a_shared_policy_stands_beside_the_default_one(files: Files, key_folder: Callable[..., None]) -> None:
    shared = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}],
    }
    key_folder(shared={"Policy": shared, "PolicyName": "AWS_RAM"})
    (key,) = files.load().keys.values()
    assert key.shared_policy is not None
    assert key.policy is not None
    assert key.policy.digest != key.shared_policy.digest


def test_an_aws_managed_key_is_told_by_its_manager(files: Files, key_folder: Callable[..., None]) -> None:
    key_folder(describe={"KeyMetadata": {"KeyId": ORDERS[-36:], "Arn": ORDERS, "KeyManager": "AWS"}})
    (key,) = files.load().keys.values()
    assert key.aws_managed
    assert key.aliases is None
    assert key.tags is None


def test_a_managed_policy_may_stand_in_another_file(files: Files) -> None:
    policy = {
        "PolicyName": "P",
        "Arn": f"{ACCOUNT}:policy/P",
        "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": ALLOW}],
    }
    user = {
        "UserName": "bob",
        "UserId": "AIDA1EXAMPLEBOB00001",
        "Arn": f"{ACCOUNT}:user/bob",
        "AttachedManagedPolicies": [{"PolicyName": "P", "PolicyArn": f"{ACCOUNT}:policy/P"}],
    }
    files.put("a-users.json", {"UserDetailList": [user]})
    files.put("b-policies.json", {"Policies": [policy], "IsTruncated": False})
    bob = files.load().principals[f"{ACCOUNT}:user/bob"]
    assert [policy.name for policy in bob.identity_policies] == ["bob/P"]


def test_a_session_has_its_policies_and_its_role(files: Files) -> None:
    session = "arn:aws:sts::111122223333:assumed-role/app/s1"
    role = "arn:aws:iam::111122223333:role/team/app"
    files.native(
        principals=[
            {
                "Arn": session,
                "RoleArn": role,
                "SessionPolicies": [{"PolicyName": "cap", "PolicyDocument": ALLOW}],
            }
        ]
    )
    record = files.load().principals[session]
    assert record.role_arn == role
    (policy,) = record.session_policies
    assert (policy.kind, policy.name) == (PolicyKind.SESSION, "s1/cap")
