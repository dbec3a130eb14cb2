"""Grants: whom one covers, and whether it allows an action with an encryption context.

Not here: CreateGrant by way of a grant and RetireGrant, which need the grant in question. The rules: 40, 42 to 44,
46, 48, 49 and 97 of the semantics page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.reference.actions import CONSTRAINT_IGNORED
from tests.reference.principals import account_of, stands_behind

if TYPE_CHECKING:
    from tests.reference.callers import Caller
    from tests.reference.context import Keys

FREE = "free"
CAPPED = "capped"
ACCOUNT = "account"

Pairs = dict[str, list[str]]
"""An encryption context: values by name, several where a list was given."""


def reach(grant: dict[str, Any], caller: Caller) -> str | None:
    """How the grantee covers a caller (rule 49); None where it does not."""
    grantee = grant.get("GranteePrincipal") or grant.get("GranteeServicePrincipal")
    if grantee is None or caller.kind == "anonymous":
        return None
    if caller.kind == "role" and grantee == caller.arn:
        return CAPPED
    if grantee == caller.arn and caller.kind != "root":
        return FREE
    if stands_behind(grantee, caller):
        return CAPPED
    account = account_of(grantee)
    return ACCOUNT if account is not None and account == caller.account else None


def allows(
    grant: dict[str, Any],
    action: str,
    pairs: Pairs,
    keys: Keys,
    *,
    tokens: list[str],
    ignore_case: bool,
) -> bool:
    """Whether a grant, for a caller that it covers, allows an action."""
    if grant.get("Pending") and grant.get("GrantToken") not in tokens:  # rule 48
        return False
    operations = [f"kms:{operation}".lower() for operation in grant["Operations"]]
    return action.lower() in operations and _constraints_hold(
        grant.get("Constraints") or {}, action, pairs, keys, ignore_case=ignore_case
    )


def _constraints_hold(
    constraints: dict[str, Any], action: str, pairs: Pairs, keys: Keys, *, ignore_case: bool
) -> bool:
    source = constraints.get("SourceArn")
    if source is not None and keys.get("aws:sourcearn") != [source]:  # rules 46 and 97
        return False
    if action.lower() in CONSTRAINT_IGNORED:  # rule 44
        return True
    present = _pairs({n: v for n, values in pairs.items() for v in values for n, v in [(n, v)]}, ignore_case)
    equals, subset = constraints.get("EncryptionContextEquals"), constraints.get("EncryptionContextSubset")
    return (equals is None or _pairs(equals, ignore_case) == present) and (
        subset is None or _pairs(subset, ignore_case) <= present
    )
