"""A condition of a statement: one operator, one key, its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_engine.model.opaque import Opaque
    from policy_engine.span import Span
    from policy_engine.syntax.operator_name import OperatorName
    from policy_engine.syntax.pattern import Pattern


@dataclass(frozen=True, slots=True)
class ConditionValue:
    """A value that a condition wants: its text, and as a pattern where its operator reads patterns.

    `opaque` is set where the value is not known yet; text and pattern then say nothing.
    """

    text: str
    span: Span
    pattern: Pattern
    opaque: Opaque | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key. A statement's conditions are ANDed, a condition's values ORed.

    `key` is canonical (catalogue spelling, see catalog/); `spelling` is what the policy says.
    """

    operator: OperatorName
    key: str
    spelling: str
    values: tuple[ConditionValue, ...]
    operator_span: Span
    key_span: Span
    span: Span
