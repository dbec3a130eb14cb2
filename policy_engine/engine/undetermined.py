"""Decides where something is not known: a context key, or a part of a policy that will be filled in later.

Unknown is not absent: the key may have any value or none. A test that reads an unknown key has no answer, and
the graph is followed both ways. Where every way ends alike, that is the answer; allowed is said only then.
Tests are taken as independent of each other, so that a request may be called undetermined although two tests
on one key exclude each other: the mistake is on the safe side.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy_engine.graph.formula import (
    ALWAYS,
    NEVER,
    AllOf,
    AnyOf,
    Asked,
    Formula,
    Held,
    Path,
    all_of,
    any_of,
)
from policy_engine.graph.nodes import Ask, Leaf, Node, Trail
from policy_engine.model.decision import Outcome

if TYPE_CHECKING:
    from policy_engine.engine.partial import PartialContext
    from policy_engine.graph.tests import Test

_MOST_STEPS = 20_000
"""How many nodes are visited before the search gives up and says undetermined."""
_FREE = Trail(Outcome.ALLOWED, None, ())
"""What holds and rests on no row."""


def outcome_of(node: Node, context: PartialContext) -> Outcome:
    """The outcome that every completion has, or UNDETERMINED.

    A request that every completion denies is denied; where not every one does so explicitly, implicitly.
    """
    outcomes = _reachable(node, context)
    if len(outcomes) == 1:
        return next(iter(outcomes))
    if Outcome.ALLOWED in outcomes or Outcome.UNDETERMINED in outcomes:
        return Outcome.UNDETERMINED
    return Outcome.IMPLICIT_DENY


def _reachable(start: Node, context: PartialContext) -> set[Outcome]:
    """The outcomes of all ways through the graph; a test that is met twice on a way has one answer."""
    outcomes: set[Outcome] = set()
    stack: list[tuple[Node, frozenset[tuple[int, bool]]]] = [(start, frozenset())]
    for _ in range(_MOST_STEPS):
        if not stack or {Outcome.ALLOWED, Outcome.IMPLICIT_DENY} <= outcomes:
            return outcomes
        node, assumed = stack.pop()
        if isinstance(node, Leaf):
            outcomes.add(node.outcome)
        elif isinstance(node, Ask):
            stack += _ways(node, assumed, context)
        else:
            stack.append((node.next, assumed))
    return {Outcome.UNDETERMINED}


def _ways(
    node: Ask, assumed: frozenset[tuple[int, bool]], context: PartialContext
) -> list[tuple[Node, frozenset[tuple[int, bool]]]]:
    answer = context.answer(node.test)
    name = id(node.test)
    if answer is None and (name, True) in assumed:
        answer = True
    elif answer is None and (name, False) in assumed:
        answer = False
    if answer is not None:
        return [(node.holds if answer else node.fails, assumed)]
    return [(node.holds, assumed | {(name, True)}), (node.fails, assumed | {(name, False)})]


def left_of(formula: Formula, context: PartialContext) -> Formula:
    """What of a formula depends on what is not known; the rest is decided away."""
    match formula:
        case Asked(test):
            answer = context.answer(test)
            return formula if answer is None else ALWAYS if answer else NEVER
        case Held(_, part) | Path(_, part):
            return left_of(part, context)
        case AllOf(parts):
            return all_of(*(left_of(part, context) for part in parts))
        case AnyOf(parts):  # pragma: no branch - a formula is nothing else
            left = [left_of(part, context) for part in parts]
            return ALWAYS if ALWAYS in left else any_of(*left)


def certain_trail(formula: Formula, context: PartialContext) -> Trail | None:
    """The first path by which a formula holds whatever is not known; None where no single one does."""
    match formula:
        case Asked(test):
            return _FREE if context.answer(test) else None
        case Held(origin, part):
            trail = certain_trail(part, context)
            return trail and replace(trail, origins=(*trail.origins, origin))
        case Path(name, part):
            trail = certain_trail(part, context)
            return trail and replace(trail, path=name)
        case AllOf(parts):
            return _joined_trails([certain_trail(part, context) for part in parts])
        case AnyOf(parts):  # pragma: no branch - a formula is nothing else
            trails = (certain_trail(part, context) for part in parts)
            return next((trail for trail in trails if trail is not None), None)


def _joined_trails(trails: list[Trail | None]) -> Trail | None:
    held = [trail for trail in trails if trail is not None]
    if len(held) < len(trails):
        return None
    path = next((trail.path for trail in held if trail.path is not None), None)
    return Trail(Outcome.ALLOWED, path, tuple(origin for trail in held for origin in trail.origins))


def expression(deny: Formula, allow: Formula, context: PartialContext) -> str:
    """When an undetermined request is allowed, in words over what is not known."""
    denies, allows = left_of(deny, context), left_of(allow, context)
    parts = [] if allows == ALWAYS else [_words(allows)]
    if denies != NEVER:
        parts.append(f"not ({_words(denies)})")
    return " and ".join(parts)


def _words(formula: Formula) -> str:
    match formula:
        case Asked(test):
            return test_words(test)
        case Held(_, part) | Path(_, part):  # pragma: no cover - `left_of` takes these off
            return _words(part)
        case AllOf(parts):
            return _joined(" and ", parts) or "always"
        case AnyOf(parts):  # pragma: no branch - a formula is nothing else
            return _joined(" or ", parts) or "never"


def _joined(word: str, parts: tuple[Formula, ...]) -> str:
    texts = dict.fromkeys(f"({_words(p)})" if isinstance(p, (AllOf, AnyOf)) else _words(p) for p in parts)
    return word.join(texts)


def test_words(test: Test) -> str:
    """A test as a person writes it: `StringEquals kms:ViaService ["s3.us-east-1.amazonaws.com"]`."""
    return repr(test)[1:-1]
