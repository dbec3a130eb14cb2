"""ARN operators: six segments, each matched on its own; wildcards stay inside their segment (rule 66).

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
ArnEquals and ArnLike are the same. What is no ARN, in the policy or in the request, never matches.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy_engine.conditions.glob import Glob
from policy_engine.conditions.operator import Operator

if TYPE_CHECKING:
    from policy_engine.model.condition import ConditionValue
    from policy_engine.syntax.pattern import Pattern, PatternPart

_SEGMENTS = 6


def split_arn(text: str) -> tuple[str, ...] | None:
    """The six segments of an ARN, the last with its own colons; None for what is none."""
    segments = tuple(text.split(":", _SEGMENTS - 1))
    return segments if len(segments) == _SEGMENTS and segments[0] == "arn" else None


@lru_cache(maxsize=65_536)
def _segments(pattern: Pattern) -> tuple[Glob, ...] | None:
    segments: list[list[PatternPart]] = [[]]
    for part in pattern.parts:
        if not isinstance(part, str):
            segments[-1].append(part)
            continue
        first, *others = part.split(":", _SEGMENTS - len(segments))
        segments[-1].append(first)
        segments.extend([other] for other in others)
    if len(segments) != _SEGMENTS or segments[0] != ["arn"]:
        return None
    return tuple(Glob(tuple(parts)) for parts in segments)


def _wanted(value: ConditionValue) -> tuple[Glob, ...] | None:
    return _segments(value.pattern)


def _match(wanted: tuple[Glob, ...], given: tuple[str, ...]) -> bool:
    return all(pattern.matches(text) for pattern, text in zip(wanted, given, strict=True))


ARN_OPERATORS = (
    Operator("ArnEquals", _wanted, split_arn, _match, variables=True),
    Operator("ArnLike", _wanted, split_arn, _match, variables=True),
    Operator("ArnNotEquals", _wanted, split_arn, _match, negated=True, variables=True),
    Operator("ArnNotLike", _wanted, split_arn, _match, negated=True, variables=True),
)
