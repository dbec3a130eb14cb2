"""Values for operators that order what they compare: one for each stretch between the policy's values.

Numbers, dates and addresses lie on a line. The values of all conditions on a key cut it, and every test
answers alike between two cuts; so each cut, a value between two neighbours and one beyond either end stand
for all. The texts are those that the operator's own parser reads back as the same value.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import pairwise
from typing import TYPE_CHECKING

from policy_engine.conditions.binary import parse_binary
from policy_engine.conditions.date import parse_date
from policy_engine.conditions.ip_address import parse_range
from policy_engine.conditions.numeric import parse_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from policy_engine.model.condition import Condition

_DIGITS = 160
"""Enough to hold the middle of any two numbers that are read."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OTHER_BYTES = "b3RoZXI="
_DOCUMENTATION = ("192.0.2.1", "2001:db8::1")
"""Addresses for documentation (RFC 5737, RFC 3849), which a person recognises."""


class Line(Enum):
    """What the values of an operator are."""

    NUMBERS = "Numeric"
    DATES = "Date"
    ADDRESSES = "IpAddress"
    BYTES = "Binary"


def line_of(condition: Condition) -> Line | None:
    """The line that a condition's values lie on; None for an operator that compares texts."""
    name = condition.operator.name.removeprefix("Not")
    return next((line for line in Line if name.startswith(line.value)), None)


def neighbours(conditions: Iterable[Condition]) -> Iterator[str]:
    """Texts to try for the conditions on one key, as far as they order values."""
    by_line: dict[Line, list[str]] = {}
    for condition in conditions:
        line = line_of(condition)
        if line is not None:
            by_line.setdefault(line, []).extend(value.text for value in condition.values)
    for line, texts in by_line.items():
        yield from dict.fromkeys(_SAMPLERS[line](texts))


def _numbers(texts: list[str]) -> Iterator[str]:
    for value in _cells(parse_number, texts):
        written = (f"{value:f}", f"{value:E}")
        yield from (text for text in written[: 1 if parse_number(written[0]) == value else 2])


def _dates(texts: list[str]) -> Iterator[str]:
    for value in _cells(parse_date, texts):
        text = _calendar(value)
        yield text if parse_date(text) == value else f"{value:f}"


def _calendar(value: Decimal) -> str:
    """A point in time as a person writes it; as a number where no calendar has it."""
    try:
        moment = _EPOCH + timedelta(seconds=int(value // 1))
    except OverflowError:
        return f"{value:f}"
    fraction = f"{value % 1:f}"[1:] if value % 1 else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z".rjust(len("YYYY-MM-DDTHH:MM:SSZ") + len(fraction), "0")


def _cells(parse: Callable[[str], Decimal | None], texts: list[str]) -> list[Decimal]:
    """The cuts, what lies between neighbours, and what lies beyond either end."""
    cuts = sorted({value for text in texts if (value := parse(text)) is not None})
    if not cuts:
        return []
    with localcontext(prec=_DIGITS):
        between = [(low + high) / 2 for low, high in pairwise(cuts)]
        return [cuts[0] - 1, *cuts, *between, cuts[-1] + 1]


def _addresses(texts: list[str]) -> Iterator[str]:
    """The beginning of each stretch of addresses; the networks nest, so no stretch begins elsewhere."""
    yield from _DOCUMENTATION
    for text in (*texts, "0.0.0.0/32", "::/128"):
        network = parse_range(text) or ip_network("0.0.0.0/32")
        yield str(network.network_address)
        after = int(network.broadcast_address) + 1
        if after < 2**network.max_prefixlen:
            kind = IPv4Address if network.version == 4 else IPv6Address  # noqa: PLR2004 - a version of IP
            yield str(kind(after))


def _bytes(texts: list[str]) -> Iterator[str]:
    """Each of the values, as spelt and as it is usually spelt, and another one."""
    for text in texts:
        value = parse_binary(text)
        if value is not None:
            yield text
            yield b64encode(value).decode("ascii")
    yield _OTHER_BYTES


_SAMPLERS: dict[Line, Callable[[list[str]], Iterator[str]]] = {
    Line.NUMBERS: _numbers,
    Line.DATES: _dates,
    Line.ADDRESSES: _addresses,
    Line.BYTES: _bytes,
}
