"""CASE → BUNDLE FILES: the world of a scenario, written as a user of bundles would write it.

Policies stand in the bundle as strings with the very text of the scenario file, so that nothing is lost on the
way. Some worlds have no native form; `mirrored` says why.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from policy_engine.model.principal import Principal, PrincipalKind
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from policy_engine.bundle.grant_form import GrantForm
    from policy_engine.bundle.placed import PolicyText
    from policy_engine.bundle.scenario_form import CaseForm, PoliciesForm
    from policy_engine.model.request import Request

_SESSIONS = frozenset({PrincipalKind.ASSUMED_ROLE, PrincipalKind.FEDERATED_USER})
_HOLDERS = frozenset({PrincipalKind.USER, PrincipalKind.ROLE, *_SESSIONS})
_NOBODY = frozenset({PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS})


class NoMirrorError(Exception):
    """A world has no native form."""


def write_mirror(form: CaseForm, request: Request, folder: Path) -> None:
    """Write the world of a case.

    Raises:
        NoMirrorError: it has no native form, and why.
    """
    assert form.policies is not None
    assert isinstance(request.principal, Principal)
    caller, policies = request.principal, form.policies
    content: dict[str, object] = {
        "schema": "kmsgate/bundle/1",
        "keys": _keys(form, policies, request.resource),
        "principals": _principals(policies, caller),
        "vpc_endpoints": _endpoints(policies, request),
    }
    organization = _organization(policies, caller, request.resource)
    if organization:
        content["organization"] = organization
    (folder / "bundle.json").write_text(json.dumps(content, indent=1), encoding="utf-8")


def _text(policy: PolicyText) -> str:
    """A policy as a string that holds it, whether it stands as an object or as a string."""
    span = policy.span
    raw = span.source.text[span.start : span.end]
    return str(json.loads(raw)) if raw.startswith('"') else raw


def _keys(form: CaseForm, policies: PoliciesForm, resource: str) -> list[dict[str, object]]:
    arn = parse_arn(resource)
    if arn is None or arn.service != "kms":
        if arn is not None and policies.key is not None:
            raise NoMirrorError("the policy of a resource of another service")
        return []
    if not arn.resource.startswith("key/"):
        return []
    if policies.key is None:
        raise NoMirrorError("a key without a policy")
    fields = form.key.model_dump(by_alias=True, exclude_none=True) if form.key else {}
    grants = [_grant(grant) for grant in policies.grants or ()]
    return [{**fields, "Arn": resource, "Policy": _text(policies.key), "Grants": grants}]


def _grant(grant: GrantForm) -> dict[str, Any]:
    return grant.model_dump(by_alias=True, exclude_none=True)


def _named(policies: Sequence[PolicyText]) -> list[dict[str, object]]:
    return [{"PolicyName": f"p{i}", "PolicyDocument": _text(p)} for i, p in enumerate(policies)]


def _principals(policies: PoliciesForm, caller: Principal) -> list[dict[str, object]]:
    identity, boundary, session = policies.identity or (), policies.permissions_boundary, policies.session
    if not (identity or boundary or session) or caller.kind in _NOBODY:
        return []
    if caller.kind not in _HOLDERS:
        raise NoMirrorError(f"policies of a caller of the kind {caller.kind}")
    held: dict[str, object] = {"IdentityPolicies": _named(identity)}
    if boundary is not None:
        held["PermissionsBoundary"] = _text(boundary)
    own = {"Arn": caller.arn, "SessionPolicies": _named([session] if session else [])}
    if caller.kind not in _SESSIONS:
        return [{**own, **held}]
    if caller.role_arn is not None:
        return [{**held, "Arn": caller.role_arn}, {**own, "RoleArn": caller.role_arn}]
    if identity or boundary:
        raise NoMirrorError("policies of a session whose role is not known")
    return [own]


def _organization(policies: PoliciesForm, caller: Principal, resource: str) -> dict[str, object]:
    arn = parse_arn(resource)
    owner = (arn.account if arn else "") or caller.account
    found: dict[str, object] = {}
    if policies.scps and caller.account:
        found["ServiceControlPolicies"] = {caller.account: _levels(policies.scps)}
    if policies.rcps and owner:
        found["ResourceControlPolicies"] = {owner: _levels(policies.rcps)}
    return found


def _levels(levels: list[list[PolicyText]]) -> list[list[str]]:
    return [[_text(policy) for policy in level] for level in levels]


def _endpoints(policies: PoliciesForm, request: Request) -> dict[str, str]:
    """A scenario's endpoint is the one that the call comes through; a bundle knows endpoints by id."""
    if policies.vpc_endpoint is None:
        return {}
    given = next((v for k, v in request.context.items() if k.lower() == "aws:sourcevpce"), None)
    if not isinstance(given, str) or not given.startswith("vpce-"):
        raise NoMirrorError("an endpoint that the context does not name")
    return {given: _text(policies.vpc_endpoint)}
