"""Null: whether a key is in the request at all. `"true"` wants it absent.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null
An empty list is absent, an empty string is present (rule 95). The test room calls `given` with "true" for an
absent key and "false" for a present one, so that this operator is a record like the others.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from policy_engine.conditions.boolean import parse_boolean
from policy_engine.conditions.operator import Operator

if TYPE_CHECKING:
    from policy_engine.model.condition import ConditionValue


def _wanted(value: ConditionValue) -> bool | None:
    return parse_boolean(value.text)


NULL = Operator("Null", _wanted, parse_boolean, operator.eq)
NULL_OPERATORS = (NULL,)
