"""What happened, call by call, and whether each call was answered by rules that held while it ran.

A history is of several processes with several threads each; the clock is the machine's monotonic one, which they
share. What an answer hangs on are facts, each with a value that changes in time: which policy a key has, whether
there is a grant, whether the key is enabled.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Value = str | bool
    Rule = Callable[["Event", Mapping[str, Value]], str]

DONE = "done"


@dataclass(frozen=True)
class Event:
    """A call.

    Attributes:
        what: the operation.
        began: when it was called.
        ended: when it had returned.
        answer: `DONE`, or the error's code.
        depends: the facts that its answer hangs on.
        fact: what it changes when it is done, if anything.
        value: to what.
        by: who called.
        id: the call's id.
    """

    what: str
    began: float
    ended: float
    answer: str = DONE
    depends: tuple[str, ...] = ()
    fact: str = ""
    value: Value = ""
    by: str = ""
    id: str = ""


class Wrong(NamedTuple):
    """A call that was answered by rules that did not hold, and what it could have been answered."""

    event: Event
    possible: frozenset[str]


def wrong_answers(events: Iterable[Event], first: Mapping[str, Value], rule: Rule) -> list[Wrong]:
    """The calls that were answered by rules that did not hold at any moment between their beginning and their end.

    A change takes effect at some moment between its own beginning and end. So while a call runs a fact has the
    value of the last change that was acknowledged before the call began, or of any change that was under way
    before it ended. A call is wrong if no choice of such values gives its answer.

    Args:
        events: the calls, in any order; no two changes of one fact may overlap.
        first: the facts before there was any change.
        rule: what a call is answered where the facts that it depends on have these values.
    """
    events = list(events)
    facts = {fact: _Fact(value) for fact, value in first.items()}
    changes = defaultdict(list)
    for event in events:
        if event.fact and event.answer == DONE:
            changes[event.fact].append(event)
    for fact, made in changes.items():
        facts[fact].take(made)
    found = []
    for event in events:
        values = [facts[fact].between(event.began, event.ended) for fact in event.depends]
        possible = frozenset(
            rule(event, dict(zip(event.depends, choice, strict=True)))
            for choice in itertools.product(*values)
        )
        if event.answer not in possible:
            found.append(Wrong(event, possible))
    return found


class _Fact:
    """The values of one fact in the order of time."""

    def __init__(self, first: Value) -> None:
        self._values = [first]
        self._began: list[float] = []
        self._ended: list[float] = []

    def take(self, changes: list[Event]) -> None:
        changes.sort(key=lambda change: change.began)
        for earlier, later in itertools.pairwise(changes):
            if later.began < earlier.ended:
                raise ValueError(f"two changes of {later.fact} overlap, so nobody knows which came last")
        self._values += [change.value for change in changes]
        self._began = [change.began for change in changes]
        self._ended = [change.ended for change in changes]

    def between(self, began: float, ended: float) -> set[Value]:
        """What it may have been at some moment between the two."""
        acknowledged = bisect_left(self._ended, began)
        under_way = bisect_right(self._began, ended)
        return set(self._values[acknowledged : under_way + 1])
