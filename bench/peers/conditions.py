"""Tests as Python functions of a context: what an engine is given that calls back for conditions."""

from __future__ import annotations

from functools import cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from bench.peers.rules import wildcards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.peers.rules import Test
    from policy_engine.model.request import RequestContext

    Holds = Callable[[RequestContext], bool]


def condition(tests: Iterable[Test]) -> Holds:
    """Whether all tests hold."""
    functions = tuple(_function(test) for test in tests)
    return lambda context: all(holds(context) for holds in functions)


@cache
def _function(test: Test) -> Holds:
    key, negated, missing = test.key, test.negated, test.missing
    matches = _MATCHERS[test.kind](test.values)

    def holds(context: RequestContext) -> bool:
        value = context.get(key)
        return missing if value is None else matches(value) is not negated

    return holds


def _equals(values: tuple[str, ...]) -> Callable[[str], bool]:
    return frozenset(values).__contains__


def _like(values: tuple[str, ...]) -> Callable[[str], bool]:
    patterns = [wildcards(value) for value in values]
    return cache(lambda given: any(pattern.fullmatch(given) is not None for pattern in patterns))


def _arn(values: tuple[str, ...]) -> Callable[[str], bool]:
    segments = [[wildcards(part) for part in value.split(":", 5)] for value in values]

    def matches(given: str) -> bool:
        parts = given.split(":", 5)
        return any(
            len(parts) == len(one) and all(p.fullmatch(part) for p, part in zip(one, parts, strict=True))
            for one in segments
        )

    return cache(matches)


def _address(values: tuple[str, ...]) -> Callable[[str], bool]:
    networks = [ip_network(value) for value in values]
    return cache(lambda given: any(ip_address(given) in network for network in networks))


def _less(values: tuple[str, ...]) -> Callable[[str], bool]:
    limit = max(map(float, values))
    return lambda given: float(given) < limit


_MATCHERS = {
    "equals": _equals,
    "bool": _equals,
    "like": _like,
    "arn": _arn,
    "address": _address,
    "less": _less,
}
