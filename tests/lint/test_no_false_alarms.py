"""What AWS documents and creates itself gives no finding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.lint.cases import ROOT, report_on

if TYPE_CHECKING:
    from pathlib import Path

BUNDLES = ROOT / "fixtures" / "bundles"
KEY_POLICIES = sorted(BUNDLES.glob("**/get-key-policy.json"))
ACCOUNT = "111122223333"


@pytest.mark.parametrize("bundle", ["acme", "native"])
def test_the_bundles_are_clean(bundle: str) -> None:
    report = report_on(BUNDLES / bundle)
    assert report.findings == ()
    assert report.policies > 3


@pytest.mark.parametrize("path", KEY_POLICIES, ids=lambda path: path.parent.name)
def test_the_documented_key_policies_are_clean_by_themselves(path: Path) -> None:
    report = report_on(path)
    assert report.findings == ()
    assert report.policies == 1


def statement(**elements: object) -> dict[str, object]:
    return {"Effect": "Allow", "Resource": "*", **elements}


ROOT_STATEMENT = statement(
    Sid="Enable IAM User Permissions", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Action="kms:*"
)
ADMINISTRATORS = statement(
    Sid="Allow access for Key Administrators",
    Principal={"AWS": [f"arn:aws:iam::{ACCOUNT}:role/ExampleAdminRole"]},
    Action=[
        *(f"kms:{verb}*" for verb in ("Create", "Describe", "Enable", "List", "Put", "Update", "Revoke", "Disable", "Get", "Delete")),
        "kms:TagResource", "kms:UntagResource", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:RotateKeyOnDemand",
    ],
)  # fmt: skip
USERS = statement(
    Sid="Allow use of the key",
    Principal={"AWS": [f"arn:aws:iam::{ACCOUNT}:role/ExampleRole", "arn:aws:iam::444455556666:root"]},
    Action=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
)
RESOURCES = statement(
    Sid="Allow attachment of persistent resources",
    Principal={"AWS": [f"arn:aws:iam::{ACCOUNT}:role/ExampleRole"]},
    Action=["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
    Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
)
MANAGED = [
    statement(
        Sid="Allow access through EBS for all principals in the account that are authorized to use EBS",
        Principal={"AWS": "*"},
        Action=[
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:CreateGrant",
            "kms:DescribeKey",
        ],
        Condition={
            "StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": "ec2.us-east-1.amazonaws.com"}
        },
    ),
    statement(
        Sid="Allow direct access to key metadata to the account",
        Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        Action=["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
    ),
]
LOGS = statement(
    Principal={"Service": "logs.us-east-1.amazonaws.com"},
    Action=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
    Condition={
        "ArnEquals": {
            "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:orders"
        }
    },
)
DOCUMENTED = {
    "default": [ROOT_STATEMENT],
    "console": [ROOT_STATEMENT, ADMINISTRATORS, USERS, RESOURCES],
    "logs": [ROOT_STATEMENT, LOGS],
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_policies_are_clean(name: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": DOCUMENTED[name]}), encoding="utf-8")
    assert report_on(path).findings == ()


def test_an_aws_managed_key_is_not_public_and_that_nobody_can_change_its_policy_is_true(
    tmp_path: Path,
) -> None:
    """AWS changes it, which no policy says: the one finding that is left is about that."""
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": MANAGED}), encoding="utf-8")
    assert [finding.rule.id for finding in report_on(path).findings] == ["K501"]


def test_an_aws_managed_key_that_is_known_as_one_is_clean(tmp_path: Path) -> None:
    key = {
        "Arn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "Policy": {"Version": "2012-10-17", "Statement": MANAGED},
        "AwsManaged": True,
    }
    path = tmp_path / "bundle.json"
    path.write_text(
        json.dumps({"schema": "kmsgate/bundle/1", "keys": [key], "principals": []}), encoding="utf-8"
    )
    assert report_on(path).findings == ()
