"""Casbin through pycasbin: https://github.com/apache/casbin-pycasbin, an engine in Python.

Attribute-based: a model with two functions of ours, for actions and for conditions. It says whether a request
is allowed, and not which denial a denial is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.peers.conditions import condition
from bench.peers.peer import Calls, Library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bench.peers.rules import Rule, Rules
    from bench.stream import Question
    from policy_engine.model.request import RequestContext

_MODEL = """
[request_definition]
r = action, context
[policy_definition]
p = rule, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = covers(p.rule, r.action) && holds(p.rule, r.context)
"""


class Casbin(Library):
    """An enforcer for every pair of role and key."""

    module, distribution = "casbin", "pycasbin"
    name = "pycasbin, an enforcer for each pair"
    how = "`Enforcer` with what concerns this role and this key alone; `enforce`; allowed or not"

    def calls(self, rules: Rules, questions: Sequence[Question]) -> Calls:
        pairs = {(role, key) for role, _, key, _ in questions}
        enforcers = {pair: _enforcer(rules.of_pair(*pair)) for pair in pairs}
        return Calls(
            _ask, [(enforcers[role, key], action, context) for role, action, key, context in questions]
        )


def _ask(enforce: Callable[[str, RequestContext], bool], action: str, context: RequestContext) -> bool:
    return enforce(action, context)


def _enforcer(rules: Iterable[Rule]) -> Callable[[str, RequestContext], bool]:
    from casbin import Enforcer  # noqa: PLC0415 - perhaps not installed
    from casbin.model import Model  # noqa: PLC0415 - perhaps not installed

    model = Model()
    model.load_model_from_text(_MODEL)
    enforcer = Enforcer(model)
    named = {f"rule{number}": rule for number, rule in enumerate(rules)}
    enforcer.add_policies([[name, "allow" if rule.allows else "deny"] for name, rule in named.items()])
    actions = {name: frozenset(rule.actions) for name, rule in named.items()}
    conditions = {name: condition(rule.tests) for name, rule in named.items()}
    enforcer.add_function("covers", lambda name, action: action in actions[name])
    enforcer.add_function("holds", lambda name, context: conditions[name](context))
    return enforcer.enforce
