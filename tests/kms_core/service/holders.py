"""Principals with identity policies of a few statements."""

from __future__ import annotations

import json

from policy_engine.model.bundle import Bundle, PrincipalRecord
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy

ADMIN = "arn:aws:iam::111122223333:role/admin"
OTHER = "arn:aws:iam::111122223333:role/other"
EVERYTHING: dict[str, object] = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}


def holder(arn: str, *statements: dict[str, object]) -> PrincipalRecord:
    """A principal that holds one policy."""
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return PrincipalRecord(arn, identity_policies=(read_policy(text, kind=PolicyKind.IDENTITY, name="all"),))


def beside_the_admin(*statements: str) -> Bundle:
    """Role other with these statements, as texts of one or several, beside the admin, who may all."""
    own = json.loads(f"[{', '.join(statements)}]")
    records = (holder(ADMIN, EVERYTHING), holder(OTHER, *own))
    return Bundle(principals={record.arn: record for record in records})
