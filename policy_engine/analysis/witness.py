"""Whether a request can be allowed at all, and by which context: a search in its decision graph.

The walk chooses a value for each condition key when a test first asks about it, and keeps to it. A state is a
node with the choices that still matter below it; no state is visited twice, which keeps long policies cheap.
Every witness is put to the engine before it is given: what this room gets wrong can hide a witness, never
invent one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy_engine.analysis.domains import Asked, domains, keys_read
from policy_engine.analysis.pairs import Spelling, spelling_of, spelt
from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT
from policy_engine.graph.nodes import Ask, Leaf, asked_tests
from policy_engine.model.decision import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy_engine.analysis.domains import Domains, Value
    from policy_engine.engine.policy_engine import PolicyEngine
    from policy_engine.graph.nodes import Node
    from policy_engine.model.condition import Condition
    from policy_engine.model.request import Request

MAX_STEPS = 20_000
"""How many states a search visits before it gives up."""


@dataclass(frozen=True, slots=True)
class Search:
    """What a search came to.

    Attributes:
        witness: a request that the engine allows, or None.
        complete: whether everything was tried; without a witness and not complete nothing is known.
    """

    witness: Request | None
    complete: bool = True

    @property
    def impossible(self) -> bool:
        """Whether no context allows the request."""
        return self.witness is None and self.complete


def find_witness(
    engine: PolicyEngine,
    request: Request,
    *,
    fixed: Mapping[str, tuple[Value, ...]] | None = None,
    required: Sequence[Condition] = (),
    max_steps: int = MAX_STEPS,
) -> Search:
    """Search for a context that allows a request.

    Args:
        engine: what decides.
        request: caller, action and resource; its own context is kept and added to.
        fixed: candidates of keys that may not be chosen freely, such as the organization of an outsider.
        required: conditions that every witness must meet, where a caller knows some; they shorten the search.
        max_steps: when to give up.

    Raises:
        RequestError: the principal of the request is none.
    """
    node = engine.residual(request).node
    tests = asked_tests(node)
    asked = Asked(tests, request.action, request.resource, fixed or {}, required)
    found = domains(asked)
    given = engine.context(request.context)
    return _Walk(engine, request, found, _live_keys(node), spelling_of(tests), max_steps).run(
        node, dict(given)
    )


@dataclass(slots=True)
class _Walk:
    """One search, depth first."""

    engine: PolicyEngine
    request: Request
    domains: Domains
    live: dict[int, frozenset[str]]
    spelling: Spelling
    steps: int
    complete: bool = True

    def run(self, root: Node, given: dict[str, Value]) -> Search:
        visited: set[tuple[object, ...]] = set()
        waiting: list[tuple[Node, dict[str, Value]]] = [(root, given)]
        while waiting:
            node, chosen = waiting.pop()
            if isinstance(node, Leaf):
                witness = self._witness(chosen) if node.outcome is Outcome.ALLOWED else None
                if witness is not None:
                    return Search(witness)
                continue
            live = self.live[id(node)]
            state = (id(node), *sorted((k, repr(v)) for k, v in chosen.items() if _is_live(k, live)))
            if state in visited:
                continue
            visited.add(state)
            if len(visited) > self.steps:
                return Search(None, complete=False)
            waiting.extend(reversed(self._next(node, chosen)))
        return Search(None, self.complete)

    def _next(self, node: Node, chosen: dict[str, Value]) -> list[tuple[Node, dict[str, Value]]]:
        if isinstance(node, Leaf):
            return []
        if not isinstance(node, Ask):
            return [(node.next, chosen)]
        key = next((key for key in keys_read(node.test) if key not in chosen), None)
        if key is not None:
            self.complete = self.complete and self.domains[key].complete
            return [(node, {**chosen, key: value}) for value in self.domains[key].values]
        if node.test.is_opaque:  # nobody knows the answer: the engine says what both ways come to
            return [(node.holds, chosen), (node.fails, chosen)]
        return [(node.holds if node.test.holds(_present(chosen)) else node.fails, chosen)]

    def _witness(self, chosen: dict[str, Value]) -> Request | None:
        context = spelt(_present(chosen), self.spelling)
        request = replace(self.request, context={**self.request.context, **context})
        outcome = self.engine.authorize(request).outcome
        self.complete = self.complete and outcome is not Outcome.UNDETERMINED
        return request if outcome is Outcome.ALLOWED else None


def _present(chosen: dict[str, Value]) -> dict[str, str | tuple[str, ...]]:
    return {key: value for key, value in chosen.items() if value is not None}


def _is_live(key: str, live: frozenset[str]) -> bool:
    """Whether a choice is read below; an exact constraint reads every pair of the encryption context."""
    return key in live or (ENCRYPTION_CONTEXT in live and key.startswith(ENCRYPTION_CONTEXT))


def _live_keys(root: Node) -> dict[int, frozenset[str]]:
    """For each node the keys that are read at it or below it: other choices do not matter there."""
    live: dict[int, frozenset[str]] = {}
    waiting = [root]
    while waiting:
        node = waiting[-1]
        if isinstance(node, Leaf) or id(node) in live:
            live.setdefault(id(node), frozenset())
            waiting.pop()
            continue
        below = (node.holds, node.fails) if isinstance(node, Ask) else (node.next,)
        unknown = [child for child in below if id(child) not in live]
        if unknown:
            waiting.extend(unknown)
            continue
        own = (*keys_read(node.test), *node.test.keys) if isinstance(node, Ask) else ()
        live[id(node)] = frozenset(own).union(*(live[id(child)] for child in below))
        waiting.pop()
    return live
