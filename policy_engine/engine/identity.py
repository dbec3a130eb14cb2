"""DECISION → ID: a name by which a decision can be told and replayed.

The same request under the same policies has the same id, however it is written: condition keys in any
spelling and order, a tuple for a list, a caller by its ARN or as the principal that it is.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from policy_engine.conditions.encryption_context import GRANT_TOKENS
from policy_engine.syntax.canonical_json import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policy_engine.engine.situation import Situation
    from policy_engine.model.decision import Decision
    from policy_engine.model.grant import Grant
    from policy_engine.model.principal import Principal
    from policy_engine.model.request import RequestContext

_LENGTH = 32


def identity(
    decision: Decision, situation: Situation, context: RequestContext, unknown: Iterable[str]
) -> str:
    """The id of a decision.

    Args:
        decision: what was asked and answered.
        situation: what it was decided in.
        context: the request's context in canonical form.
        unknown: the canonical keys that are not known.
    """
    request = decision.request
    policy = situation.key.record.policy if situation.key else None
    parts = [
        _principal(situation.caller.principal),
        situation.action,
        situation.resource,
        _without_tokens(context),
        sorted(unknown),
        sorted(set(request.grant_tokens)),
        _grant(request.grant) if request.grant else None,
        decision.outcome.value,
        [origin.label for origin in decision.determining],
        policy.digest if policy else "",
    ]
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()[:_LENGTH]


def _without_tokens(context: RequestContext) -> RequestContext:
    if GRANT_TOKENS not in context:
        return context
    return {key: value for key, value in context.items() if key != GRANT_TOKENS}


def _principal(principal: Principal) -> list[object]:
    return [
        principal.kind.value,
        principal.arn,
        principal.role_arn,
        principal.id,
        _mapping(principal.tags),
        sorted(principal.groups),
        principal.service_linked,
    ]


def _grant(grant: Grant) -> list[object]:
    """What a grant says, wherever it stands."""
    constraints = grant.constraints
    return [
        grant.grant_id,
        grant.grantee_principal,
        sorted(grant.operations),
        _mapping(constraints.encryption_context_equals),
        _mapping(constraints.encryption_context_subset),
        constraints.source_arn,
        grant.name,
        grant.retiring_principal,
        grant.issuing_account,
        grant.creation_date,
        grant.pending,
        grant.token,
    ]


def _mapping(pairs: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if pairs is None else dict(pairs)
