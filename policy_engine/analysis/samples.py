"""Texts that patterns match: one for every way in which a text can fit some of them and not the others.

A test on a condition key splits all texts in two. To search for a request it is enough to try one text of
each part, so this room looks for texts, not for proofs: whoever uses one asks the engine what it makes of it.
The joint search runs all shapes side by side, as a product of their automata, shortest texts first.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from policy_engine.analysis.shapes import Shape, of_pattern
from policy_engine.syntax.pattern import Pattern, PolicyVariable, Wildcard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_STATES = 4_000
"""How many states the joint search visits before it stops with what it has found."""
FILLER = "example"
"""What a wildcard or a policy variable is taken for in a text that a person reads."""
_OTHER_CHARACTERS = "xyzw0123456789_~"


def sample(pattern: Pattern, filler: str = FILLER) -> str:
    """A text that a pattern matches, with `filler` for each `*` and the same value for every variable."""
    return "".join(_text(part, filler) for part in pattern.parts)


def _text(part: str | Wildcard | PolicyVariable, filler: str) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Wildcard):
        return filler if part is Wildcard.MANY else _OTHER_CHARACTERS[0]
    return FILLER


def samples(patterns: Sequence[Pattern]) -> Iterator[str]:
    """Texts that fit the patterns, alone and together; the readable ones first, the same text once."""
    seen: dict[str, None] = {}
    for pattern in patterns:
        seen |= {sample(pattern): None, sample(pattern, ""): None}
    wild = [p for p in dict.fromkeys(patterns) if p.literal is None and not p.variables]
    if len(wild) > 1:
        seen |= dict.fromkeys(joint_samples([of_pattern(p) for p in wild]).texts)
    yield from seen


@dataclass(frozen=True, slots=True)
class Found:
    """What a joint search found; `complete` where there is no other way to fit."""

    texts: tuple[str, ...]
    complete: bool


def joint_samples(shapes: Sequence[Shape], max_states: int = MAX_STATES) -> Found:
    """The shortest text for each set of shapes that some text fits exactly, the empty set included."""
    other = _other_character(shapes)
    start = tuple(shape.start for shape in shapes)
    visited = {start}
    found: dict[tuple[bool, ...], str] = {}
    waiting = deque([(start, "")])
    complete = True
    while waiting:
        states, text = waiting.popleft()
        found.setdefault(tuple(s.accepts(state) for s, state in zip(shapes, states, strict=True)), text)
        for character in _next_characters(shapes, states, other):
            after = tuple(s.step(state, character) for s, state in zip(shapes, states, strict=True))
            if after in visited:
                continue
            if len(visited) >= max_states:
                complete = False
                break
            visited.add(after)
            waiting.append((after, text + character))
    return Found(tuple(found.values()), complete)


def _next_characters(shapes: Sequence[Shape], states: tuple[int, ...], other: str) -> list[str]:
    """The characters that move the states differently; all others move them as `other` does."""
    wanted = chain.from_iterable(s.characters(state) for s, state in zip(shapes, states, strict=True))
    return sorted({other, *wanted})


def _other_character(shapes: Sequence[Shape]) -> str:
    """A character that no shape names."""
    named = set().union(*(shape.alphabet for shape in shapes))
    beyond = (chr(code) for code in range(0x100, 0x110000))
    return next(c for c in chain(_OTHER_CHARACTERS, beyond) if c not in named)
