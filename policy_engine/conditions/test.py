"""A test on the request context: what a condition asks, compiled, and what a missing or multiple value does.

The table (rules 57 to 63, 92 to 95, 101):

    the key is absent       positive: no      negated: yes     IfExists: yes     Null decides
    no values in policy     positive: no      negated: yes      whatever the request has, with IfExists too
    one value               yes where one of the policy's values fits; negated where none does
    many values             no, under negated operators too; but for the encryption context, where names that
                            differ only in case are one key with the values of all: one that fits is enough
    an unparsable value     no, under negated operators too, where it stands beside others as well
    ForAnyValue             yes where the plain operator holds for one value; no for an absent or empty key
    ForAllValues            yes where it holds for every value, and for an absent or empty key
    a policy variable       stands for its value, literally; where it has none, that value of the policy drops
                            out, and where all drop out: positive no, negated yes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT
from policy_engine.conditions.answers import Answers
from policy_engine.conditions.null import NULL
from policy_engine.conditions.operators import OPERATORS
from policy_engine.conditions.variables import NO_BINDINGS, Bindings, bound_values, free_variables
from policy_engine.model.options import DEFAULT_OPTIONS, Options
from policy_engine.syntax.operator_name import Quantifier

if TYPE_CHECKING:
    from policy_engine.conditions.answers import Value
    from policy_engine.model.condition import Condition

_EMPTY = frozenset({(), ("",)})
"""What a set operator takes for an empty set: no values, or an empty text (rule 59)."""


_NOT_LISTED_YET: frozenset[str | None] = frozenset()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The policy's values, parsed.

    `unparsable` where one says nothing to the operator; one whose variable has no value is simply gone.
    """

    values: tuple[Any, ...]
    unparsable: bool


