"""Cedar through cedarpy: https://github.com/k9securityio/cedar-py, a binding to the engine in Rust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.peers.cedar_text import account_entities, account_policies, context, entity, pair_policies
from bench.peers.peer import Calls, Library
from policy_engine import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.account import Size
    from bench.peers.rules import Rules
    from bench.stream import Question


class _Cedar(Library):
    module = distribution = "cedarpy"


class CedarSlices(_Cedar):
    """A parsed policy set for every pair of role and key: the best case, if users select and keep them."""

    name = "cedarpy, a slice for each pair"
    how = "`PolicySet` with what concerns this role and this key alone; `is_authorized`"

    def calls(self, rules: Rules, questions: Sequence[Question]) -> Calls:
        from cedarpy import Entities, PolicySet  # noqa: PLC0415 - perhaps not installed

        pairs = {(role, key) for role, _, key, _ in questions}
        slices = {pair: PolicySet.from_str(pair_policies(rules.of_pair(*pair))) for pair in pairs}
        nothing = Entities.from_json_str("[]")
        arguments = [
            (_request(question), slices[question[0], question[2]], nothing) for question in questions
        ]
        return Calls(_asker(), arguments)


class CedarAccount(_Cedar):
    """A parsed policy set and entities for the whole account: nothing to select, and all is scanned."""

    name = "cedarpy, the whole account"
    how = "one `PolicySet` and `Entities` for all; `is_authorized`"

    def calls(self, rules: Rules, questions: Sequence[Question]) -> Calls:
        from cedarpy import Entities, PolicySet  # noqa: PLC0415 - perhaps not installed

        policies = PolicySet.from_str(account_policies(rules))
        entities = Entities.from_json_str(account_entities(rules))
        return Calls(_asker(), [(_request(question), policies, entities) for question in questions])

    def checked(self, size: Size) -> int:
        """Fewer where a decision takes milliseconds."""
        return min(size.requests, 1_000_000 // (size.keys * 10 + size.principals * 30))


def _request(question: Question) -> dict[str, object]:
    """A request in the form that cedarpy takes the least time for."""
    principal, action, resource, given = question
    return {
        "principal": entity("Role", principal),
        "action": entity("Action", action),
        "resource": entity("Key", resource),
        "context": context(given),
    }


def _asker() -> Callable[..., Outcome]:
    from cedarpy import is_authorized  # noqa: PLC0415 - perhaps not installed

    def ask(request: dict[str, object], policies: object, entities: object) -> Outcome:
        result = is_authorized(request, policies, entities)
        if result.diagnostics.errors:
            raise RuntimeError(f"cedarpy fails on {request}: {result.diagnostics.errors}")
        if result.allowed:
            return Outcome.ALLOWED
        return Outcome.EXPLICIT_DENY if result.diagnostics.reasons else Outcome.IMPLICIT_DENY

    return ask
