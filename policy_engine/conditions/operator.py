"""What a condition operator is: a record of a few small functions and two flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy_engine.model.condition import ConditionValue


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator.

    Attributes:
        name: in AWS's spelling.
        parse: what the policy's value says, or None where it says nothing (an unparsable value never matches,
            under a negated operator too: rule 93).
        given: the same for the request's value.
        match: whether the two fit.
        negated: whether the operator holds where nothing fits.
        variables: whether policy variables may stand in its values.
        texts: the only texts that match what the policy's value says, where they can be listed.
    """

    name: str
    parse: Callable[[ConditionValue], Any]
    given: Callable[[str], Any]
    match: Callable[[Any, Any], bool]
    negated: bool = False
    variables: bool = False
    texts: Callable[[Any], frozenset[str]] | None = None
