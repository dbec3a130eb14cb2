"""String operators: equal, equal but for case, like a pattern; and their negations.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_String
Only ASCII letters have another case here; a value is compared code point by code point, never normalised.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.conditions.glob import Glob, glob
from policy_engine.conditions.operator import Operator
from policy_engine.conditions.text import plain_text

if TYPE_CHECKING:
    from policy_engine.model.condition import ConditionValue


def _folded(value: ConditionValue) -> str:
    return ascii_lower(plain_text(value))


def _pattern(value: ConditionValue) -> Glob:
    return glob(value.pattern)


def _itself(wanted: str) -> frozenset[str]:
    return frozenset({wanted})


STRING_OPERATORS = (
    Operator("StringEquals", plain_text, str, operator.eq, variables=True, texts=_itself),
    Operator("StringNotEquals", plain_text, str, operator.eq, negated=True, variables=True, texts=_itself),
    Operator("StringEqualsIgnoreCase", _folded, ascii_lower, operator.eq, variables=True),
    Operator("StringNotEqualsIgnoreCase", _folded, ascii_lower, operator.eq, negated=True, variables=True),
    Operator("StringLike", _pattern, str, Glob.matches, variables=True),
    Operator("StringNotLike", _pattern, str, Glob.matches, negated=True, variables=True),
)
