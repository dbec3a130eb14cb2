from __future__ import annotations

import pytest

from policy_engine import Bundle, Grant, GrantConstraints, KeyRecord, PolicyEngine
from tests.engine.world import KEY, ROLE, ROOT, allow, policy, role


@pytest.fixture
def engine() -> PolicyEngine:
    """One key that delegates to its account, a role that may decrypt for tenant acme, a grant to another."""
    grant = Grant(
        "g-1", ROLE + "batch", ("Decrypt",), GrantConstraints(encryption_context_subset={"tenant": "acme"})
    )
    app = role(
        "app",
        allow(Action="kms:Decrypt", Condition={"StringEquals": {"kms:EncryptionContext:tenant": "acme"}}),
    )
    key = KeyRecord(KEY, policy(allow(Principal=ROOT)), grants=(grant,))
    return PolicyEngine(Bundle(keys={KEY: key}, principals={app.arn: app}))
