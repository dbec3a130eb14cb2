"""What a condition's value says where wildcards mean nothing: `*` is itself, `${*}` is `*`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.syntax.pattern import PolicyVariable, Wildcard

if TYPE_CHECKING:
    from policy_engine.model.condition import ConditionValue


def plain_text(value: ConditionValue) -> str:
    """The text of a value for an operator without wildcards.

    Raises:
        TypeError: a policy variable is left; variables are resolved before a value is compared.
    """
    return "".join(_plain(part) for part in value.pattern.parts)


def _plain(part: str | Wildcard | PolicyVariable) -> str:
    if isinstance(part, PolicyVariable):
        raise TypeError(f"the policy variable {part.key} has no value yet")
    return part if isinstance(part, str) else part.value
