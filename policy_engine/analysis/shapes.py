"""What fits a value of a condition, as an automaton that can be run beside others, a character at a time.

It accepts what the String, Arn and Bool operators match; the engine's own automata (conditions/glob) only
answer for a whole text. The two are compared in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policy_engine.conditions.glob import Step, flatten
from policy_engine.syntax.pattern import Pattern, Wildcard

if TYPE_CHECKING:
    from collections.abc import Iterable

_FREE = {Wildcard.MANY: Step.MANY, Wildcard.ONE: Step.ONE}
_INSIDE = {Wildcard.MANY: Step.MANY_INSIDE, Wildcard.ONE: Step.ONE_INSIDE}
_MANY = frozenset({Step.MANY, Step.MANY_INSIDE})
_BEYOND_COLONS = frozenset({Step.MANY, Step.ONE})
_COLONS = 5


@dataclass(frozen=True, slots=True)
class Shape:
    """An automaton whose states are the bits of one integer, a bit for each place.

    Attributes:
        items: the places in order.
        fold: whether ASCII letters fit in either case.
    """

    items: tuple[str | Step, ...]
    fold: bool = False
    _loops: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        loops = sum(1 << place for place, item in enumerate(self.items) if item in _MANY)
        object.__setattr__(self, "_loops", loops)  # frozen, but for what follows from the items

    @property
    def literal(self) -> str | None:
        """The one text that fits, where there is one."""
        if self.fold or any(isinstance(item, Step) for item in self.items):
            return None
        return "".join(str(item) for item in self.items)

    @property
    def start(self) -> int:
        """The state before the first character."""
        return self._closure(1)

    @property
    def alphabet(self) -> frozenset[str]:
        """Every character that a place names."""
        return frozenset(c for item in self.items if isinstance(item, str) for c in self._cases(item))

    def accepts(self, state: int) -> bool:
        """Whether a text that leads to a state fits."""
        return bool(state >> len(self.items) & 1)

    def characters(self, state: int) -> Iterable[str]:
        """The characters that move a state otherwise than one that no place names."""
        for place in self._places(state):
            item = self.items[place]
            if isinstance(item, str):
                yield from self._cases(item)
            elif item not in _BEYOND_COLONS:
                yield ":"

    def step(self, state: int, character: str) -> int:
        """The state after a character."""
        moved = 0
        for place in self._places(state):
            item = self.items[place]
            if isinstance(item, str):
                fits = character in self._cases(item)
            else:
                fits = character != ":" or item in _BEYOND_COLONS
            if fits:
                moved |= 1 << (place if item in _MANY else place + 1)
        return self._closure(moved)

    def _places(self, state: int) -> list[int]:
        places = []
        while state:
            place = (state & -state).bit_length() - 1
            if place < len(self.items):
                places.append(place)
            state &= state - 1
        return places

    def _cases(self, character: str) -> tuple[str, ...]:
        return (character.lower(), character.upper()) if self.fold and character.isascii() else (character,)

    def _closure(self, state: int) -> int:
        """A run of any length may be empty: its place and the next are both reached."""
        while (more := state | (state & self._loops) << 1) != state:
            state = more
        return state


ANY_ARN = Shape(("a", "r", "n", *(":", Step.MANY_INSIDE) * (_COLONS - 1), ":", Step.MANY))
"""Whatever is an ARN: six segments, the last with its own colons."""


def of_text(text: str, *, fold: bool = False) -> Shape:
    """What is equal to a text, but for case where `fold`."""
    return Shape(tuple(text), fold)


def of_pattern(pattern: Pattern) -> Shape:
    """What a pattern with free wildcards matches.

    Raises:
        TypeError: the pattern has a policy variable.
    """
    return Shape(tuple(i if isinstance(i, str) else _FREE[i] for i in flatten(pattern.parts)))


def of_arn(pattern: Pattern) -> Shape:
    """What a pattern matches whose wildcards stay inside an ARN's segment, but for the last (rule 66).

    Raises:
        TypeError: the pattern has a policy variable.
    """
    items: list[str | Step] = []
    colons = 0
    for item in flatten(pattern.parts):
        if isinstance(item, str):
            colons += item == ":"
            items.append(item)
        else:
            items.append((_FREE if colons >= _COLONS else _INSIDE)[item])
    return Shape(tuple(items))
