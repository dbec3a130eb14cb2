"""Policy variables: what stands for them, and what is left of a pattern once they have values.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
A variable's value is literal: a `*` in a tag is no wildcard (rule 65). A variable has no value where its key
is absent and it has no default, or where its key carries many values (rule 63).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_engine.catalog.condition_keys import canonical_key
from policy_engine.syntax.pattern import Pattern, PatternPart, PolicyVariable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy_engine.model.condition import ConditionValue

Bindings = Mapping[str, str | tuple[str, ...] | None]
"""What policy variables stand for, by canonical key; None where a key is known to be absent."""

NO_BINDINGS: Bindings = {}


def free_variables(patterns: Iterable[Pattern], bindings: Bindings) -> tuple[str, ...]:
    """The canonical keys of the variables that bindings do not decide, in order, each once."""
    keys = (canonical_key(variable.key) for pattern in patterns for variable in pattern.variables)
    return tuple(dict.fromkeys(key for key in keys if key not in bindings))


def bind(pattern: Pattern, bindings: Bindings) -> Pattern | None:
    """The pattern with values for its variables; None where one has no value."""
    if not pattern.variables:
        return pattern
    parts: list[PatternPart] = []
    for part in pattern.parts:
        value = _value(part, bindings) if isinstance(part, PolicyVariable) else part
        if value is None:
            return None
        if isinstance(value, str) and parts and isinstance(parts[-1], str):
            parts[-1] += value
        elif value != "":
            parts.append(value)
    return Pattern(pattern.text, tuple(parts))


def bound_values(values: Sequence[ConditionValue], bindings: Bindings) -> list[ConditionValue]:
    """The values whose variables all have a value, with it; the others drop out (rule 94)."""
    bound = ((value, bind(value.pattern, bindings)) for value in values)
    return [
        value if pattern is value.pattern else replace(value, pattern=pattern)
        for value, pattern in bound
        if pattern is not None
    ]


def _value(variable: PolicyVariable, bindings: Bindings) -> str | None:
    value = bindings.get(canonical_key(variable.key))
    return value if isinstance(value, str) else variable.default
