"""Reads the name of a condition operator: quantifier, operator, IfExists. IAM ignores its case."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from lark.exceptions import UnexpectedInput

from policy_engine.syntax.grammar import load

if TYPE_CHECKING:
    from lark import Lark

_parser: Lark = load("condition_operator")


class Quantifier(StrEnum):
    """How an operator treats a multi-valued key."""

    ALL = "ForAllValues"
    ANY = "ForAnyValue"


@dataclass(frozen=True, slots=True)
class OperatorName:
    """A condition operator as a policy names it; `name` in AWS's spelling, whatever the policy's."""

    name: str
    quantifier: Quantifier | None = None
    if_exists: bool = False

    def __str__(self) -> str:
        quantifier = f"{self.quantifier}:" if self.quantifier else ""
        return f"{quantifier}{self.name}{'IfExists' if self.if_exists else ''}"


OPERATOR_NAMES: tuple[str, ...] = (
    *(
        f"String{n}"
        for n in ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
    ),
    *(
        f"Numeric{n}"
        for n in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ),
    *(
        f"Date{n}"
        for n in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ),
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    *(f"Arn{n}" for n in ("Equals", "NotEquals", "Like", "NotLike")),
    "Null",
)
"""Every operator of the language in AWS's spelling."""

_SPELLING = {name.lower(): name for name in OPERATOR_NAMES}


@lru_cache(maxsize=1024)
def parse_operator(text: str) -> OperatorName | None:
    """The operator that `text` names, or None where the language has none of that name."""
    if not text.isascii():  # ignoring case, a regular expression takes the Kelvin sign for a k
        return None
    try:
        quantifier, name, *rest = _parser.parse(text).children
    except UnexpectedInput:
        return None
    set_quantifier = None
    if quantifier is not None:
        set_quantifier = Quantifier.ALL if str(quantifier).lower().startswith("forall") else Quantifier.ANY
    return OperatorName(
        _SPELLING[str(name).lower()], set_quantifier, if_exists=bool(rest and rest[0] is not None)
    )
