"""What a condition's value says where wildcards mean nothing: `*` is itself, `${*}` is `*`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.syntax.pattern import PolicyVariable, Wildcard

if TYPE_CHECKING:
    from policy_engine.model.condition import ConditionValue


def plain_text(value: ConditionValue) -> str:
    """The text of a value for an operator without wildcards.

    A policy variable that is not substituted stands as it is spelt.
    """
    return "".join(_plain(part) for part in value.pattern.parts)


def _plain(part: str | Wildcard | PolicyVariable) -> str:
    if isinstance(part, PolicyVariable):
        return str(part)
    return part if isinstance(part, str) else part.value
