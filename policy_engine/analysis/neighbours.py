"""Values beside those that a condition names: below, at and above a number or date, in and out of a range.

An operator that orders its values splits them at the policy's value, so the value and its two neighbours
stand for all; two conditions on one key split further, and their values are tried for both.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from policy_engine.conditions.date import parse_date
from policy_engine.conditions.ip_address import parse_range
from policy_engine.conditions.numeric import parse_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.model.condition import Condition

_OTHER_ADDRESSES = ("192.0.2.1", "2001:db8::1")
"""Addresses for documentation (RFC 5737, RFC 3849): in nobody's range."""


def neighbours(condition: Condition) -> Iterator[str]:
    """Texts to try for a condition on numbers, dates, ranges; nothing for other operators."""
    name = condition.operator.name
    for value in condition.values:
        if name.startswith("Numeric"):
            yield from _around(parse_number(value.text))
        elif name.startswith("Date"):
            yield from _around(parse_date(value.text))
        elif name.endswith("IpAddress"):
            network = parse_range(value.text)
            if network is not None:
                yield str(network.network_address)
            yield from _OTHER_ADDRESSES


def _around(value: Decimal | None) -> Iterator[str]:
    if value is not None:
        yield from (f"{value + step:f}" for step in (Decimal(-1), Decimal(0), Decimal(1)))
