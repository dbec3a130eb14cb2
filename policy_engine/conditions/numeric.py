"""Numeric operators: decimal numbers, compared as numbers.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Numeric
A number is ASCII digits with an optional sign, fraction and exponent, as JSON writes it; `0x10`, ` 1` and
digits of other scripts are none, and what is no number never matches.
"""

from __future__ import annotations

import operator
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from policy_engine.conditions.operator import Operator

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy_engine.model.condition import ConditionValue

# Longer than any number that AWS uses; the limits keep comparing cheap whatever the exponent says.
_NUMBER = re.compile(r"[+-]?[0-9]{1,64}(?:\.[0-9]{1,64})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)


def parse_number(text: str) -> Decimal | None:
    """The number that a text says, or None."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _wanted(value: ConditionValue) -> Decimal | None:
    return parse_number(value.text)


def _given_first(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[Decimal, Decimal], bool]:
    """`NumericLessThan: 10` asks whether the request's value is less than 10."""
    return lambda wanted, given: compare(given, wanted)


NUMERIC_OPERATORS = (
    Operator("NumericEquals", _wanted, parse_number, operator.eq),
    Operator("NumericNotEquals", _wanted, parse_number, operator.eq, negated=True),
    Operator("NumericLessThan", _wanted, parse_number, _given_first(operator.lt)),
    Operator("NumericLessThanEquals", _wanted, parse_number, _given_first(operator.le)),
    Operator("NumericGreaterThan", _wanted, parse_number, _given_first(operator.gt)),
    Operator("NumericGreaterThanEquals", _wanted, parse_number, _given_first(operator.ge)),
)
