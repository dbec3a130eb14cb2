"""A small account to ask about: one key, roles, and short ways to write policies."""

from __future__ import annotations

import json

from policy_engine import PrincipalRecord
from policy_engine.model.policy import Policy, PolicyKind
from policy_engine.reading import read_policy

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def policy(
    *statements: dict[str, object], kind: PolicyKind = PolicyKind.KEY, name: str = "default"
) -> Policy:
    return read_policy(
        json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), kind=kind, name=name
    )


def allow(**elements: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": "kms:*", "Resource": "*", **elements}


def deny(**elements: object) -> dict[str, object]:
    return {**allow(**elements), "Effect": "Deny"}


def role(name: str, *statements: dict[str, object]) -> PrincipalRecord:
    identity = (policy(*statements, kind=PolicyKind.IDENTITY, name=name),) if statements else ()
    return PrincipalRecord(ROLE + name, identity_policies=identity)
