"""Condition blocks: operators as a table of comparisons, and what absence, negation and lists make of them.

Not here: the operators for numbers, dates, addresses and binary values, the set operators ForAllValues and
ForAnyValue, and policy variables, none of which are supported yet. The rules: 57, 58, 61, 66, 68, 92, 93, 95, 101
and 103 of the semantics page.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.reference.context import ENCRYPTION_CONTEXT
from tests.reference.patterns import arn_like, glob

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.reference.context import Keys

IF_EXISTS = "ifexists"


MULTIVALUED = frozenset(
    {
        "aws:calledvia",
        "aws:principalorgpaths",
        "aws:principalservicenameslist",
        "aws:resourceorgpaths",
        "aws:sourceorgpaths",
        "aws:tagkeys",
        "aws:vpceorgpaths",
        "kms:encryptioncontextkeys",
        "kms:grantoperations",
        "kms:resourcealiases",
    }
)


def _equals(wanted: str, found: str) -> bool:
    return wanted == found


def _equals_ignoring_case(wanted: str, found: str) -> bool:
    return wanted.lower() == found.lower()


def _same_truth(wanted: str, found: str) -> bool | None:
    truths = {"true": True, "false": False}
    left, right = truths.get(wanted.lower()), truths.get(found.lower())
    return None if left is None or right is None else left == right


POSITIVE: dict[str, Callable[[str, str], bool | None]] = {
    "stringequals": _equals,
    "stringequalsignorecase": _equals_ignoring_case,
    "stringlike": glob,
    "bool": _same_truth,
    "arnequals": arn_like,  # rule 66: ArnEquals is ArnLike
    "arnlike": arn_like,
}
NEGATED: dict[str, Callable[[str, str], bool | None]] = {
    "stringnotequals": _equals,
    "stringnotequalsignorecase": _equals_ignoring_case,
    "stringnotlike": glob,
    "arnnotequals": arn_like,
    "arnnotlike": arn_like,
}
WITH_VARIABLES = frozenset(POSITIVE.keys() | NEGATED.keys()) - {"bool"}


def bare_operator(operator: str) -> str:
    """The operator without IfExists, in lower case (rule 103)."""
    name = operator.lower()
    return name.removesuffix(IF_EXISTS) if name != "null" + IF_EXISTS else name


def is_known(operator: str) -> bool:
    name = bare_operator(operator)
    return name == "null" or name in POSITIVE or name in NEGATED


def texts(values: Any) -> list[str]:
    """The values of a condition as text."""
    listed = values if isinstance(values, list) else [values]
    return [value if isinstance(value, str) else json.dumps(value) for value in listed]


def block_holds(block: dict[str, dict[str, Any]], keys: Keys) -> bool:
    """Operators AND, keys AND, values OR (rule 57)."""
    return all(
        condition_holds(operator, key, texts(values), keys)
        for operator, of_keys in block.items()
        for key, values in of_keys.items()
    )


def condition_holds(operator: str, key: str, wanted: list[str], keys: Keys) -> bool:
    """One operator on one key."""
    name, found = bare_operator(operator), keys.get(key.lower(), [])
    if name == "null":
        return _null_holds(wanted, absent=not found)
    negated = name in NEGATED
    if not wanted:  # rule 92
        return negated
    if not found:  # rule 58
        return negated or operator.lower().endswith(IF_EXISTS)
    if _is_list(key.lower(), found):  # rules 61 and 93
        return False
    compare = NEGATED[name] if negated else POSITIVE[name]
    results = [compare(want, have) for want in wanted for have in found]
    if negated:  # NOR (rule 57); what does not parse fails a negated operator too (rule 93)
        return all(result is False for result in results)
    return any(result is True for result in results)


def _null_holds(wanted: list[str], *, absent: bool) -> bool:
    return ("true" if absent else "false") in [value.lower() for value in wanted]


def _is_list(key: str, found: list[str]) -> bool:
    """Whether a key holds a list; encryption-context names that differ in case are several values (rule 101)."""
    return key in MULTIVALUED or (len(found) > 1 and not key.startswith(ENCRYPTION_CONTEXT))
