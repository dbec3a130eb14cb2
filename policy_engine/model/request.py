"""An authorization request: who wants to do what on which key, in which context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_engine.model.grant import Grant
    from policy_engine.model.principal import Principal

ScalarValue = str | bool | int | float
ContextInput = Mapping[str, ScalarValue | Sequence[ScalarValue]]
"""A context as callers write it: keys in any case; a value is a string, boolean, number, or a list."""

RequestContext = Mapping[str, str | tuple[str, ...]]
"""A context in canonical form: what `PolicyEngine.context` gives and `decide` takes."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request to authorize.

    Attributes:
        principal: the caller's ARN, a service's name (``s3.amazonaws.com``), or a `Principal`.
        action: ``kms:Decrypt``; compared without regard to case.
        resource: the key's ARN, or ``*`` where the action has none.
        context: condition keys and their values.
        grant_tokens: tokens that make a grant usable before it is visible everywhere.
        grant: the grant in question: for kms:RetireGrant the one to retire, of which only the id counts,
            since the key's record says what its grants are; for kms:CreateGrant the one to make, without
            which no other grant can allow to make it.
    """

    principal: str | Principal
    action: str
    resource: str = "*"
    context: ContextInput = field(default_factory=dict)
    grant_tokens: tuple[str, ...] = ()
    grant: Grant | None = None
