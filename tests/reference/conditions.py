"""The condition operators, one plain function a family, and the rules of missing keys and sets around them.

Rules 57 to 66, 69 to 72 and 92 to 95 of docs/semantics.md. A family's function compares one value of the policy with one
of the request and answers True, False, or None where one of the two does not parse.
"""

import base64
import binascii
import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.reference import patterns
from tests.reference.facts import CONTEXT_PREFIX, MULTI_VALUED, Values, text_of
from tests.reference.validity import ARN, STRING, operator_of

Compared = bool | None
Comparer = Callable[[patterns.Pattern, str], Compared]
Relation = Callable[[Decimal, Decimal], bool]


def holds(statement: dict[str, Any], version: str, values: Values) -> bool:
    """Rule 57: every key under every operator."""
    return all(
        _one_holds(name, key.lower(), wanted if isinstance(wanted, list) else [wanted], version, values)
        for name, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _one_holds(name: str, key: str, wanted: list[Any], version: str, values: Values) -> bool:
    quantifier, operator, if_exists = operator_of(name)
    given = values.get(key) or None  # rule 95: an empty list is absent
    if operator == "null":
        return any(text_of(one).lower() == ("true" if given is None else "false") for one in wanted)
    negated = "not" in operator
    if not wanted:  # rule 92
        return negated
    if given is None:
        return _missing(quantifier, negated=negated, if_exists=if_exists)
    return _present(quantifier, operator, key, _resolved(operator, wanted, version, values), given)


def _missing(quantifier: str | None, *, negated: bool, if_exists: bool) -> bool:
    """Rules 58, 59, 62."""
    if quantifier is not None:
        return quantifier == "all"
    return negated or if_exists


def _resolved(operator: str, wanted: list[Any], version: str, values: Values) -> list[patterns.Pattern]:
    """The policy's values as patterns; those with a variable that has no value drop out (rules 64, 94)."""
    found = []
    for text in map(text_of, wanted):
        if version != "2012-10-17" or operator not in (*STRING, *ARN):
            found.append(patterns.wild(text))
            continue
        try:
            found.append(patterns.expand(text, lookup_in(values)))
        except patterns.Unresolved:
            continue
    return found


def lookup_in(values: Values) -> patterns.Lookup:
    """What a policy variable holds: a key with exactly one value."""

    def lookup(name: str) -> str | None:
        given = values.get(name.strip().lower())
        return given[0] if given and len(given) == 1 and name.lower() not in MULTI_VALUED else None

    return lookup


def _present(
    quantifier: str | None, operator: str, key: str, wanted: list[patterns.Pattern], given: list[str]
) -> bool:
    each = [_value_holds(operator, wanted, value) for value in given]
    if quantifier is not None and given == [""]:  # rule 59: a null data set
        return quantifier == "all"
    if quantifier == "any":
        return any(each)
    if quantifier == "all" or len(given) == 1:
        return all(each) and (quantifier == "all" or key not in MULTI_VALUED)
    if key.startswith(CONTEXT_PREFIX):  # rule 101: names that differ only in case
        return all(each) if "not" in operator else any(each)
    return False  # rules 61, 93


def _value_holds(operator: str, wanted: list[patterns.Pattern], given: str) -> bool:
    """One value of the request under all values of the policy: any for a positive operator, none for a negated one."""
    compare = COMPARE[operator.replace("not", "")]
    answers = [compare(pattern, given) for pattern in wanted]
    if "not" in operator:
        return all(answer is False for answer in answers)  # None: rule 93
    return any(answer is True for answer in answers)


def _literal(pattern: patterns.Pattern) -> str:
    named = {patterns.STAR: "*", patterns.ONE: "?"}
    return "".join(named.get(piece, str(piece)) for piece in pattern)


def _number(text: str) -> Decimal | None:
    """A decimal number; not `nan`, not `1_000`, not ` 1`."""
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, fraction = mantissa.lstrip("+-").partition(".")
    digits_only = (whole + fraction).isdecimal() and text.isascii()
    if not digits_only or (exponent and not exponent.lstrip("+-").isdecimal()) or text.lower().endswith("e"):
        return None
    return Decimal(text)


SHAPES = ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z")


def _date(text: str) -> Decimal | None:
    """Rule 70: the W3C subset of ISO 8601, or seconds since 1970."""
    for shape in SHAPES:
        try:
            moment = datetime.strptime(text, shape)  # noqa: DTZ007  # the zone is set below where the text has none
        except ValueError:
            continue
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return Decimal(str(aware.timestamp()))
    return _number(text)


def _ordered(read: Callable[[str], Decimal | None], test: Relation) -> Comparer:
    def compare(pattern: patterns.Pattern, given: str) -> Compared:
        wanted, number = read(_literal(pattern)), read(given)
        return None if wanted is None or number is None else test(number, wanted)

    return compare


def _truth(pattern: patterns.Pattern, given: str) -> Compared:
    wanted, truth = _literal(pattern).lower(), given.lower()
    return None if {wanted, truth} - {"true", "false"} else wanted == truth


def _binary(pattern: patterns.Pattern, given: str) -> Compared:
    try:
        return base64.b64decode(_literal(pattern), validate=True) == base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        return None


def _address(pattern: patterns.Pattern, given: str) -> Compared:
    try:
        network = ipaddress.ip_network(_literal(pattern), strict=False)
        return ipaddress.ip_address(given) in network
    except ValueError:
        return None


RELATIONS: dict[str, Relation] = {
    "equals": lambda number, wanted: number == wanted,
    "lessthan": lambda number, wanted: number < wanted,
    "lessthanequals": lambda number, wanted: number <= wanted,
    "greaterthan": lambda number, wanted: number > wanted,
    "greaterthanequals": lambda number, wanted: number >= wanted,
}
COMPARE: dict[str, Comparer] = {
    "stringequals": lambda pattern, given: _literal(pattern) == given,
    "stringequalsignorecase": lambda pattern, given: _literal(pattern).lower() == given.lower(),
    "stringlike": patterns.glob,
    "arnequals": patterns.arn_like,
    "arnlike": patterns.arn_like,
    "bool": _truth,
    "binaryequals": _binary,
    "ipaddress": _address,
    **{f"numeric{name}": _ordered(_number, test) for name, test in RELATIONS.items()},
    **{f"date{name}": _ordered(_date, test) for name, test in RELATIONS.items()},
}
