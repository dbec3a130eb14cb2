"""Texts that patterns match: one for every way in which a text can fit some of them and not the others.

A test on a condition key splits all texts in two. To search for a request it is enough to try one text of
each part, so this room looks for texts, not for proofs: whoever uses one asks the engine what it makes of it.
The joint search runs all patterns side by side, as a product of their automata, shortest texts first.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from policy_engine.conditions.glob import flatten
from policy_engine.syntax.pattern import Pattern, PolicyVariable, Wildcard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_STATES = 2_000
"""How many states the joint search visits before it stops with what it has found."""
_FILLER = "example"
_OTHER_CHARACTER = "x"


def sample(pattern: Pattern, filler: str = _FILLER) -> str:
    """A text that a pattern matches, with `filler` for each `*`; a policy variable stands as it is spelt."""
    return "".join(_text(part, filler) for part in pattern.parts)


def _text(part: str | Wildcard | PolicyVariable, filler: str) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Wildcard):
        return filler if part is Wildcard.MANY else _OTHER_CHARACTER
    return f"${{{part.key}}}"


def samples(patterns: Sequence[Pattern]) -> Iterator[str]:
    """Texts that fit the patterns, alone and together; the readable ones first, the same text once."""
    seen: set[str] = set()
    for text in _candidates(patterns):
        if text not in seen:
            seen.add(text)
            yield text


def _candidates(patterns: Sequence[Pattern]) -> Iterator[str]:
    for pattern in patterns:
        yield sample(pattern)
        yield sample(pattern, "")
    wild = [p for p in dict.fromkeys(patterns) if p.literal is None and not p.variables]
    if len(wild) > 1:
        yield from joint_samples(wild)


class _Places:
    """A pattern as an automaton whose states are the bits of one integer, a bit for each place."""

    def __init__(self, pattern: Pattern) -> None:
        self._items = flatten(pattern.parts)
        self.accept = 1 << len(self._items)
        self.start = self._closure(1)

    @property
    def characters(self) -> set[str]:
        return {item for item in self._items if isinstance(item, str)}

    def step(self, state: int, character: str) -> int:
        moved = 0
        for place, item in enumerate(self._items):
            if not state >> place & 1:
                continue
            if item is Wildcard.MANY:
                moved |= 1 << place
            elif item is Wildcard.ONE or item == character:
                moved |= 1 << (place + 1)
        return self._closure(moved)

    def _closure(self, state: int) -> int:
        for place, item in enumerate(self._items):
            if item is Wildcard.MANY and state >> place & 1:
                state |= 1 << (place + 1)
        return state


def joint_samples(patterns: Sequence[Pattern], max_states: int = MAX_STATES) -> Iterator[str]:
    """The shortest text for each set of patterns that some text fits, the empty set included."""
    automata = [_Places(pattern) for pattern in patterns]
    alphabet = sorted(set().union(*(a.characters for a in automata)) | {_OTHER_CHARACTER})
    start = tuple(automaton.start for automaton in automata)
    visited = {start}
    found: set[tuple[bool, ...]] = set()
    waiting = deque([(start, "")])
    while waiting:
        states, text = waiting.popleft()
        fits = tuple(bool(state & a.accept) for state, a in zip(states, automata, strict=True))
        if fits not in found:
            found.add(fits)
            yield text
        for character in alphabet:
            after = tuple(a.step(state, character) for state, a in zip(states, automata, strict=True))
            if after not in visited and len(visited) < max_states:
                visited.add(after)
                waiting.append((after, text + character))
