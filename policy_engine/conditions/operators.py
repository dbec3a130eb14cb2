"""The registry: every condition operator that the engine evaluates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.conditions.arn import ARN_OPERATORS
from policy_engine.conditions.boolean import BOOLEAN_OPERATORS
from policy_engine.conditions.null import NULL_OPERATORS
from policy_engine.conditions.string import STRING_OPERATORS

if TYPE_CHECKING:
    from policy_engine.conditions.operator import Operator
    from policy_engine.syntax.operator_name import OperatorName

OPERATORS: dict[str, Operator] = {
    operator.name: operator
    for family in (STRING_OPERATORS, BOOLEAN_OPERATORS, ARN_OPERATORS, NULL_OPERATORS)
    for operator in family
}
"""By name."""


def find_operator(name: OperatorName) -> Operator | None:
    """The operator of a name, or None where the engine does not evaluate it, its quantifier included."""
    return OPERATORS.get(name.name) if name.quantifier is None else None
