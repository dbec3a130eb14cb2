"""Rules as the data of `kms.rego`: by key, role and action, so that a decision need not search."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from bench.peers.rules import TYPED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.peers.rules import Rules, Test
    from bench.stream import Question

    Effects = dict[str, list[list[dict[str, object]]]]

_SPECIAL = set("[]{}!\\")
"""Signs that mean something in a glob and nothing in a policy."""


def data(rules: Rules, pairs: Iterable[tuple[str, str]]) -> str:
    """The data for some pairs of role and key, as JSON."""
    found: dict[str, dict[str, dict[str, Effects]]] = {}
    for role, key in pairs:
        found.setdefault(key, {})[role] = _by_action(rules, role, key)
    return json.dumps({"pairs": found})


def request(question: Question) -> str:
    """The input of a request as JSON; what is not a single text is no part of any rule."""
    principal, action, resource, given = question
    context = {key: _typed(TYPED.get(key), value) for key, value in given.items() if isinstance(value, str)}
    return json.dumps({"principal": principal, "action": action, "resource": resource, "context": context})


def _by_action(rules: Rules, role: str, key: str) -> dict[str, Effects]:
    found: dict[str, Effects] = {}
    for rule in rules.of_pair(role, key):
        for action in rule.actions:
            effects = found.setdefault(action, {"allow": [], "deny": []})
            effects["allow" if rule.allows else "deny"].append([_test(test) for test in rule.tests])
    return found


@cache
def _test(test: Test) -> dict[str, object]:
    values = [_typed(test.kind, value) for value in test.values]
    if test.kind in {"like", "arn"} and any(_SPECIAL & set(value) for value in test.values):
        raise ValueError(f"globs of Rego would read signs of {test.values} as their own")
    return {
        "kind": test.kind,
        "key": test.key,
        "values": values,
        "negated": test.negated,
        "missing": test.missing,
    }


def _typed(kind: str | None, text: str) -> str | int:
    return int(text) if kind == "less" else text
