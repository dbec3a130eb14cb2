"""A test on the request context: what a condition asks, compiled, and what a missing or multiple value does.

The table (rules 57, 58, 61, 92, 93, 95, 101):

    the key is absent       positive: no      negated: yes     IfExists: yes     Null decides
    no values in policy     positive: no      negated: yes
    one value               yes where one of the policy's values fits; negated where none does
    many values             no, under negated operators too; but for the encryption context, where names that
                            differ only in case are one key with the values of all: one that fits is enough
    an unparsable value     no, under negated operators too
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT
from policy_engine.conditions.null import NULL
from policy_engine.conditions.operators import OPERATORS

if TYPE_CHECKING:
    from policy_engine.model.condition import Condition
    from policy_engine.model.request import RequestContext


class ContextTest:
    """A test that a request context passes or not; equal tests are one object in a graph (see graph/tests).

    Attributes:
        key: the canonical condition key that it reads.
        condition: the condition that it came from, for explanations. Tests are equal if their conditions ask
            the same, wherever they stand.
    """

    __slots__ = ("__weakref__", "_many", "_operator", "_wanted", "condition", "key", "when_absent")

    def __init__(self, condition: Condition) -> None:
        self.condition = condition
        self.key = condition.key
        self._operator = OPERATORS[condition.operator.name]
        parsed = [self._operator.parse(value) for value in condition.values]
        self._wanted: list[Any] = [wanted for wanted in parsed if wanted is not None]
        self._many = condition.key.startswith(ENCRYPTION_CONTEXT)
        self.when_absent = self._absent()

    def __repr__(self) -> str:
        values = ", ".join(value.text for value in self.condition.values)
        return f"<{self.condition.operator} {self.key} [{values}]>"

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two tests the same test."""
        return (self.condition.operator, self.key, tuple(value.pattern for value in self.condition.values))

    def holds(self, context: RequestContext) -> bool:
        """Whether the context passes."""
        value = context.get(self.key)
        if value is None:
            return self.when_absent
        return self.holds_for(value)

    def holds_for(self, value: str | tuple[str, ...]) -> bool:
        """Whether a value that is present passes."""
        if self._operator is NULL:
            return self._fits(("false",))
        if isinstance(value, str):
            return self._fits((value,))
        return self._many and self._fits(value)

    def _absent(self) -> bool:
        if self._operator is NULL:
            return self._fits(("true",))
        return self._operator.negated or self.condition.operator.if_exists

    def _fits(self, values: tuple[str, ...]) -> bool:
        operator, wanted = self._operator, self._wanted
        if not wanted:
            return operator.negated and not self.condition.values
        given = [parsed for value in values if (parsed := operator.given(value)) is not None]
        if not given:
            return False
        match = operator.match
        return any(match(want, one) for want in wanted for one in given) != operator.negated
