"""The condition keys of a request: what the context says, under the facts that principal and key settle.

Not here: how values are compared (conditions). The rules: 15, 51, 55, 82, 87, 95, 99, 101 and 104 of the semantics
page. Facts win over what the context says; what a record leaves out is no fact, and then the context counts.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.reference.callers import Caller
    from tests.reference.plain_data import Json


Keys = dict[str, list[str]]
"""By name in lower case: condition keys ignore case (rule 68)."""

ENCRYPTION_CONTEXT = "kms:encryptioncontext:"
_TAGS_OF_PRINCIPAL = "aws:principaltag/"
_TAGS_OF_RESOURCE = "aws:resourcetag/"
_ALIASES = "kms:resourcealiases"
_PRINCIPAL_TYPES = {
    "user": "User",
    "role": "AssumedRole",
    "assumed-role": "AssumedRole",
    "federated-user": "FederatedUser",
    "root": "Account",
    "anonymous": "Anonymous",
}
_KEY_FIELDS = {"KeySpec": "kms:keyspec", "KeyUsage": "kms:keyusage", "Origin": "kms:keyorigin"}


def keys_of(case: dict[str, Any], caller: Caller) -> Keys:
    """All condition keys of a request, the facts winning."""
    request = case["request"]
    keys: Keys = {}
    for name, value in (request.get("context") or {}).items():
        keys.setdefault(name.lower(), []).extend(_texts(value))
    names = list(encryption_context(case))
    if names:
        keys["kms:encryptioncontextkeys"] = names
    record = (case.get("key") or {}) if is_key(request["resource"]) else {}
    if caller.tags is not None:
        keys = _without(keys, _TAGS_OF_PRINCIPAL)
    if record.get("Tags") is not None:
        keys = _without(keys, _TAGS_OF_RESOURCE)
    for name, values in _facts(request["resource"], record, caller, keys):
        keys[name] = values
    return {name: values for name, values in keys.items() if values}  # rule 95: an empty list is absent


def seen_by(layer: str, keys: Keys, resource: str) -> Keys:
    """The keys that a layer sees (rules 82, 83, 99)."""
    if layer in {"key", "rcp", "endpoint"}:
        keys = {name: keys[name] for name in _without(keys, _TAGS_OF_RESOURCE) if name != _ALIASES}
    if is_alias(resource):
        keys = _without(keys, "kms:")
    return keys


def encryption_context(case: dict[str, Any]) -> dict[str, list[str]]:
    """The pairs by the name as it is spelt."""
    length = len(ENCRYPTION_CONTEXT)
    return {
        name[length:]: _texts(value)
        for name, value in (case["request"].get("context") or {}).items()
        if name.lower().startswith(ENCRYPTION_CONTEXT) and _texts(value)
    }


def is_key(resource: str) -> bool:
    return resource.startswith("arn:") and resource.split(":", 5)[5].startswith("key/")


def is_alias(resource: str) -> bool:
    return resource.startswith("arn:") and resource.split(":", 5)[5].startswith("alias/")


def _facts(
    resource: str, record: dict[str, Any], caller: Caller, keys: Keys
) -> Iterator[tuple[str, list[str]]]:
    yield from _facts_of_caller(caller)
    yield from _facts_of_key(record)
    account = resource.split(":")[4] if resource.startswith("arn:") else ""
    if account:
        yield "aws:resourceaccount", [account]
    elif caller.account and "aws:resourceaccount" not in keys:  # rule 104
        yield "aws:resourceaccount", [caller.account]


def _facts_of_caller(caller: Caller) -> Iterator[tuple[str, list[str]]]:
    if caller.account:
        yield "aws:principalaccount", [caller.account]
        yield "kms:calleraccount", [caller.account]  # rule 55
    if caller.kind in _PRINCIPAL_TYPES:
        yield "aws:principaltype", [_PRINCIPAL_TYPES[caller.kind]]
    # Rules 15 and 87: a session's is its role's ARN, and where that is not known nothing is guessed.
    arn = caller.role_arn if caller.kind == "assumed-role" else caller.arn
    if arn and caller.kind not in {"service", "anonymous"}:
        yield "aws:principalarn", [arn]
    if caller.kind == "user":
        yield "aws:username", [caller.arn.rpartition("/")[2]]
    if caller.kind == "service":
        yield "aws:principalisawsservice", ["true"]
    for name, value in (caller.tags or {}).items():
        yield _TAGS_OF_PRINCIPAL + name.lower(), [value]


def _facts_of_key(record: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for field, name in _KEY_FIELDS.items():
        if record.get(field) is not None:
            yield name, [record[field]]
    if record.get("MultiRegion") is not None:
        yield "kms:multiregion", _texts(record["MultiRegion"])
    if record.get("Aliases") is not None:
        yield _ALIASES, list(record["Aliases"])
    for name, value in (record.get("Tags") or {}).items():
        yield _TAGS_OF_RESOURCE + name.lower(), [value]


def _without(keys: Keys, prefix: str) -> Keys:
    return {name: values for name, values in keys.items() if not name.startswith(prefix)}


def _texts(value: Json) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item if isinstance(item, str) else json.dumps(item) for item in values]
