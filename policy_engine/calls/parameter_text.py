"""A PARAMETER → TEXT: how a value of a call becomes the value of a condition key.

Booleans and numbers become their JSON text; times become seconds since 1970, as the guide has kms:ValidTo.
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from policy_engine.errors import RequestError
from policy_engine.syntax.json_faults import printable


def texts(name: str, value: object) -> str | tuple[str, ...]:
    """The text of a parameter, or of each member of a list.

    Raises:
        RequestError: it is of a type that no condition key has.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return tuple(_text(name, item) for item in value)
    return _text(name, value)


def pairs(name: str, value: object) -> dict[str, str]:
    """The pairs of an encryption context.

    Raises:
        RequestError: it is no mapping of strings to strings.
    """
    if not isinstance(value, Mapping) or not all(
        isinstance(key, str) and isinstance(item, str) for key, item in value.items()
    ):
        raise RequestError(f"{name} is no mapping of strings to strings")
    return dict(value)


def tags(value: object) -> dict[str, str]:
    """Tags by name, from the API's list of TagKey and TagValue.

    Raises:
        RequestError: it is no such list.
    """
    try:
        listed = [(entry["TagKey"], entry["TagValue"]) for entry in value or ()]  # type: ignore[attr-defined] # tried
    except (TypeError, KeyError):
        raise RequestError("Tags is no list of TagKey and TagValue") from None
    return {_text("TagKey", name): _text("TagValue", text) for name, text in listed}


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        value = value.timestamp()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    raise RequestError(f"the parameter {printable(name)} is of type {type(value).__name__}")