class ContextTest:
    """A test that a request context passes or not; equal tests are one object in a graph (see graph/tests).

    Attributes:
        key: the canonical condition key that it asks about.
        keys: what it reads of a context: that key and those of its policy variables, as far as not bound.
        condition: the condition that it came from, for explanations. Tests are equal if their conditions ask
            the same, wherever they stand.
        when_absent: the answer for a context without the key; None where policy variables decide it.
    """

    __slots__ = (
        "__weakref__",
        "_answers",
        "_bindings",
        "_defaults",
        "_expands",
        "_fixed",
        "_many",
        "_operator",
        "_options",
        "_texts",
        "condition",
        "key",
        "keys",
    )

    def __init__(
        self,
        condition: Condition,
        bindings: Bindings = NO_BINDINGS,
        defaults: Bindings = NO_BINDINGS,
        *,
        options: Options = DEFAULT_OPTIONS,
    ) -> None:
        self.condition = condition
        self.key = condition.key
        self._bindings = bindings
        self._defaults = {key: value for key, value in defaults.items() if key not in bindings}
        self._options = options
        self._operator = OPERATORS[condition.operator.name]
        self._expands = self._operator.variables or (
            options.bool_takes_variables and self._operator.name == "Bool"
        )
        free = free_variables((v.pattern for v in condition.values if self._expands), bindings)
        self.keys = free if condition.key in bindings else (condition.key, *free)
        self._many = condition.key.startswith(ENCRYPTION_CONTEXT)
        self._fixed = None if free else self._parsed(bindings)
        self._answers: Answers | None = None
        self._texts: frozenset[str | None] | None = _NOT_LISTED_YET

    def __repr__(self) -> str:
        values = ", ".join(value.text for value in self.condition.values)
        return f"<{self.condition.operator} {self.key} [{values}]>"

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two tests the same test."""
        values = tuple((value.pattern, value.opaque) for value in self.condition.values)
        bound, defaults = (
            tuple(sorted(found.items(), key=str)) for found in (self._bindings, self._defaults)
        )
        return (self.condition.operator, self.key, values, bound, defaults)

    @property
    def is_opaque(self) -> bool:
        """Whether a value of the policy is not known yet."""
        return any(value.opaque is not None for value in self.condition.values)

    @property
    def asks_presence(self) -> bool:
        """Whether it asks if the key is there, whatever its value."""
        return self._operator is NULL

    @property
    def when_absent(self) -> bool:
        """The answer for a context without the key."""
        condition = self.condition
        if self.asks_presence:
            return self._fits(("true",), self._wanted(NO_BINDINGS))
        if condition.operator.quantifier is Quantifier.ANY:
            return condition.operator.if_exists and self._options.any_value_if_exists_holds_when_absent
        if condition.operator.quantifier is Quantifier.ALL:
            return True
        return self._operator.negated or condition.operator.if_exists

    @property
    def answers(self) -> Answers | None:
        """The answers for the values of its key; None where other keys have a say."""
        if self._answers is None and self.keys == (self.key,):
            self._answers = Answers(self._answer)
        return self._answers

    @property
    def texts(self) -> frozenset[str | None] | None:
        """All single values that fit, None among them where absence does; or None: they cannot be listed.

        Of a negated operator these are the values that do *not* pass.
        """
        if self._texts is _NOT_LISTED_YET:
            self._texts = self._listed()
        return self._texts

    def _listed(self) -> frozenset[str | None] | None:
        fixed, list_texts = self._fixed, self._operator.texts
        if fixed is None or list_texts is None or self.condition.operator.quantifier is not None:
            return None
        if not fixed.values or fixed.unparsable or self.key in self._defaults:
            return None
        fit: frozenset[str | None] = frozenset().union(*(list_texts(value) for value in fixed.values))
        return fit | {None} if self.when_absent and not self.negated else fit

    @property
    def negated(self) -> bool:
        """Whether the operator holds where nothing fits."""
        return self._operator.negated

    def _answer(self, value: Value) -> bool:
        return self.holds({self.key: value})

    def bound(self, bindings: Bindings, defaults: Bindings = NO_BINDINGS) -> ContextTest:
        """This test with its key and policy variables bound to facts; without `keys` it is decided.

        `defaults` are the values of keys that a context does not have.
        """
        if not bindings and not defaults:
            return self
        return ContextTest(self.condition, {**self._bindings, **bindings}, defaults, options=self._options)

    def holds(self, context: Bindings) -> bool:
        """Whether the context passes; a key whose value is None is absent."""
        if not self.condition.values and self.condition.operator.quantifier is None:
            return self._operator.negated
        value = (self._bindings if self.key in self._bindings else context).get(self.key)
        if value is None:
            value = self._defaults.get(self.key)
        return self.when_absent if value is None else self.holds_for(value, context)

    def holds_for(self, value: str | tuple[str, ...], context: Bindings = NO_BINDINGS) -> bool:
        """Whether a value that is present passes; the context is for policy variables."""
        wanted = self._wanted(context)
        if self._operator is NULL:
            return self._fits(("false",), wanted)
        quantifier = self.condition.operator.quantifier
        if quantifier is not None:
            return self._set_holds(quantifier, (value,) if isinstance(value, str) else value, wanted)
        if isinstance(value, str):
            return self._fits((value,), wanted)
        return self._many and self._fits(value, wanted)

    def _set_holds(self, quantifier: Quantifier, values: tuple[str, ...], wanted: _Wanted) -> bool:
        if values in _EMPTY:
            return quantifier is Quantifier.ALL
        each = (self._fits((value,), wanted) for value in values)
        return all(each) if quantifier is Quantifier.ALL else any(each)

    def _fits(self, values: tuple[str, ...], wanted: _Wanted) -> bool:
        """Whether one of the values fits, or under a negated operator none does."""
        operator = self._operator
        if not wanted.values:
            return operator.negated and not wanted.unparsable
        given = [parsed for value in values if (parsed := operator.given(value)) is not None]
        if not given:
            return False
        fits = any(operator.match(want, one) for want in wanted.values for one in given)
        return not (fits or wanted.unparsable) if operator.negated else fits

    def _wanted(self, context: Bindings) -> _Wanted:
        return (
            self._fixed
            if self._fixed is not None
            else self._parsed({**self._defaults, **context, **self._bindings})
        )

    def _parsed(self, bindings: Bindings) -> _Wanted:
        known = [value for value in self.condition.values if value.opaque is None]
        values = bound_values(known, bindings) if self._expands else known
        parsed = [self._operator.parse(value) for value in values]
        kept = tuple(want for want in parsed if want is not None)
        return _Wanted(kept, unparsable=len(kept) < len(parsed))
