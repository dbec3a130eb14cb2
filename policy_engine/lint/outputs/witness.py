"""A witness as the request object of the contract, and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.calls.principals import parse_principal
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.model.principal import Principal
    from policy_engine.model.request import Request

_LONGEST = 400


def as_data(request: Request) -> dict[str, object]:
    """The request object of a witness: what `explain-access check --request` reads."""
    return {
        "principal": _principal(_caller(request)),
        "action": request.action,
        "resource": request.resource,
        "context": {k: list(v) if isinstance(v, (list, tuple)) else v for k, v in request.context.items()},
        "unknown": [],
        "grant_tokens": list(request.grant_tokens),
    }


def _principal(principal: Principal) -> dict[str, object]:
    return {
        "kind": principal.kind.value,
        "arn": principal.arn,
        "role_arn": principal.role_arn if principal.role_arn != principal.arn else None,
        "id": principal.id,
        "tags": dict(principal.tags) if principal.tags is not None else None,
        "groups": list(principal.groups),
        "service_linked": principal.service_linked,
    }


def in_words(request: Request) -> str:
    """A witness in one line."""
    context = ", ".join(f"{k}={v}" for k, v in request.context.items())
    ending = f" with {context}" if context else ""
    return printable(f"{_caller(request).arn} asks for {request.action}{ending}", _LONGEST)


def _caller(request: Request) -> Principal:
    return parse_principal(request.principal) if isinstance(request.principal, str) else request.principal
