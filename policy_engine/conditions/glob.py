"""Matches text against patterns with wildcards, in steps linear in the text whatever the pattern says.

A pattern becomes a small automaton whose set of states is one integer: a bit for each place in the pattern.
Each character of the text moves all states at once, so a thousand wildcards cost what one costs. Regular
expressions would backtrack.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

from policy_engine.syntax.pattern import PolicyVariable, Wildcard, literal_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy_engine.syntax.pattern import Pattern, PatternPart


class Step(Enum):
    """A wildcard at a place of an automaton: `?` or `*`. The second kind of each is no colon."""

    ONE = auto()
    ONE_INSIDE = auto()
    MANY = auto()
    MANY_INSIDE = auto()


_MANY = (Step.MANY, Step.MANY_INSIDE)


class Automaton:
    """A compiled pattern. Characters are code points, so `?` is one emoji as it is one letter.

    What stands before the first wildcard is compared as a whole, and what a last `*` covers is not looked at.
    """

    __slots__ = (
        "_accept",
        "_any",
        "_any_on_colon",
        "_begins",
        "_loops",
        "_loops_on_colon",
        "_start",
        "_steps",
        "_whatever_follows",
    )

    def __init__(self, items: Iterable[str | Step]) -> None:
        begins, places = _split(_collapse(items))
        self._begins = begins
        self._steps: dict[str, int] = {}
        self._any = self._any_on_colon = self._loops = self._loops_on_colon = 0
        for index, item in enumerate(places):
            bit = 1 << index
            match item:
                case Step.MANY:
                    self._loops |= bit
                    self._loops_on_colon |= bit
                case Step.MANY_INSIDE:
                    self._loops |= bit
                case Step.ONE:
                    self._any |= bit
                    self._any_on_colon |= bit
                case Step.ONE_INSIDE:
                    self._any |= bit
                case _:
                    self._steps[item] = self._steps.get(item, 0) | bit
        self._accept = 1 << len(places)
        self._whatever_follows = self._accept if places[-1:] == [Step.MANY] else 0
        self._start = 1 | ((1 & self._loops) << 1)

    def matches(self, text: str) -> bool:
        """Whether the whole text fits the pattern."""
        if not text.startswith(self._begins):
            return False
        state, loops, steps = self._start, self._loops, self._steps
        for character in text[len(self._begins) :]:
            if state & self._whatever_follows:
                return True
            if character == ":":
                moved = (state & (steps.get(":", 0) | self._any_on_colon)) << 1
                state = moved | (state & self._loops_on_colon)
            else:
                state = ((state & (steps.get(character, 0) | self._any)) << 1) | (state & loops)
            if not state:
                return False
            # a run of any length may be empty: its place and the next are both reached
            state |= (state & loops) << 1
        return bool(state & self._accept)


def _split(places: list[str | Step]) -> tuple[str, list[str | Step]]:
    """The text before the first wildcard, and the rest."""
    begins = "".join(takewhile(lambda item: isinstance(item, str), places))  # type: ignore[arg-type] # they are
    return begins, places[len(begins) :]


def _collapse(items: Iterable[str | Step]) -> list[str | Step]:
    """The items with neighbouring runs as one, the wider of the two: `**` is `*`."""
    places: list[str | Step] = []
    for item in items:
        if item in _MANY and places and places[-1] in _MANY:
            places[-1] = Step.MANY if Step.MANY in {item, places[-1]} else Step.MANY_INSIDE
        else:
            places.append(item)
    return places


def flatten(parts: Sequence[PatternPart]) -> list[str | Wildcard]:
    """The parts of a pattern, literals character by character.

    Raises:
        TypeError: a policy variable is left; variables are resolved before a pattern is matched.
    """
    flat: list[str | Wildcard] = []
    for part in parts:
        if isinstance(part, PolicyVariable):
            raise TypeError(f"the policy variable {part.key} has no value yet")
        flat.extend(part if isinstance(part, str) else (part,))
    return flat


_FREE = {Wildcard.MANY: Step.MANY, Wildcard.ONE: Step.ONE}


class Glob:
    """A pattern whose wildcards stand for any characters, as in StringLike and in actions."""

    __slots__ = ("_automaton", "_literal", "_prefix")

    def __init__(self, parts: tuple[PatternPart, ...]) -> None:
        self._literal = literal_of(parts)
        self._prefix = _prefix(parts)
        items = (item if isinstance(item, str) else _FREE[item] for item in flatten(parts))
        self._automaton = Automaton(items)

    def matches(self, text: str) -> bool:
        """Whether the whole text fits."""
        if self._literal is not None:
            return text == self._literal
        if self._prefix is not None:
            return text.startswith(self._prefix)
        return self._automaton.matches(text)


def _prefix(parts: tuple[PatternPart, ...]) -> str | None:
    """What a text must begin with, where that is all the pattern asks: `kms:De*`, `*`."""
    match parts:
        case (Wildcard.MANY,):
            return ""
        case (str() as prefix, Wildcard.MANY):
            return prefix
    return None


@lru_cache(maxsize=65_536)
def glob(pattern: Pattern) -> Glob:
    """The compiled form of a pattern, shared by all who use the same one."""
    return Glob(pattern.parts)
