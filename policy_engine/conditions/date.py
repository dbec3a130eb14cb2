"""Date operators: points in time, in one of the W3C's profiles of ISO 8601 or as seconds since 1970.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date
https://www.w3.org/TR/NOTE-datetime: YYYY, YYYY-MM, YYYY-MM-DD, and with a time of day always a zone. What is
written shorter begins where it says. A number of four digits is a year. Milliseconds are no seconds, and
the engine does not guess: 13 digits are a date far away.
"""

from __future__ import annotations

import operator
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

from policy_engine.conditions.operator import Operator

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy_engine.model.condition import ConditionValue

_CALENDAR = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2}))?)?)?",
    re.ASCII,
)
_EPOCH = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,9})?", re.ASCII)


def parse_date(text: str) -> Decimal | None:
    """The point in time that a text says, in seconds since 1970 (UTC), or None."""
    calendar = _CALENDAR.fullmatch(text)
    if calendar:
        return _calendar_seconds(calendar)
    return Decimal(text) if _EPOCH.fullmatch(text) else None


def _calendar_seconds(match: re.Match[str]) -> Decimal | None:
    try:
        moment = datetime(
            int(match["year"]),
            int(match["month"] or 1),
            int(match["day"] or 1),
            int(match["hour"] or 0),
            int(match["minute"] or 0),
            int(match["second"] or 0),
            tzinfo=_zone(match["zone"]),
        )
    except ValueError:  # the thirtieth of February, a leap second
        return None
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    return Decimal(seconds) + Decimal(f"0.{match['fraction'] or 0}")


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=_minutes(text[4:]))
    return timezone(-offset if text[0] == "-" else offset)


def _minutes(text: str) -> int:
    minutes = int(text)
    if minutes > 59:  # noqa: PLR2004 - an hour has sixty
        raise ValueError(text)
    return minutes


def _wanted(value: ConditionValue) -> Decimal | None:
    return parse_date(value.text)


def _given_first(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[Decimal, Decimal], bool]:
    """`DateLessThan: D` asks whether the request's date is before D."""
    return lambda wanted, given: compare(given, wanted)


DATE_OPERATORS = (
    Operator("DateEquals", _wanted, parse_date, operator.eq),
    Operator("DateNotEquals", _wanted, parse_date, operator.eq, negated=True),
    Operator("DateLessThan", _wanted, parse_date, _given_first(operator.lt)),
    Operator("DateLessThanEquals", _wanted, parse_date, _given_first(operator.le)),
    Operator("DateGreaterThan", _wanted, parse_date, _given_first(operator.gt)),
    Operator("DateGreaterThanEquals", _wanted, parse_date, _given_first(operator.ge)),
)
