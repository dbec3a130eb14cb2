"""How Principal and NotPrincipal name a caller: itself, the role or user behind it, or its account.

Not here: what each way is worth (layers). The rules: 6 to 20 and 102 of the semantics page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.reference.callers import Caller

NAMED = "named"
DIRECT = "direct"
DELEGATED = "delegated"


def ways(statement: dict[str, Any], caller: Caller, *, has_boundary: bool) -> frozenset[str]:
    """The ways in which a statement's principal element covers a caller; none where it does not."""
    if "Principal" in statement:
        return listed(statement["Principal"], caller, denies=statement["Effect"] == "Deny")
    if "NotPrincipal" not in statement:
        return frozenset()  # rule 20
    if has_boundary:
        return frozenset({NAMED})  # rule 18
    exempt = listed(statement["NotPrincipal"], caller, denies=True)
    return frozenset() if exempt else frozenset({NAMED})  # rule 102


def listed(element: Any, caller: Caller, *, denies: bool) -> frozenset[str]:
    if element == "*":
        return frozenset({NAMED})  # rules 10 and 11
    found = {
        _way(kind, value, caller, denies=denies) for kind, values in element.items() for value in _list(values)
    }
    return frozenset(way for way in found if way is not None)


def _way(kind: str, value: str, caller: Caller, *, denies: bool) -> str | None:
    if kind == "Service":
        return NAMED if caller.kind == "service" and caller.arn == value else None
    if value == "*":
        # Rule 11: whether {"AWS": "*"} covers services is open; yes for Deny, no for Allow.
        return NAMED if caller.kind != "service" or denies else None
    if account_of(value) is not None:
        return DELEGATED if account_of(value) == caller.account else None  # rules 12 and 19
    if caller.kind == "service":
        return None
    return _way_of_arn(value, caller)


def _way_of_arn(value: str, caller: Caller) -> str | None:
    if caller.kind == "role":
        return DIRECT if value == caller.arn else None  # rule 7
    if value == caller.arn:
        return NAMED  # rules 6, 8, 9
    if caller.id is not None and value == caller.id:
        return NAMED  # rule 14
    return DIRECT if stands_behind(value, caller) else None


def stands_behind(arn: str, caller: Caller) -> bool:
    """Whether an ARN is the role of the caller's session, or the user who federated (rules 7, 9, 16)."""
    if caller.role_arn is not None:
        return caller.kind in {"assumed-role", "federated-user"} and arn == caller.role_arn
    if caller.kind != "assumed-role" or f"::{caller.account}:role/" not in arn:
        return False
    return arn.rpartition("/")[2].lower() == caller.role_name.lower()


def account_of(value: str) -> str | None:
    """The account that a bare id or the ARN of the account stands for (rule 12), or None."""
    if len(value) == 12 and value.isdigit():
        return value
    parts = value.split(":")
    is_account = len(parts) == 6 and parts[0] == "arn" and parts[2] == "iam" and parts[5] == "root"
    return parts[4] if is_account else None


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
