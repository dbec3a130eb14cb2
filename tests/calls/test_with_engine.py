"""Calls decided by an engine: every check must be allowed, on what it is about."""

from __future__ import annotations

import json
from typing import Any

from policy_engine import PolicyEngine
from policy_engine.calls.bundle_keys import BundleKeys
from policy_engine.calls.operations import requests_for
from policy_engine.model.bundle import Bundle, KeyRecord, PrincipalRecord
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy
from tests.calls.world import ACCOUNT, CALLER, HOME, K1, K2, call

Statement = dict[str, Any]
DELEGATION: Statement = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}


def document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def engine(*identity: Statement) -> PolicyEngine:
    policy = read_policy(document(DELEGATION), kind=PolicyKind.KEY, name="default", file="key.json")
    keys = {K1: KeyRecord(K1, policy, aliases=("alias/orders",)), K2: KeyRecord(K2, policy, aliases=())}
    own = read_policy(document(*identity), kind=PolicyKind.IDENTITY, name="app", file="app.json")
    role = PrincipalRecord(CALLER, identity_policies=(own,))
    return PolicyEngine(Bundle(keys=keys, principals={CALLER: role}))


def allowed(decider: PolicyEngine, operation: str, parameters: dict[str, object], **more: Any) -> list[bool]:  # noqa: ANN401 - as the call takes them
    records = {arn: decider.key(arn) for arn in decider.keys}
    directory = BundleKeys({arn: record for arn, record in records.items() if record is not None})
    made = call(operation, parameters, keys=directory, **more)
    return [decider.authorize(check.request(made.principal)).allowed for check in requests_for(made)]


def allow(action: str | list[str], *resources: str, **condition: Any) -> Statement:  # noqa: ANN401 - JSON
    statement: Statement = {"Effect": "Allow", "Action": action, "Resource": list(resources)}
    return {**statement, "Condition": condition} if condition else statement


def test_each_check_is_about_its_own_resource() -> None:
    parameters: dict[str, object] = {"AliasName": "alias/orders", "TargetKeyId": K2}
    some = engine(allow("kms:UpdateAlias", f"{HOME}alias/orders", K2))
    assert allowed(some, "UpdateAlias", parameters) == [True, False, True]
    all_three = engine(allow("kms:UpdateAlias", f"{HOME}alias/*", K1, K2))
    assert allowed(all_three, "UpdateAlias", parameters) == [True, True, True]


def test_each_side_of_re_encrypt_has_its_own_encryption_context() -> None:
    reading = allow("kms:ReEncryptFrom", K1, StringEquals={"kms:EncryptionContext:tenant": "old"})
    writing = allow("kms:ReEncryptTo", K2, StringEquals={"kms:EncryptionContext:TENANT": "new"})
    parameters: dict[str, object] = {
        "DestinationKeyId": K2,
        "SourceEncryptionContext": {"Tenant": "old"},
        "DestinationEncryptionContext": {"Tenant": "new"},
    }
    decider = engine(reading, writing)
    assert allowed(decider, "ReEncrypt", parameters, ciphertext_key=K1) == [True, True]
    swapped = {**parameters, "SourceEncryptionContext": {"Tenant": "new"}}
    assert allowed(decider, "ReEncrypt", swapped, ciphertext_key=K1) == [False, True]


def test_a_default_counts_and_an_absent_key_does_not() -> None:
    default = engine(allow("kms:CreateKey", "*", StringEquals={"kms:KeySpec": "SYMMETRIC_DEFAULT"}))
    assert allowed(default, "CreateKey", {}) == [True]
    assert allowed(default, "CreateKey", {"KeySpec": "RSA_2048"}) == [False]
    no_bypass = engine(allow("kms:PutKeyPolicy", K1, Null={"kms:BypassPolicyLockoutSafetyCheck": "true"}))
    assert allowed(no_bypass, "PutKeyPolicy", {"KeyId": K1}) == [True]
    assert allowed(no_bypass, "PutKeyPolicy", {"KeyId": K1, "BypassPolicyLockoutSafetyCheck": False}) == [
        False
    ]


def test_a_key_is_used_by_its_alias_only() -> None:
    decider = engine(allow("kms:Encrypt", K1, StringEquals={"kms:RequestAlias": "alias/orders"}))
    assert allowed(decider, "Encrypt", {"KeyId": "alias/orders"}) == [True]
    assert allowed(decider, "Encrypt", {"KeyId": K1}) == [False]


def test_grants_for_services_only() -> None:
    decider = engine(allow("kms:CreateGrant", K1, Bool={"kms:GrantIsForAWSResource": "true"}))
    parameters: dict[str, object] = {"KeyId": K1, "GranteePrincipal": CALLER, "Operations": ["Decrypt"]}
    assert allowed(decider, "CreateGrant", parameters, via_service="ec2.us-east-1.amazonaws.com") == [True]
    assert allowed(decider, "CreateGrant", parameters) == [False]
