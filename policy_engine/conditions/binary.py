"""BinaryEquals: bytes, which policy and request write in base64; the bytes are compared, not the text.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_BinaryEquals
"""

from __future__ import annotations

import binascii
import operator
from base64 import b64decode
from typing import TYPE_CHECKING

from policy_engine.conditions.operator import Operator

if TYPE_CHECKING:
    from policy_engine.model.condition import ConditionValue


def parse_binary(text: str) -> bytes | None:
    """The bytes that a text says in standard base64, or None."""
    try:
        return b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None


def _wanted(value: ConditionValue) -> bytes | None:
    return parse_binary(value.text)


BINARY_OPERATORS = (Operator("BinaryEquals", _wanted, parse_binary, operator.eq),)
