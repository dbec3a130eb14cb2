"""Whether an Action or NotAction element, or a grant's operations, cover an action. Case does not matter."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.conditions.glob import glob
from policy_engine.model.policy import Effect

if TYPE_CHECKING:
    from policy_engine.model.policy import ActionElement


MOST_REMEMBERED = 16_384
"""How many answers are remembered, of all elements together."""
LONGEST_ACTION = 128
"""In characters; of a longer one nothing is remembered."""


class ActionTest:
    """The actions of a row; it is remembered which they cover.

    `covers` takes the action in lower case. A missing element covers nothing (rule 26), and so does an empty
    one (rule 92); but an empty NotAction lists nothing to spare from a Deny.
    """

    __slots__ = ("_denies_all", "_globs", "_literals", "_negated", "element")

    def __init__(self, element: ActionElement | None, effect: Effect = Effect.ALLOW) -> None:
        self.element = element
        patterns = [p.pattern for p in element.patterns] if element else []
        literals = {p: p.literal for p in patterns}
        self._literals = frozenset(literals.values())
        self._globs = tuple(glob(p) for p, literal in literals.items() if literal is None)
        self._negated = element is not None and element.negated
        self._denies_all = self._negated and effect is Effect.DENY

    def covers(self, action: str) -> bool:
        """Whether the element covers an action given in lower case."""
        return self.finds(action) if len(action) > LONGEST_ACTION else _covers(self, action)

    def finds(self, action: str) -> bool:
        """The same, found out anew."""
        if self.element is None:
            return False
        if not self.element.patterns and not self.element.opaque:
            return self._denies_all
        listed = action in self._literals or any(pattern.matches(action) for pattern in self._globs)
        return listed != self._negated


@lru_cache(MOST_REMEMBERED)
def _covers(actions: ActionTest, action: str) -> bool:
    return actions.finds(action)


class OperationTest:
    """The operations of a grant."""

    __slots__ = ("_actions",)

    def __init__(self, operations: tuple[str, ...]) -> None:
        self._actions = frozenset(f"kms:{ascii_lower(operation)}" for operation in operations)

    def covers(self, action: str) -> bool:
        """Whether the grant lists the operation of an action given in lower case."""
        return action in self._actions
