"""What a test answers for the values that it has seen: the memory of one test on one condition key.

A value that comes again costs one look-up, however costly the operator is. An answer depends on the value and
on the policy's constants alone, so it never grows stale; time and everything else that changes is a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_VALUES = 16_384
"""How many values are remembered; one more, and all are forgotten: what callers make up must neither fill the
memory nor keep out what comes after it."""
LONGEST_VALUE = 256
"""In characters; a longer one is answered anew each time."""

Value = str | tuple[str, ...] | None
"""A value of a canonical context; None where the context does not have the key."""


class Answers(dict[Value, bool]):
    """Maps a value to a test's answer; a value that is not there yet is asked about. Equal only to itself.

    Args:
        answer: what the test says of a value, or of its absence (None).
    """

    __slots__ = ("_answer",)

    def __init__(self, answer: Callable[[Value], bool]) -> None:
        super().__init__({None: answer(None)})
        self._answer = answer

    __hash__ = object.__hash__  # type: ignore[assignment] # a dict has none, and compares what it holds
    __eq__ = object.__eq__
    __ne__ = object.__ne__

    def __missing__(self, value: Value) -> bool:
        answer = self._answer(value)
        if value is None or (isinstance(value, str) and len(value) <= LONGEST_VALUE):
            if len(self) >= MOST_VALUES:
                self.clear()
            self[value] = answer
        return answer
