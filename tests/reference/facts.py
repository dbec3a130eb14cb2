"""What a request's condition keys hold: facts about the caller and the key first, then what the context says.

Rules 15, 51, 54, 55, 82 to 87, 99, 101 and 104 of docs/semantics.md. Absent and unknown are one here: nothing else is given.
"""

import json
from typing import Any

from tests.reference.plain_data import Json
from tests.reference.principals import ANONYMOUS, SERVICE, Caller

CONTEXT_PREFIX = "kms:encryptioncontext:"
MULTI_VALUED = {
    "kms:resourcealiases", "kms:grantoperations", "kms:encryptioncontextkeys", "aws:tagkeys", "aws:calledvia",
    "aws:principalorgpaths", "aws:resourceorgpaths", "aws:sourceorgpaths", "aws:principalservicenameslist",
}  # fmt: skip
PRINCIPAL_TYPES = {
    "user": "User", "role": "AssumedRole", "assumed-role": "AssumedRole", "federated-user": "FederatedUser", "root": "Account",
}  # fmt: skip
KEY_FIELDS = {
    "KeySpec": "kms:keyspec", "KeyUsage": "kms:keyusage", "Origin": "kms:keyorigin", "MultiRegion": "kms:multiregion",
    "Aliases": "kms:resourcealiases",
}  # fmt: skip
IAM_ONLY = ("aws:resourcetag/", "kms:resourcealiases")  # rules 82, 99
WITHOUT_IAM_KEYS = ("key", "rcp", "endpoint")

Values = dict[str, list[str]]


def text_of(value: Json) -> str:
    """A scalar as its JSON text."""
    return value if isinstance(value, str) else json.dumps(value)


def _listed(value: Json) -> list[str]:
    return [text_of(one) for one in (value if isinstance(value, list) else [value])]


def gather(request: dict[str, Any], key: dict[str, Any], caller: Caller) -> Values:
    """All condition keys of the request, names in lower case."""
    values: Values = {}
    context = request.get("context") or {}
    for name, value in context.items():  # two encryption-context names may differ in case only (rule 101)
        values.setdefault(name.lower(), []).extend(_listed(value))
    names = [name for name, _ in encryption_context(request)]
    if names:  # rule 104: whatever the context claims
        values["kms:encryptioncontextkeys"] = names
    account = resource_account(request["resource"], caller, values)
    for name, fact in {**_about_key(request["resource"], key), **_about_caller(caller)}.items():
        _put(values, name, fact)
    if account is not None:
        values["aws:resourceaccount"] = [account]
    _put_tags(values, "aws:principaltag/", {} if caller.kind == SERVICE else caller.tags)  # rule 78
    _put_tags(values, "aws:resourcetag/", key.get("Tags") if ":key/" in request["resource"] else None)
    return values


def _put(values: Values, name: str, fact: list[str] | None) -> None:
    """A fact wins over the context; None says that the key is absent."""
    values.pop(name, None)
    if fact is not None:
        values[name] = fact


def _put_tags(values: Values, prefix: str, tags: dict[str, str] | None) -> None:
    """Tags that are known, even none, are all the tags there are."""
    if tags is None:
        return
    for name in [name for name in values if name.startswith(prefix)]:
        del values[name]
    for name, value in tags.items():
        values[prefix + name.lower()] = [value]


def resource_account(resource: str, caller: Caller, values: Values) -> str | None:
    """Rule 104: the ARN's account, else the context's, else the caller's."""
    parts = resource.split(":", 5)
    if len(parts) == 6 and parts[4]:
        return parts[4]
    given = values.get("aws:resourceaccount")
    return given[0] if given else caller.account


def _about_caller(caller: Caller) -> dict[str, list[str] | None]:
    facts: dict[str, list[str] | None] = {
        "aws:principalisawsservice": ["true" if caller.kind == SERVICE else "false"]
    }
    if caller.kind == SERVICE:
        facts["aws:principalorgid"] = None  # rule 78
    if caller.kind == ANONYMOUS:
        facts["aws:principaltype"] = ["Anonymous"]
    if caller.account is None:
        return facts
    facts["aws:principalaccount"] = facts["kms:calleraccount"] = [caller.account]
    facts["aws:principaltype"] = [PRINCIPAL_TYPES[caller.kind]]
    if caller.kind == "user":
        facts["aws:username"] = [caller.arn.split("/")[-1]]
    if caller.kind != "assumed-role":
        facts["aws:principalarn"] = [caller.arn]
    elif caller.role_arn is not None:  # rules 15, 87: the role's ARN, never guessed from the session's
        facts["aws:principalarn"] = [caller.role_arn]
    return facts


def _about_key(resource: str, key: dict[str, Any]) -> dict[str, list[str] | None]:
    if ":key/" not in resource:
        return {}
    return {name: _listed(key[field]) for field, name in KEY_FIELDS.items() if field in key}


def seen_by(layer: str, resource: str, values: Values) -> Values:
    """The keys that a statement of this layer sees (rules 83, 99)."""
    hidden: tuple[str, ...] = IAM_ONLY if layer in WITHOUT_IAM_KEYS else ()
    if resource.split(":", 5)[-1].startswith("alias/"):
        hidden += ("kms:",)
    return {name: value for name, value in values.items() if not name.startswith(hidden)}


def encryption_context(request: dict[str, Any]) -> list[tuple[str, str]]:
    """The request's encryption-context pairs, names as spelt."""
    context = request.get("context") or {}
    return [
        (name[len(CONTEXT_PREFIX) :], text)
        for name, value in context.items()
        if name.lower().startswith(CONTEXT_PREFIX)
        for text in _listed(value)
    ]
