"""CASE → BUNDLE: the world in which a case's request is decided.

The caller's policies go where the engine looks for them: a session's identity policies and boundary belong to
its role, or to the user who federated; where that is not known, the session's own record holds them, and
`aws:PrincipalArn` stays unknown rather than guessed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy_engine.bundle.grant_form import read_grants
from policy_engine.bundle.key_form import KeyFields
from policy_engine.bundle.policies import PolicyReader
from policy_engine.calls.principals import parse_principal
from policy_engine.errors import BundleError, Diagnostic, RequestError, Severity
from policy_engine.model.bundle import Bundle, KeyRecord, Organization, PrincipalRecord, VpcEndpoint
from policy_engine.model.policy import Policy, PolicyKind
from policy_engine.model.principal import Principal, PrincipalKind
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy_engine.bundle.placed import PolicyText
    from policy_engine.bundle.scenario_file import Case
    from policy_engine.bundle.scenario_form import CaseForm, Levels, PoliciesForm
    from policy_engine.model.bundle import PolicyLevels
    from policy_engine.model.request import Request

_SESSIONS = frozenset({PrincipalKind.ASSUMED_ROLE, PrincipalKind.FEDERATED_USER})
# What a case gives these must be readable and counts for nothing: they have no policies (rule 21).
_WITHOUT_POLICIES = frozenset({PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS})


def world_of(case: Case, request: Request, bundle: Bundle | None) -> Bundle:
    """The bundle that a case is decided from.

    Args:
        case: a case with a form.
        request: its request.
        bundle: for a case without policies of its own; else the one that the case's file names.

    Raises:
        BundleError: a policy or grant cannot be read, or the file's bundle cannot be loaded.
        RequestError: there is nothing to decide from.
    """
    form = case.form
    if form is None:
        raise RequestError("the case could not be read")
    if form.policies is not None:
        return _World(form, form.policies, request).bundle()
    bundle = bundle or (case.suite.bundle if case.suite else None)
    if bundle is None:
        raise RequestError(
            "the case has no policies, and its file names no bundle", help="add `policies` or `bundle`"
        )
    if form.key is not None:
        raise RequestError("the key's fields are the bundle's", help="leave `key` out")
    return bundle


class _World:
    """One case's policies being read."""

    def __init__(self, form: CaseForm, policies: PoliciesForm, request: Request) -> None:
        self.form = form
        self.policies = policies
        self.resource = request.resource
        self.principal = (
            parse_principal(request.principal) if isinstance(request.principal, str) else request.principal
        )
        self.reader = PolicyReader()

    def bundle(self) -> Bundle:
        """The bundle, once everything was read, so that all faults are told at once."""
        key, grant_faults = self._key()
        bundle = Bundle(
            keys={key.arn: key} if _has_policy(key.arn) else {},
            principals=self._principals(),
            organization=self._organization(),
            vpc_endpoints=self._endpoints(),
        )
        found = [*self.reader.diagnostics, *grant_faults]
        if any(d.severity is Severity.ERROR for d in found):
            raise BundleError(found)
        return replace(bundle, diagnostics=tuple(found))

    def _read(self, text: PolicyText | None, kind: PolicyKind, name: str) -> tuple[Policy, ...]:
        """One policy as a tuple, empty where there is none."""
        policy = None if text is None else self.reader.read(text, kind, name)
        return () if policy is None else (policy,)

    def _key(self) -> tuple[KeyRecord, list[Diagnostic]]:
        fields = self.form.key or KeyFields()
        grants, faults = read_grants(self.policies.grants or (), self.resource)
        policy = self._read(self.policies.key, PolicyKind.KEY, "default")
        return replace(fields.record(self.resource), policy=next(iter(policy), None), grants=grants), faults

    def _principals(self) -> dict[str, PrincipalRecord]:
        given = self.policies
        identity = tuple(
            policy
            for index, text in enumerate(given.identity or ())
            for policy in self._read(text, PolicyKind.IDENTITY, f"identity[{index}]")
        )
        boundary = self._read(given.permissions_boundary, PolicyKind.BOUNDARY, "boundary")
        session = self._read(given.session, PolicyKind.SESSION, "session")
        if self.principal.kind in _WITHOUT_POLICIES or not (identity or boundary or session):
            return {}
        held = PrincipalRecord(
            arn=_holder(self.principal),
            identity_policies=identity,
            permissions_boundary=next(iter(boundary), None),
        )
        if held.arn == self.principal.arn:
            return {held.arn: replace(held, session_policies=session)}
        own = PrincipalRecord(
            arn=self.principal.arn, session_policies=session, role_arn=self.principal.role_arn
        )
        return {held.arn: held, own.arn: own}

    def _organization(self) -> Organization | None:
        scps = self._levels(self.policies.scps, PolicyKind.SCP)
        rcps = self._levels(self.policies.rcps, PolicyKind.RCP)
        if not (scps or rcps):
            return None
        caller = self.principal.account
        arn = parse_arn(self.resource)
        owner = (arn.account if arn else "") or caller
        return Organization(
            service_control_policies={caller: scps} if caller and scps else {},
            resource_control_policies={owner: rcps} if owner and rcps else {},
        )

    def _levels(self, levels: Levels | None, kind: PolicyKind) -> PolicyLevels:
        return tuple(tuple(self._level(level, kind, i)) for i, level in enumerate(levels or ()))

    def _level(self, level: list[PolicyText], kind: PolicyKind, index: int) -> Iterable[Policy]:
        for j, text in enumerate(level):
            yield from self._read(text, kind, f"{kind}[{index}][{j}]")

    def _endpoints(self) -> tuple[VpcEndpoint, ...]:
        policy = self._read(self.policies.vpc_endpoint, PolicyKind.ENDPOINT, "endpoint")
        return tuple(VpcEndpoint(None, policy) for policy in policy)


def _has_policy(arn: str) -> bool:
    """Whether a resource has a policy of its own: a key, or something of another service (rule 107).

    `*` and an alias have none.
    """
    parsed = parse_arn(arn)
    return parsed is not None and (parsed.service != "kms" or parsed.resource.startswith("key/"))


def _holder(principal: Principal) -> str:
    """The ARN of the record that holds a caller's identity policies and boundary."""
    if principal.kind in _SESSIONS and principal.role_arn is not None:
        return principal.role_arn
    return principal.arn
