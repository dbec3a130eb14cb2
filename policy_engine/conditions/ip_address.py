"""IP operators: an address in a range, both parsed and compared as numbers.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress
A range without a prefix length is one address. An IPv4 address is in no IPv6 range and the reverse, the
IPv4-mapped ones included (rule 71). A range with host bits set, a leading zero or too long a prefix is none.
"""

from __future__ import annotations

import operator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from policy_engine.conditions.operator import Operator

if TYPE_CHECKING:
    from policy_engine.model.condition import ConditionValue


def parse_range(text: str) -> IPv4Network | IPv6Network | None:
    """The range that a text says in CIDR notation, or None."""
    address, slash, length = text.partition("/")
    if "%" in address or (slash and not length.isdigit()):
        return None
    try:
        return ip_network(text)
    except ValueError:
        return None


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address that a text says, or None; a zone is no part of one here."""
    if "%" in text:
        return None
    try:
        return ip_address(text)
    except ValueError:
        return None


def _wanted(value: ConditionValue) -> IPv4Network | IPv6Network | None:
    return parse_range(value.text)


IP_ADDRESS_OPERATORS = (
    Operator("IpAddress", _wanted, parse_address, operator.contains),
    Operator("NotIpAddress", _wanted, parse_address, operator.contains, negated=True),
)
