"""Rules as Cedar: statements as policies, keys as entities, contexts with the types that Cedar has.

Cedar has no `?` in patterns and no patterns in a resource, so a resource with wildcards is a group of keys,
and the account is the parent of the keys that delegate to it. A test of a condition key that is not there
would be an error in Cedar and skip the policy, so `has` stands before it.
https://docs.cedarpolicy.com/policies/syntax-policy.html
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from bench.account import ACCOUNT
from bench.peers.rules import EVERYONE, TYPED, wildcards

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bench.peers.rules import Rule, Rules, Test
    from policy_engine.model.request import RequestContext

_quoted = json.dumps
_ACCOUNT = f"Account::{_quoted(ACCOUNT)}"
_MATCHES = {
    "equals": lambda key, value: f"{key} == {_quoted(value)}",
    "like": lambda key, value: f"{key} like {_pattern(value)}",
    "arn": lambda key, value: f"{key} like {_arn_pattern(value)}",
    "bool": lambda key, value: f"{key} == {value}",
    "address": lambda key, value: f"{key}.isInRange(ip({_quoted(value)}))",
    "less": lambda key, value: f"{key} < {value}",
}
_VALUES = {
    "bool": lambda text: text == "true",
    "address": lambda text: {"__extn": {"fn": "ip", "arg": text}},
    "less": int,
}


def pair_policies(rules: Iterable[Rule]) -> str:
    """The policies of a slice: role and key are settled, so their scopes are open."""
    return "\n".join(_policy(rule, "principal", "resource", list(_conditions(rule))) for rule in rules)


def account_policies(rules: Rules) -> str:
    """The policies of a whole account."""
    return "\n".join(
        _policy(rule, *_scopes(rule), [*_membership(rule), *_conditions(rule)])
        for owner, read in ((rules.keys, rules.of_key), (rules.roles, rules.of_role))
        for arn in owner
        for rule in read(arn)
    )


def account_entities(rules: Rules) -> str:
    """The keys of an account with the groups that they are in."""
    patterns = {
        resource for role in rules.roles for rule in rules.of_role(role) for resource in rule.resources
    }
    groups = sorted(patterns - {"*"})
    return json.dumps(
        [
            {"uid": entity("Key", key), "attrs": {}, "parents": list(_parents(rules, key, groups))}
            for key in rules.keys
        ]
    )


def entity(kind: str, name: str) -> dict[str, str]:
    """An entity as JSON names it."""
    return {"type": kind, "id": name}


def context(given: RequestContext) -> str:
    """The context of a request as JSON; what is not a single text is no part of any rule."""
    return json.dumps({key: _typed(key, value) for key, value in given.items() if isinstance(value, str)})


def _typed(key: str, text: str) -> object:
    return _VALUES.get(TYPED.get(key, ""), str)(text)


def _policy(rule: Rule, principal: str, resource: str, conditions: Sequence[str]) -> str:
    effect = "permit" if rule.allows else "forbid"
    actions = ", ".join(f"Action::{_quoted(action)}" for action in rule.actions)
    when = f" when {{ {' && '.join(conditions)} }}" if conditions else ""
    return f"{effect} ({principal}, action in [{actions}], {resource}){when};"


def _scopes(rule: Rule) -> tuple[str, str]:
    principal, resource = "principal", "resource"
    if len(rule.principals) == 1 and EVERYONE not in rule.principals:
        principal = f"principal == Role::{_quoted(rule.principals[0])}"
    (only,) = rule.resources
    if "*" not in only:
        resource = f"resource == Key::{_quoted(only)}"
    elif only != "*":
        resource = f"resource in Keys::{_quoted(only)}"
    return principal, resource


def _membership(rule: Rule) -> Iterator[str]:
    if len(rule.principals) > 1:
        yield f"[{', '.join(f'Role::{_quoted(role)}' for role in rule.principals)}].contains(principal)"
    if rule.delegated:
        yield f"resource in {_ACCOUNT}"


def _conditions(rule: Rule) -> Iterator[str]:
    return map(_condition, rule.tests)


@cache
def _condition(test: Test) -> str:
    key, has = f"context[{_quoted(test.key)}]", f"context has {_quoted(test.key)}"
    matches = " || ".join(_MATCHES[test.kind](key, value) for value in test.values)
    holds = f"!({matches})" if test.negated else f"({matches})"
    return f"(!({has}) || {holds})" if test.missing else f"({has} && {holds})"


def _pattern(text: str) -> str:
    if "?" in text:
        raise ValueError(f"Cedar has no pattern for {text}")
    return _quoted(text)


def _arn_pattern(text: str) -> str:
    if "*" in ":".join(text.split(":", 5)[:5]):
        raise ValueError(f"in Cedar the wildcards of {text} would leave their segments")
    return _pattern(text)


def _parents(rules: Rules, key: str, groups: Iterable[str]) -> Iterator[dict[str, str]]:
    if rules.delegates(key):
        yield entity("Account", ACCOUNT)
    yield from (entity("Keys", group) for group in groups if wildcards(group).fullmatch(key))
