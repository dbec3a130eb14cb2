"""The three ways to control access to a key, each from making the key to the audit log.

AWS KMS Developer Guide, Authentication and access control: the key policy alone, IAM policies that the key policy
enables, and grants. https://docs.aws.amazon.com/kms/latest/developerguide/control-access.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import AccessDeniedError
from policy_engine import GrantConstraints, PrincipalRecord
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from kms_core.service import Kms
    from policy_engine import Bundle

Audit = "Callable[[], list[dict[str, object]]]"
ACME = {"tenant": "acme"}


def _decided(audit: Audit) -> tuple[str, list[str]]:
    (decision,) = audit()[-1]["decisions"]
    return decision["outcome"], decision["determining"]


def _denied(call: Callable[[], object]) -> None:
    with pytest.raises(AccessDeniedError):
        call()


def test_by_the_key_policy_alone(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str], audit: Audit
) -> None:
    """Without a statement for the account no identity policy counts: not admin's, which allows all of kms."""
    use = {
        "Principal": {"AWS": people.app},
        "Action": ["kms:Encrypt", "kms:Decrypt"],
        "Condition": {"StringEquals": {"kms:EncryptionContext:tenant": "acme"}},
    }
    rule = {"Principal": {"AWS": people.admin}, "Action": ["kms:PutKeyPolicy", "kms:GetKeyPolicy"]}
    key_arn = kms.create_key(people.admin, policy=key_policy(rule, use)).arn

    blob = kms.encrypt(people.app, key_arn, b"x", ACME).ciphertext_blob
    assert _decided(audit) == ("allowed", ["key:1"])
    assert kms.decrypt(people.app, blob, ACME).plaintext == b"x"
    _denied(lambda: kms.encrypt(people.app, key_arn, b"x", {"tenant": "other"}))
    _denied(lambda: kms.decrypt(people.admin, blob, ACME))
    assert _decided(audit) == ("implicitDeny", [])
    _denied(lambda: kms.decrypt(people.root, blob, ACME))

    deny = {**use, "Effect": "Deny", "Action": "kms:Decrypt", "Condition": {}}
    kms.put_key_policy(people.admin, key_arn, key_policy(rule, use, deny))
    _denied(lambda: kms.decrypt(people.app, blob, ACME))
    assert _decided(audit) == ("explicitDeny", ["key:2"])
    assert kms.encrypt(people.app, key_arn, b"x", ACME)


def test_by_iam_policies_that_the_key_policy_enables(
    open_service: Callable[..., Kms],
    bundle: Bundle,
    people: SimpleNamespace,
    key_policy: Callable[..., str],
    audit: Audit,
) -> None:
    statements = [
        {"Effect": "Allow", "Action": ["kms:Encrypt", "kms:Decrypt"], "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:EncryptionContext:tenant": "secret"}},
        },
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    policy = read_policy(text, kind=PolicyKind.IDENTITY, name="app")
    app = PrincipalRecord(people.app, identity_policies=(policy,))
    kms = open_service(bundle=replace(bundle, principals={**bundle.principals, people.app: app}))
    key_arn = kms.create_key(people.admin).arn

    blob = kms.encrypt(people.app, key_arn, b"x", ACME).ciphertext_blob
    assert _decided(audit) == ("allowed", ["key:0", "identity:0"])
    assert kms.decrypt(people.app, blob, ACME).plaintext == b"x"
    secret = kms.encrypt(people.app, key_arn, b"x", {"tenant": "secret"}).ciphertext_blob
    _denied(lambda: kms.decrypt(people.app, secret, {"tenant": "secret"}))
    assert _decided(audit) == ("explicitDeny", ["identity:1"])
    _denied(lambda: kms.describe_key(people.app, key_arn))
    # the identity policy of another account is not what this key policy enables
    _denied(lambda: kms.encrypt(people.stranger, key_arn, b"x"))

    narrow = {"Principal": {"AWS": people.root}, "Action": ["kms:Encrypt", "kms:PutKeyPolicy"]}
    kms.put_key_policy(people.admin, key_arn, key_policy(narrow))
    assert kms.encrypt(people.app, key_arn, b"x")
    _denied(lambda: kms.decrypt(people.app, blob, ACME))

    kms.put_key_policy(people.admin, key_arn, key_policy({"Principal": {"AWS": people.admin}}))
    _denied(lambda: kms.encrypt(people.app, key_arn, b"x"))
    assert _decided(audit) == ("implicitDeny", [])


def test_by_grants(kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str], audit: Audit) -> None:
    """A grant allows without any policy, hands on no more than it has, and loses against a Deny."""
    rule = {"Principal": {"AWS": people.admin}}
    key_arn = kms.create_key(people.admin, policy=key_policy(rule)).arn
    _denied(lambda: kms.encrypt(people.app, key_arn, b"x", ACME))

    constraints = GrantConstraints(encryption_context_subset=ACME)
    operations = ["Encrypt", "Decrypt", "CreateGrant", "RetireGrant"]
    made = kms.create_grant(people.admin, key_arn, people.app, operations, constraints=constraints)
    blob = kms.encrypt(people.app, key_arn, b"x", ACME).ciphertext_blob
    assert _decided(audit) == ("allowed", [f"grant:{made.grant_id}"])
    _denied(lambda: kms.encrypt(people.app, key_arn, b"x"))

    _denied(lambda: kms.create_grant(people.app, key_arn, people.stranger, ["Decrypt"]))
    child = kms.create_grant(
        people.app, key_arn, people.stranger, ["Decrypt"], constraints=GrantConstraints(ACME)
    )
    assert _decided(audit) == ("allowed", [f"grant:{made.grant_id}"])
    # across accounts, and without a word of the other account's policies
    assert kms.decrypt(people.stranger, blob, ACME).plaintext == b"x"

    kms.retire_grant(people.app, grant_token=made.grant_token)
    _denied(lambda: kms.encrypt(people.app, key_arn, b"x", ACME))
    assert kms.decrypt(people.stranger, blob, ACME).plaintext == b"x"
    deny = {"Effect": "Deny", "Principal": {"AWS": people.stranger}, "Action": "kms:Decrypt"}
    kms.put_key_policy(people.admin, key_arn, key_policy(rule, deny))
    _denied(lambda: kms.decrypt(people.stranger, blob, ACME))
    kms.put_key_policy(people.admin, key_arn, key_policy(rule))
    assert kms.decrypt(people.stranger, blob, ACME)
    kms.revoke_grant(people.admin, key_arn, child.grant_id)
    _denied(lambda: kms.decrypt(people.stranger, blob, ACME))
