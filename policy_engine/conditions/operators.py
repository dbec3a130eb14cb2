"""The registry of condition operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.conditions.arn import ARN_OPERATORS
from policy_engine.conditions.binary import BINARY_OPERATORS
from policy_engine.conditions.boolean import BOOLEAN_OPERATORS
from policy_engine.conditions.date import DATE_OPERATORS
from policy_engine.conditions.ip_address import IP_ADDRESS_OPERATORS
from policy_engine.conditions.null import NULL_OPERATORS
from policy_engine.conditions.numeric import NUMERIC_OPERATORS
from policy_engine.conditions.string import STRING_OPERATORS

if TYPE_CHECKING:
    from policy_engine.conditions.operator import Operator

_FAMILIES = (
    STRING_OPERATORS,
    NUMERIC_OPERATORS,
    DATE_OPERATORS,
    BOOLEAN_OPERATORS,
    BINARY_OPERATORS,
    IP_ADDRESS_OPERATORS,
    ARN_OPERATORS,
    NULL_OPERATORS,
)

OPERATORS: dict[str, Operator] = {operator.name: operator for family in _FAMILIES for operator in family}
"""By name; every operator that grammars/condition_operator.lark knows."""
