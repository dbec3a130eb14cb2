"""A small account as texts, so that positions can be told: the orders key, role app, a grant to role batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine import Bundle, Grant, GrantConstraints, KeyRecord, PolicyEngine, PrincipalRecord, Request
from policy_engine.explain import explain
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy

if TYPE_CHECKING:
    from policy_engine.explain import Explanation
    from policy_engine.model.request import ContextInput

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
APP = f"arn:aws:iam::{ACCOUNT}:role/app"
BATCH = f"arn:aws:iam::{ACCOUNT}:role/batch"
OPS = f"arn:aws:iam::{ACCOUNT}:role/ops"
CONTEXT = "kms:EncryptionContext:"

KEY_POLICY = f"""\
{{
  "Version": "2012-10-17",
  "Statement": [
    {{
      "Sid": "EnableIAM",
      "Effect": "Allow",
      "Principal": {{"AWS": "arn:aws:iam::{ACCOUNT}:root"}},
      "Action": "kms:*",
      "Resource": "*"
    }},
    {{
      "Sid": "OpsAdmin",
      "Effect": "Allow",
      "Principal": {{"AWS": "{OPS}"}},
      "Action": ["kms:Describe*", "kms:List*"],
      "Resource": "*"
    }},
    {{
      "Sid": "DenyNoMFA",
      "Effect": "Deny",
      "Principal": "*",
      "Action": "kms:*",
      "Resource": "*",
      "Condition": {{"Bool": {{"aws:MultiFactorAuthPresent": "false"}}}}
    }}
  ]
}}
"""
IDENTITY_POLICY = f"""\
{{
  "Version": "2012-10-17",
  "Statement": {{
    "Sid": "OrdersDecrypt",
    "Effect": "Allow",
    "Action": "kms:Decrypt",
    "Resource": "{KEY}",
    "Condition": {{
      "StringEquals": {{"{CONTEXT}tenant": "acme"}}
    }}
  }}
}}
"""


def orders_key(policy: str = KEY_POLICY) -> KeyRecord:
    """The orders key."""
    grant = Grant(
        "0c237476b39f8bc44e45212e08498fbe",
        BATCH,
        ("Decrypt", "GenerateDataKey"),
        GrantConstraints(encryption_context_subset={"tenant": "acme"}),
        name="nightly-batch",
        retiring_principal=f"arn:aws:iam::{ACCOUNT}:role/batch-retirer",
    )
    return KeyRecord(
        KEY,
        read_policy(policy, kind=PolicyKind.KEY, file="keys/orders.json"),
        (grant,),
        aliases=("alias/orders",),
        tags={},
        key_spec="SYMMETRIC_DEFAULT",
        key_state="Enabled",
    )


def holder(arn: str, policy: str = IDENTITY_POLICY, *, boundary: str | None = None) -> PrincipalRecord:
    """A principal with one identity policy."""
    cap = read_policy(boundary, kind=PolicyKind.BOUNDARY, file="boundary.json") if boundary else None
    identity = read_policy(policy, kind=PolicyKind.IDENTITY, name="app/orders", file="identity/app.json")
    return PrincipalRecord(arn, identity_policies=(identity,), permissions_boundary=cap)


def world(
    key: KeyRecord | None = None, principals: tuple[PrincipalRecord, ...] | None = None
) -> PolicyEngine:
    """An engine that holds the orders key, and role app unless told otherwise."""
    key = key or orders_key()
    records = (holder(APP),) if principals is None else principals
    return PolicyEngine(Bundle(keys={KEY: key}, principals={r.arn: r for r in records}))


def ask(
    principal: str,
    action: str,
    context: ContextInput | None = None,
    *,
    engine: PolicyEngine | None = None,
    tokens: tuple[str, ...] = (),
) -> Explanation:
    """Explain a request on the orders key."""
    return explain(engine or world(), Request(principal, action, KEY, dict(context or {}), tokens))
