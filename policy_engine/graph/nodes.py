"""FORMULAS → THE DECISION GRAPH, and the walk through it.

An inner node asks one test and goes one of two ways; a leaf is an outcome. Nodes are shared: two nodes that
ask the same test and go the same ways are one object, so graphs of keys with alike policies share most of
themselves. `Begin` and `Mark` are not questions: they note on the way what the outcome rests on, and the walk
that only wants the outcome steps over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from policy_engine.graph.formula import AllOf, AnyOf, Asked, Held, Path

if TYPE_CHECKING:
    from policy_engine.graph.formula import Formula
    from policy_engine.graph.tests import Test
    from policy_engine.model.decision import Origin, Outcome
    from policy_engine.model.request import RequestContext


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Leaf:
    """An outcome."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Ask:
    """A test, and where to go when it holds and when it does not."""

    test: Test
    holds: Node
    fails: Node


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Mark:
    """A row held."""

    origin: Origin
    next: Node


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Begin:
    """A way to be allowed begins: earlier marks do not count."""

    path: str
    next: Node


Node = Leaf | Ask | Mark | Begin


@dataclass(frozen=True, slots=True)
class Trail:
    """A walk with what it rested on."""

    outcome: Outcome
    path: str | None
    origins: tuple[Origin, ...]


class NodeTable:
    """Makes nodes, equal ones once; what no graph uses any more is forgotten."""

    __slots__ = ("_nodes",)

    def __init__(self) -> None:
        self._nodes: WeakValueDictionary[tuple[int, ...], Node] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._nodes)

    def leaf(self, outcome: Outcome) -> Node:
        """The leaf of an outcome."""
        return self._shared(Leaf(outcome), Leaf, outcome)

    def build(self, formula: Formula, holds: Node, fails: Node) -> Node:
        """The graph that goes to `holds` or `fails` as the formula does, its parts tried in order."""
        match formula:
            case Asked(test):
                return (
                    holds
                    if holds is fails
                    else self._shared(Ask(test, holds, fails), Ask, test, holds, fails)
                )
            case Held(origin, part):
                return self.build(part, self._shared(Mark(origin, holds), Mark, origin, holds), fails)
            case Path(name, part):
                node = self.build(part, holds, fails)
                return self._shared(Begin(name, node), Begin, name, node)
            case AllOf(parts):
                for part in reversed(parts):
                    holds = self.build(part, holds, fails)
                return holds
            case AnyOf(parts):  # pragma: no branch - a formula is nothing else
                for part in reversed(parts):
                    fails = self.build(part, holds, fails)
                return fails

    def _shared(self, node: Node, *key: object) -> Node:
        # All is compared as objects, since equal nodes and tests are one object already. A node keeps alive
        # what its key names, and the key goes when the node does, so an id can never mean another object.
        return self._nodes.setdefault(tuple(map(id, key)), node)


def walk(node: Node, context: RequestContext) -> Outcome:
    """The outcome for a context: the hot path."""
    while True:
        if isinstance(node, Ask):
            node = node.holds if node.test.holds(context) else node.fails
        elif isinstance(node, Leaf):
            return node.outcome
        else:
            node = node.next


def follow(node: Node, context: RequestContext) -> Trail:
    """The outcome for a context, with the path that held and the rows it rested on."""
    path: str | None = None
    origins: list[Origin] = []
    while True:
        match node:
            case Ask(test, holds, fails):
                node = holds if test.holds(context) else fails
            case Mark(origin, following):
                origins.append(origin)
                node = following
            case Begin(name, following):
                path, origins = name, []
                node = following
            case Leaf(outcome):  # pragma: no branch - a node is nothing else
                return Trail(outcome, path, tuple(origins))


def asked_tests(node: Node) -> list[Test]:
    """Every test of a graph, once."""
    found: dict[int, Test] = {}
    seen: set[int] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        if id(current) in seen or isinstance(current, Leaf):
            continue
        seen.add(id(current))
        if isinstance(current, Ask):
            found[id(current.test)] = current.test
            stack += (current.holds, current.fails)
        else:
            stack.append(current.next)
    return list(found.values())
