"""Grants: which of them allows a request, and how it reaches the caller.

Rules 40 to 49 and 97 of docs/semantics.md. A grant allows or says nothing; who may retire one is its own rule (47).
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.reference.facts import Values, encryption_context
from tests.reference.principals import Caller, account_meant, account_named, covers_as_role

Grant = dict[str, Any]
WITHOUT_ENCRYPTION_CONTEXT = {"describekey", "retiregrant"}  # rule 44


def names(principal: str | None, caller: Caller) -> str | None:
    """How a grant's principal means the caller: `itself`, its `role`, or its `account`."""
    if not principal or caller.kind in ("anonymous", "saml", "oidc"):
        return None
    if (
        account_named(principal) is not None
    ):  # rule 12: the root ARN is the account, for the root user as well
        return "account" if account_meant(principal, caller) == caller.account else None
    if principal == caller.arn:
        return "itself"
    return "role" if covers_as_role(principal, caller) else None


def reaches(grant: Grant, caller: Caller) -> str | None:
    """The same for the grantee, which may be a service in a field of its own (rule 46)."""
    return names(grant.get("GranteePrincipal"), caller) or names(grant.get("GranteeServicePrincipal"), caller)


def allows(grant: Grant, request: dict[str, Any], values: Values, *, ignore_case: bool) -> bool:
    """Do state, operations and constraint admit the request? Who asks is another question."""
    operation = request["action"].lower().removeprefix("kms:")
    if operation not in [one.lower() for one in grant.get("Operations", [])]:
        return False
    if not _usable(grant, request.get("grant_tokens") or []):
        return False
    constraints = grant.get("Constraints") or {}
    source = constraints.get("SourceArn")
    if source is not None and values.get("aws:sourcearn") != [source]:  # rule 97
        return False
    if operation == "creategrant":
        child = request.get("grant")
        return child is not None and no_wider(child, grant, ignore_case=ignore_case)
    if operation in WITHOUT_ENCRYPTION_CONTEXT:
        return True
    return _context_admitted(constraints, encryption_context(request), ignore_case=ignore_case)


def _usable(grant: Grant, tokens: list[str]) -> bool:
    """Rule 48."""
    return not grant.get("Pending") or grant.get("GrantToken") in tokens


def _pairs(pairs: Iterable[tuple[str, str]], *, ignore_case: bool) -> Counter[tuple[str, str]]:
    """Rule 43: names ignore case by default, values never. A pair in two spellings counts twice (rule 42)."""
    return Counter((name.lower() if ignore_case else name, value) for name, value in pairs)


def _context_admitted(
    constraints: dict[str, Any], context: list[tuple[str, str]], *, ignore_case: bool
) -> bool:
    """Rule 42."""
    given = _pairs(context, ignore_case=ignore_case)
    exact, subset = constraints.get("EncryptionContextEquals"), constraints.get("EncryptionContextSubset")
    if exact is not None and _pairs(exact.items(), ignore_case=ignore_case) != given:
        return False
    return subset is None or set(_pairs(subset.items(), ignore_case=ignore_case)) <= set(given)


def no_wider(child: Grant, parent: Grant, *, ignore_case: bool) -> bool:
    """Rule 45: the child's operations are among the parent's, its constraint is the same or stricter."""
    if not {one.lower() for one in child["Operations"]} <= {one.lower() for one in parent["Operations"]}:
        return False
    mine, theirs = child.get("Constraints") or {}, parent.get("Constraints") or {}
    if theirs.get("SourceArn") not in (None, mine.get("SourceArn")):
        return False
    return all(
        _same_or_stricter(kind, _pairs(theirs[kind].items(), ignore_case=ignore_case), mine, ignore_case)
        for kind in ("EncryptionContextEquals", "EncryptionContextSubset")
        if theirs.get(kind) is not None
    )


def _same_or_stricter(
    kind: str, wanted: Counter[tuple[str, str]], mine: dict[str, Any], ignore_case: bool
) -> bool:
    """Equals needs Equals with the same pairs; Subset needs either, with at least those pairs."""
    exact, subset = mine.get("EncryptionContextEquals"), mine.get("EncryptionContextSubset")
    if kind == "EncryptionContextEquals":
        return exact is not None and _pairs(exact.items(), ignore_case=ignore_case) == wanted
    either = [constraint for constraint in (exact, subset) if constraint is not None]
    return any(
        set(wanted) <= set(_pairs(constraint.items(), ignore_case=ignore_case)) for constraint in either
    )


def may_retire(grant: Grant, request: dict[str, Any], caller: Caller) -> set[str]:
    """Rule 47: how the grant itself lets the caller retire it; one that is not visible yet needs its token (rule 48)."""
    if not _usable(grant, request.get("grant_tokens") or []):
        return set()
    found = {
        names(grant.get("RetiringPrincipal"), caller),
        names(grant.get("RetiringServicePrincipal"), caller),
    }
    if "retiregrant" in [one.lower() for one in grant.get("Operations", [])]:
        found.add(reaches(grant, caller))
    return {word for word in found if word in ("itself", "role")}


def accounts_of(grant: Grant, caller: Caller) -> set[str]:
    """Rule 47: accounts that may let their principals retire the grant, besides the key's: issuing and retiring ones.

    So may an account that is the grantee of a grant which lists RetireGrant (rule 97).
    """
    named = [grant.get("IssuingAccount"), grant.get("RetiringPrincipal")]
    if "retiregrant" in [one.lower() for one in grant.get("Operations", [])]:
        named.append(grant.get("GranteePrincipal"))
    return {account for name in named if name and (account := account_meant(name, caller)) is not None}
