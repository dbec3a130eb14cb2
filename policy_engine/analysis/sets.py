"""Sets of values for a key that carries many: one for each way in which the tests can answer.

ForAnyValue joins the answers for the single values by or, ForAllValues by and. So what a set answers follows
from what its parts answer, and sets grow value by value until no new answer comes up.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_SETS = 512
"""How many different sets are tried."""
Answers = tuple[object, ...]
_EMPTY = ""


def sets_of(
    texts: Sequence[str], answers: Callable[[tuple[str, ...]], Answers]
) -> tuple[list[tuple[str, ...]], bool]:
    """Sets of texts that differ in what tests answer, the smallest first; and whether these are all.

    Args:
        texts: the single values.
        answers: what the tests answer for a set.
    """
    distinct: dict[Answers, str] = {}
    # alone an empty text counts as no value at all (rule 59), beside others it is one
    for text in (t for t in texts if t != _EMPTY):
        distinct.setdefault(answers((text,)), text)
    elements = list(dict.fromkeys([*distinct.values(), *(t for t in texts if t == _EMPTY)]))
    found: dict[Answers, tuple[str, ...]] = {answers((text,)): (text,) for text in reversed(elements)}
    waiting: deque[tuple[str, ...]] = deque((text,) for text in elements)
    while waiting:
        values = waiting.popleft()
        for text in elements:
            grown = (*values, text)
            if text in values or answers(grown) in found:
                continue
            if len(found) >= MAX_SETS:
                return list(found.values()), False
            found[answers(grown)] = grown
            waiting.append(grown)
    return sorted(found.values(), key=len), True
