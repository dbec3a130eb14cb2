"""Short ways to write the policies that are asked about."""

from __future__ import annotations

import json
from typing import Any

from policy_engine.model.policy import Policy, PolicyKind
from policy_engine.reading import read_policy

ACCOUNT = "111122223333"
OTHER = "444455556666"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def role(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def allow(**elements: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": ROOT, "Action": "kms:*", "Resource": "*", **elements}


def deny(**elements: object) -> dict[str, Any]:
    return {**allow(Principal="*"), **elements, "Effect": "Deny"}


def policy(*statements: dict[str, Any], kind: PolicyKind = PolicyKind.KEY) -> Policy:
    return read_policy(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), kind=kind)
