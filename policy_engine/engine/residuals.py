"""SITUATION → RESIDUAL: the decision graph of one caller, action and resource, with what explains it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from policy_engine.engine.combination import Relation, allowed
from policy_engine.engine.layers import denies_of, layers_of, residual_rows
from policy_engine.engine.partial import PartialContext, partial_context
from policy_engine.engine.situation import facts_of, relation_of
from policy_engine.engine.undetermined import certain_trail, expression, left_of, outcome_of
from policy_engine.graph.formula import ALWAYS, any_of, tests_of
from policy_engine.graph.nodes import follow, walk
from policy_engine.model.decision import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy_engine.engine.combination import Layers
    from policy_engine.engine.situation import Situation
    from policy_engine.graph.code import Answer
    from policy_engine.graph.formula import Formula
    from policy_engine.graph.nodes import Node, NodeTable, Trail
    from policy_engine.graph.tests import Test
    from policy_engine.model.decision import Origin
    from policy_engine.model.facts import Facts
    from policy_engine.model.request import RequestContext

_NOTHING: frozenset[str] = frozenset()


class Residual:
    """What decides one (caller, action, resource): only the context is left to look at.

    Attributes:
        situation: what it was specialised on.
        relation: what the caller is to the resource.
        facts: what was settled on the way.
        layers: the formula of each layer.
        denies: the formula of each deny row that is left.
        allow: when the request is allowed, as long as no deny holds.
    """

    def __init__(self, situation: Situation, nodes: NodeTable) -> None:
        rows = residual_rows(situation)
        denies = tuple(denies_of(rows, situation))
        self.situation = situation
        self.relation: Relation = relation_of(situation)
        self.layers: Layers = layers_of(rows, situation)
        self.denies = tuple(formula for formula, _ in denies)
        self.allow: Formula = allowed(self.relation, self.layers)
        self._deny_origins = tuple(row.origin for _, row in denies)
        self._nodes = nodes

    @cached_property
    def facts(self) -> Facts:
        """What was settled on the way."""
        return facts_of(self.situation)

    @cached_property
    def node(self) -> Node:
        """The decision graph: explicit denies first, then what allows."""
        nodes = self._nodes
        decides = nodes.build(self.allow, nodes.leaf(Outcome.ALLOWED), nodes.leaf(Outcome.IMPLICIT_DENY))
        return nodes.build(self.layers.deny, nodes.leaf(Outcome.EXPLICIT_DENY), decides)

    @cached_property
    def tests(self) -> tuple[Test, ...]:
        """Everything that is asked, as often as it is."""
        return tuple(tests_of(self.layers.deny, self.allow))

    @cached_property
    def unsettled(self) -> bool:
        """Whether the answer may depend on what no context tells.

        That is a part of a policy that is not known yet, or what the caller's records leave unknown.
        """
        unknown = self.facts.unknown
        return any(test.is_opaque or not unknown.isdisjoint(test.keys) for test in self.tests)

    def partial(self, context: RequestContext, unknown: Iterable[str] = ()) -> PartialContext:
        """A context of which some keys are not known, those of the caller included."""
        return partial_context(context, (*unknown, *self.facts.unknown))

    def outcome(self, context: RequestContext) -> Outcome:
        """The outcome for a context."""
        if self.unsettled:
            return outcome_of(self.node, self.partial(context))
        return walk(self.node, context)

    def answer(self, context: RequestContext) -> Answer | None:
        """The outcome and what it rests on; None where both may depend on what no context tells."""
        if self.unsettled:
            return None
        known = PartialContext(context, _NOTHING)
        denies = self.certain_denies(known)
        if denies:
            return Outcome.EXPLICIT_DENY, None, denies
        trail = certain_trail(self.allow, known)
        return (Outcome.ALLOWED, trail.path, trail.origins) if trail else (Outcome.IMPLICIT_DENY, None, ())

    def partial_outcome(self, context: PartialContext) -> Outcome:
        """The outcome for a context that is known in part, as `partial` makes it."""
        if self._is_certain(context):
            return walk(self.node, context.known)
        return outcome_of(self.node, context)

    def _is_certain(self, context: PartialContext) -> bool:
        return not (self.unsettled or context.unknown)

    def expression(self, context: PartialContext) -> str:
        """What an undetermined outcome depends on."""
        return expression(self.layers.deny, self.allow, context)

    def trail(self, context: PartialContext) -> Trail | None:
        """What allows, with what it rests on: the first path that holds, whatever is not known.

        None where nothing allows for certain. Formulas have no negation, so what is allowed however the
        unknown tests come out is allowed where all of these fail: some path then needs none of them.
        """
        if not self._is_certain(context):
            return certain_trail(self.allow, context)
        trail = follow(self.node, context.known)
        return trail if trail.outcome is Outcome.ALLOWED else None

    def certain_denies(self, context: PartialContext) -> tuple[Origin, ...]:
        """Every deny that holds, whatever is not known."""
        held = zip(self.denies, self._deny_origins, strict=True)
        return tuple(origin for formula, origin in held if left_of(formula, context) == ALWAYS)

    def missing_keys(self, context: RequestContext) -> tuple[str, ...]:
        """The condition keys that the graph asks about and the context does not have, sorted."""
        read = {key for test in self.tests for key in test.keys}
        return tuple(sorted(key for key in read if not _present(key, context)))

    def held_layers(self, context: RequestContext) -> dict[str, bool]:
        """Which layers allow, for saying which of them is to blame."""
        layers = self.layers
        formulas = {
            "scp": layers.scp,
            "endpoint": layers.endpoint,
            "task": layers.task,
            "key": any_of(layers.named, layers.direct, layers.delegated),
            "identity": layers.identity,
            "boundary": layers.boundary,
            "session": layers.session,
        }
        partial = self.partial(context)
        return {name: left_of(formula, partial) == ALWAYS for name, formula in formulas.items()}


def _present(key: str, context: RequestContext) -> bool:
    """Whether a context has a key, or one of a family whose prefix the key is."""
    return key in context or (key[-1] in ":/" and any(given.startswith(key) for given in context))
