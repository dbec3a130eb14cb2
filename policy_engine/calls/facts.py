"""PRINCIPAL AND KEY → CONTEXT: the condition keys that follow from who calls and from the key.

These are facts wherever they are known: a request's context cannot say otherwise. A field that a record
leaves out is not known, and then the context's value counts. Time is never derived.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.model.facts import Facts, FactValue
from policy_engine.model.principal import Principal, PrincipalKind
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.model.bundle import KeyRecord

PRINCIPAL_ARN = "aws:PrincipalArn"
PRINCIPAL_TAG = "aws:PrincipalTag/"
RESOURCE_TAG = "aws:ResourceTag/"
RESOURCE_ALIASES = "kms:ResourceAliases"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html, "Principal key values"
_PRINCIPAL_TYPES = {
    PrincipalKind.USER: "User",
    PrincipalKind.ROLE: "AssumedRole",
    PrincipalKind.ASSUMED_ROLE: "AssumedRole",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
    PrincipalKind.ROOT: "Account",
    PrincipalKind.ANONYMOUS: "Anonymous",
}


def principal_facts(principal: Principal) -> Facts:
    """The keys that follow from the caller."""
    values: dict[str, FactValue] = {}
    families: tuple[str, ...] = ()
    if principal.kind is PrincipalKind.SERVICE:
        values["aws:PrincipalIsAWSService"] = "true"
        values["aws:PrincipalServiceName"] = principal.name
        # a service is in no account, no organization, and has no tags (rule 78)
        values["aws:PrincipalOrgID"] = None
        return Facts(values, (PRINCIPAL_TAG,))
    values["aws:PrincipalIsAWSService"] = "false"
    if principal.kind in _PRINCIPAL_TYPES:
        values["aws:PrincipalType"] = _PRINCIPAL_TYPES[principal.kind]
    if principal.account is not None:
        values["aws:PrincipalAccount"] = principal.account
        values["kms:CallerAccount"] = principal.account
    unknown: frozenset[str] = frozenset()
    arn = principal_arn(principal)
    if arn is not None:
        values[PRINCIPAL_ARN] = arn
    elif principal.kind is PrincipalKind.ASSUMED_ROLE:
        unknown = frozenset({PRINCIPAL_ARN})
    values["aws:username"] = principal.name if principal.kind is PrincipalKind.USER else None
    if principal.tags is not None:
        values |= _tag_values(PRINCIPAL_TAG, principal.tags)
        families = (PRINCIPAL_TAG,)
    return Facts(values, families, unknown=unknown)


def principal_arn(principal: Principal) -> str | None:
    """The value of aws:PrincipalArn: for a session its role's ARN, None where that is not known (rule 87)."""
    if principal.kind is PrincipalKind.ASSUMED_ROLE:
        return principal.role_arn
    return principal.arn or None


def key_facts(
    key: KeyRecord | None, resource: str, caller_account: str | None, *, in_identity_policies: bool = True
) -> Facts:
    """The keys that follow from the resource.

    Where its ARN has no account, the account is what the context says, else the caller's (rule 104). Tags and
    aliases of a key count in identity policies only (rules 38, 82 and 99).
    """
    arn = parse_arn(resource)
    account = arn.account if arn else ""
    attributes = (key.multi_region, key.key_spec, key.key_usage, key.origin) if key else ()
    facts = _key_facts(account, "" if account else caller_account or "", attributes)
    if not in_identity_policies:
        return facts.joined(_WITHOUT_TAGS_AND_ALIASES)
    if key is None:
        return facts
    values: dict[str, FactValue] = {}
    if key.aliases is not None:
        values[RESOURCE_ALIASES] = tuple(key.aliases) or None
    if key.tags is None:
        return facts.joined(Facts(values)) if values else facts
    return facts.joined(Facts(values | _tag_values(RESOURCE_TAG, key.tags), (RESOURCE_TAG,)))


_WITHOUT_TAGS_AND_ALIASES = Facts({RESOURCE_ALIASES: None}, (RESOURCE_TAG,))
_ATTRIBUTES = ("kms:MultiRegion", "kms:KeySpec", "kms:KeyUsage", "kms:KeyOrigin")


@lru_cache(1_024)
def _key_facts(account: str, default_account: str, attributes: tuple[str | bool | None, ...]) -> Facts:
    """What most keys of an account have in common; attributes that are None are not known."""
    values: dict[str, FactValue] = {"aws:ResourceAccount": account} if account else {}
    for name, value in zip(_ATTRIBUTES, attributes, strict=False):
        if value is not None:
            values[name] = value if isinstance(value, str) else str(value).lower()
    return Facts(values, (), {"aws:ResourceAccount": default_account} if default_account else {})


def _tag_values(prefix: str, tags: Mapping[str, str]) -> dict[str, FactValue]:
    return {prefix + ascii_lower(name): value for name, value in tags.items()}
