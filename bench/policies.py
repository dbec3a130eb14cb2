"""The policies and grants of the account, as texts that users would write.

A key policy has six statements and a role two identity policies of five, Allow and Deny, with wildcards in
actions and resources, and tests by StringEquals, StringNotEquals, StringLike, ArnLike, Bool, BoolIfExists,
IpAddress, NotIpAddress and NumericLessThan.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bench.account import ACCOUNT, ORGANIZATION, REGION, neighbour, role_arn, tenant, users_of
from policy_engine import Grant, GrantConstraints

if TYPE_CHECKING:
    import random

    from bench.account import Size

_NOT_DELEGATED = 10
"""Every tenth key does not delegate to IAM; key 0 does."""
_USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
_ADMINISTER = [
    *("kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*", "kms:Revoke*"),
    *("kms:Disable*", "kms:Get*", "kms:TagResource", "kms:ScheduleKeyDeletion"),
]
_GRANT_OPERATIONS = (
    ("Decrypt", "DescribeKey"),
    ("Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"),
    ("Decrypt", "ReEncryptFrom", "ReEncryptTo"),
    ("CreateGrant", "Decrypt", "GenerateDataKey"),
)
_SUPPORT = f"arn:aws:iam::{ACCOUNT}:role/support"


def key_policy(key: int, size: Size) -> str:
    """The text of a key's policy."""
    root, admin = f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:role/key-admin"
    delegates = key % _NOT_DELEGATED != _NOT_DELEGATED - 1
    everyone = {"AWS": "*"}
    # a role of its tenant besides, where the account has one
    users = {"AWS": [*users_of(key, size), _SUPPORT]}
    services: dict[str, object] = {
        "kms:ViaService": [f"s3.{REGION}.amazonaws.com", f"ec2.{REGION}.amazonaws.com"],
        "kms:CallerAccount": ACCOUNT,
    }
    return _document(
        _statement("EnableIam", "kms:*", Principal={"AWS": root if delegates else admin}),
        _statement("Administer", _ADMINISTER, Principal={"AWS": [admin, role_arn(key % size.principals)]}),
        _statement(
            "Use", _USE, {"StringEquals": {"kms:EncryptionContext:tenant": tenant(key)}}, Principal=users
        ),
        _statement("UseThroughServices", _USE, {"StringEquals": services}, Principal=everyone),
        _statement(
            "KeepInside",
            "kms:*",
            {"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}},
            Effect="Deny",
            Principal=everyone,
        ),
        _statement(
            "GrantToServices",
            ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            {"Bool": {"kms:GrantIsForAWSResource": "true"}},
            Principal=users,
        ),
    )


def identity_policies(principal: int) -> tuple[str, str]:
    """The texts of a role's two policies: what its work needs, and what nobody may."""
    return _work(tenant(principal)), _GUARD


def grants(key: int, size: Size, rng: random.Random) -> tuple[Grant, ...]:
    """The grants on a key, each for one tenant's encryption context."""
    count = size.grants if key else size.hot_grants
    return tuple(_grant(key, number, size, rng) for number in range(count))


def _grant(key: int, number: int, size: Size, rng: random.Random) -> Grant:
    subset = {"tenant": neighbour(key) if number % 2 == 0 else tenant(key)}
    if rng.random() < 0.5:  # noqa: PLR2004 - one grant in two asks for more
        subset["purpose"] = "backup"
    return Grant(
        grant_id=f"{key:08x}{number:08x}",
        grantee_principal=role_arn(rng.randrange(size.principals)),
        operations=_GRANT_OPERATIONS[number % len(_GRANT_OPERATIONS)],
        constraints=GrantConstraints(encryption_context_subset=subset),
    )


def _document(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _statement(
    sid: str,
    action: str | list[str],
    condition: dict[str, dict[str, object]] | None = None,
    **elements: object,
) -> dict[str, object]:
    full = {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": "*", **elements}
    return {**full, "Condition": condition} if condition else full


def _work(own: str) -> str:
    return _document(
        _statement(
            "OwnTenant",
            ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"],
            {"StringEquals": {"kms:EncryptionContext:tenant": own}},
            Resource=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*",
        ),
        _statement(
            "Look", ["kms:Describe*", "kms:List*", "kms:Get*"], {"Bool": {"aws:SecureTransport": "true"}}
        ),
        _statement(
            "Move",
            "kms:ReEncrypt*",
            {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}},
            Resource=f"arn:aws:kms:*:{ACCOUNT}:key/*",
        ),
        _statement(
            "Share",
            ["kms:CreateGrant", "kms:RevokeGrant"],
            {
                "ArnLike": {"aws:SourceArn": "arn:aws:s3:::acme-*"},
                "StringEquals": {"aws:RequestedRegion": REGION},
            },
        ),
        _statement(
            "FromOffice",
            "kms:*Key*",
            {"IpAddress": {"aws:SourceIp": "10.20.0.0/16"}},
            Resource=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/????????-12ab-*",
        ),
    )


_GUARD = _document(
    _statement(
        "FromOutside",
        "kms:*",
        {"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.168.0.0/16"]}},
        Effect="Deny",
    ),
    _statement("InTheClear", "kms:*", {"Bool": {"aws:SecureTransport": "false"}}, Effect="Deny"),
    _statement(
        "WithoutSecondFactor",
        ["kms:Schedule*", "kms:Disable*", "kms:Put*"],
        {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        Effect="Deny",
    ),
    _statement(
        "JustAuthenticated",
        ["kms:GenerateDataKey*", "kms:PutKeyPolicy"],
        {"NumericLessThan": {"aws:MultiFactorAuthAge": "1000"}},
    ),
    _statement(
        "Elsewhere",
        "kms:*",
        {"StringNotEquals": {"aws:RequestedRegion": [REGION, "eu-west-1"]}},
        Effect="Deny",
    ),
)
