"""The condition operators, one plain function a family, and the rules of missing keys and sets around them.

Rules 57 to 66, 69 to 72 and 92 to 95 of docs/semantics.md. A family's function compares one value of the policy with one
of the request and answers True, False, or None where one of the two does not parse.
"""

import base64
import binascii
import calendar
import ipaddress
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.reference import patterns
from tests.reference.facts import CONTEXT_PREFIX, MULTI_VALUED, Values, text_of
from tests.reference.plain_data import Json
from tests.reference.validity import ARN, STRING, operator_of

Compared = bool | None
Options = dict[str, Any]
Comparer = Callable[[patterns.Pattern, str], Compared]
Relation = Callable[[Decimal, Decimal], bool]


def holds(statement: dict[str, Any], version: str, values: Values, options: Options) -> bool:
    """Rule 57: every key under every operator."""
    return all(
        _one_holds(name, key.lower(), _expanded(name, wanted, version, values, options), values, options)
        for name, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _expanded(
    name: str, wanted: Json, version: str, values: Values, options: Options
) -> list[patterns.Pattern] | None:
    """The policy's values as patterns, or None where it lists none."""
    listed = wanted if isinstance(wanted, list) else [wanted]
    with_variables = {*STRING, *ARN, *(["bool"] if options.get("bool_takes_variables", False) else [])}
    expands = version == "2012-10-17" and operator_of(name)[1] in with_variables
    return _resolved(listed, values, expands=expands) if listed else None


def _one_holds(
    name: str, key: str, wanted: list[patterns.Pattern] | None, values: Values, options: Options
) -> bool:
    quantifier, operator, if_exists = operator_of(name)
    given = values.get(key) or None  # rule 95: an empty list is absent
    if operator == "null":
        return any(_literal(one).lower() == ("true" if given is None else "false") for one in wanted or [])
    negated = "not" in operator
    if wanted is None and quantifier is None:  # rule 92, before 58 and 93
        return negated
    if given is None:
        if quantifier == "any":  # rule 62
            return if_exists and bool(options.get("any_value_if_exists_holds_when_absent", False))
        return quantifier == "all" or negated or if_exists  # rules 58, 59
    return _present(quantifier, operator, key, wanted or [], given)


def _resolved(wanted: list[Any], values: Values, *, expands: bool) -> list[patterns.Pattern]:
    """The policy's values as patterns; those with a variable that has no value drop out (rules 64, 94)."""
    found = []
    for text in map(text_of, wanted):
        if not expands:
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


def _digits(text: str, most: int = 64) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= most


def _unsigned(text: str) -> str:
    return text[1:] if text[:1] in ("+", "-") else text


def _number(text: str) -> Decimal | None:
    """Rule 69: sign, digits, fraction, exponent; not `nan`, not `1_000`, not ` 1`, not `.5`, not `5.`."""
    mantissa, letter, exponent = text.replace("E", "e").partition("e")
    whole, point, fraction = _unsigned(mantissa).partition(".")
    good = (
        _digits(whole)
        and (not point or _digits(fraction))
        and (not letter or _digits(_unsigned(exponent), 3))
    )
    return Decimal(text) if good else None


def _seconds(text: str) -> Decimal | None:
    """Seconds since 1970: digits with a fraction, perhaps before 1970."""
    whole, point, fraction = text.removeprefix("-").partition(".")
    good = _digits(whole) and (not point or _digits(fraction))
    return Decimal(text) if good else None


def _date(text: str) -> Decimal | None:
    """Rule 70: a W3C profile of ISO 8601, or seconds since 1970; four digits are a year."""
    day, clock, time = text.partition("T")
    fields = day.split("-")
    if [len(one) for one in fields] not in ([4], [4, 2], [4, 2, 2]) or not all(map(_digits, fields)):
        return _seconds(text)
    year, month, number = [int(one) for one in [*fields, "01", "01"][:3]]
    if year == 0 or not 1 <= month <= 12 or not 1 <= number <= calendar.monthrange(year, month)[1]:
        return None
    within = Decimal(0) if not clock else _time(time) if len(fields) == 3 else None
    return None if within is None else calendar.timegm((year, month, number, 0, 0, 0)) + within


def _time(text: str) -> Decimal | None:
    """A time of day with its zone, as seconds after midnight UTC of the day that it stands beside."""
    clock, zone = (text[:-1], "+00:00") if text.endswith("Z") else (text[:-6], text[-6:])
    hours_minutes, point, fraction = clock.partition(".")
    parts = hours_minutes.split(":")
    offset = zone[1:].split(":")
    shape = [len(one) for one in (*parts, *offset)]
    if (
        shape not in ([2, 2, 2, 2], [2, 2, 2, 2, 2])
        or not all(map(_digits, (*parts, *offset)))
        or zone[:1] not in ("+", "-")
    ):
        return None
    if point and (len(parts) < 3 or not _digits(fraction)):
        return None
    hour, minute, second = [int(one) for one in [*parts, "00"][:3]]
    away_hours, away_minutes = map(int, offset)
    if hour > 23 or minute > 59 or second > 59 or away_hours > 23 or away_minutes > 59:
        return None
    away = (away_hours * 60 + away_minutes) * (-60 if zone[0] == "-" else 60)
    return hour * 3600 + minute * 60 + second - away + Decimal(f"0.{fraction or 0}")


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


def _plain_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address; a zone is no part of one. Raises `ValueError`."""
    if "%" in text:
        raise ValueError(text)
    return ipaddress.ip_address(text)


def _checked_range(text: str) -> str:
    """A range in CIDR notation: no zone, and a length in digits, not a mask. Raises `ValueError`."""
    address, slash, length = text.partition("/")
    if "%" in address or (slash and not _digits(length)):
        raise ValueError(text)
    return text


def _address(pattern: patterns.Pattern, given: str) -> Compared:
    try:
        return _plain_address(given) in ipaddress.ip_network(_checked_range(_literal(pattern)), strict=True)
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
