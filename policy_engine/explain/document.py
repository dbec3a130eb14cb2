"""EXPLANATION → `kmsgate/check/1`: the one mapping from the engine's names to the JSON's.

Texts stand in it as they are; JSON escapes them. `schema` has the same shape as models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_engine.explain.explanation import Check, CheckedRow, Explanation, Fix, Miss
    from policy_engine.model.grant import Grant
    from policy_engine.model.principal import Principal
    from policy_engine.span import Position, Span

SCHEMA = "kmsgate/check/1"
Document = dict[str, object]


def document(explanation: Explanation) -> Document:
    """The JSON document of an explanation, as plain data."""
    decision = explanation.decision
    return {
        "schema": SCHEMA,
        "outcome": decision.outcome.value,
        "request": _request(explanation),
        "determining": [_row(row) for row in explanation.why],
        "held": [_row(row) for row in explanation.held],
        "closest_misses": [_miss(miss) for miss in explanation.misses],
        "missing_context_keys": list(decision.missing_context_keys),
        "considered": {
            "allows": explanation.considered.allows,
            "denies": explanation.considered.denies,
            "grants": explanation.considered.grants,
        },
        "path": explanation.path,
        "reason": decision.reason,
        "relation": explanation.relation.value,
        "known_principal": explanation.known_principal,
        "key": _key(explanation),
        "diagnostics": [
            {"code": d.code, "severity": d.severity.value, "message": d.message, "help": d.help}
            for d in decision.diagnostics
        ],
        "id": decision.id,
        "expression": decision.expression,
        "not_known": list(explanation.not_known),
        "depends_on": [_row(row) for row in explanation.depends_on],
        "too_narrow_grants": [grant.grant_id for grant in explanation.too_narrow],
    }


def _request(explanation: Explanation) -> Document:
    request = explanation.decision.request
    context = {
        k: v if isinstance(v, (str, bool, int, float)) else list(v) for k, v in request.context.items()
    }
    return {
        "principal": _principal(explanation.principal),
        "action": request.action,
        "resource": request.resource,
        "context": context,
        "unknown": list(explanation.unknown),
        "grant_tokens": list(request.grant_tokens),
        **({"grant": _grant(request.grant)} if request.grant is not None else {}),
    }


def _grant(grant: Grant) -> Document:
    """A grant as ListGrants has it; what is not known is left out."""
    constraints = grant.constraints
    bound = {
        "EncryptionContextEquals": constraints.encryption_context_equals,
        "EncryptionContextSubset": constraints.encryption_context_subset,
        "SourceArn": constraints.source_arn,
    }
    fields = {
        "GrantId": grant.grant_id,
        "Name": grant.name,
        "CreationDate": grant.creation_date,
        "GranteePrincipal": grant.grantee_principal,
        "RetiringPrincipal": grant.retiring_principal,
        "IssuingAccount": grant.issuing_account,
        "Operations": list(grant.operations),
        "Constraints": _known({k: dict(v) if isinstance(v, Mapping) else v for k, v in bound.items()}),
        "Pending": grant.pending,
        "GrantToken": grant.token,
    }
    return _known(fields)


def _known(fields: Mapping[str, object]) -> Document:
    return {name: value for name, value in fields.items() if value is not None}


def _principal(principal: Principal) -> Document:
    return {
        "kind": principal.kind.value,
        "arn": principal.arn,
        "role_arn": principal.role_arn,
        "id": principal.id,
        "tags": dict(principal.tags) if principal.tags is not None else None,
        "groups": list(principal.groups),
        "service_linked": principal.service_linked,
    }


def _key(explanation: Explanation) -> Document | None:
    key = explanation.key
    if key is None:
        return None
    return {
        "arn": key.arn,
        "aliases": list(key.aliases) if key.aliases is not None else None,
        "key_state": key.key_state,
        "key_spec": key.key_spec,
        "key_usage": key.key_usage,
    }


def _row(row: CheckedRow) -> Document:
    origin = row.origin
    return {
        "kind": origin.kind.value,
        "policy": origin.policy,
        "sid": origin.sid,
        **_place(origin.span),
        "layer": str(origin.layer),
        "index": origin.index,
        "grant_id": origin.grant_id,
        "label": origin.label,
        "effect": row.effect.value,
    }


def _place(span: Span | None) -> Document:
    if span is None:
        return {"file": None, "start": None, "end": None}
    return {"file": span.file, "start": _position(span.begin), "end": _position(span.finish)}


def _position(position: Position) -> Document:
    return {"line": position.line, "column": position.column}


def _miss(miss: Miss) -> Document:
    return {
        "distance": miss.distance,
        "statement": _row(miss.row),
        "checks": [_check(check) for check in miss.row.checks],
        "fixes": [_fix(fix) for fix in miss.fixes],
        "also_needed": [row.origin.label for row in miss.others],
    }


def _check(check: Check) -> Document:
    return {
        "element": check.element.value,
        "operator": check.operator,
        "key": check.key,
        "wanted": list(check.wanted),
        "got": list(check.got),
        "met": check.met,
        "unsettled": check.unsettled,
        "negated": check.negated,
        "note": check.note,
        **_place(check.span),
    }


def _fix(fix: Fix) -> Document:
    # INVARIANT: a fix exists only because the engine allowed the request with it.
    return {
        "side": fix.side.value,
        "change": fix.change,
        "verified": True,
        "note": fix.note,
        **_place(fix.span),
    }
