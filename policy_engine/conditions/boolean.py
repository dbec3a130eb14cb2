"""Bool: true or false, in any case; anything else is neither and never matches.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Boolean
"""

from __future__ import annotations

import operator
from itertools import product
from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.conditions.operator import Operator
from policy_engine.conditions.text import plain_text

if TYPE_CHECKING:
    from policy_engine.model.condition import ConditionValue

_VALUES = {"true": True, "false": False}


def parse_boolean(text: str) -> bool | None:
    """The truth value that a text says, or None."""
    return _VALUES.get(ascii_lower(text))


def _wanted(value: ConditionValue) -> bool | None:
    return parse_boolean(plain_text(value))


_SPELLINGS = {
    value: frozenset(map("".join, product(*((letter, letter.upper()) for letter in text))))
    for text, value in _VALUES.items()
}

BOOLEAN_OPERATORS = (Operator("Bool", _wanted, parse_boolean, operator.eq, texts=_SPELLINGS.__getitem__),)
