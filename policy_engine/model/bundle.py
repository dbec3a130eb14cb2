"""What an engine decides from: keys, principals, groups, an organization, VPC endpoints.

A bundle is a snapshot. A field that is None is not known, and then the request's context counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policy_engine.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.errors import Diagnostic
    from policy_engine.model.grant import Grant
    from policy_engine.model.policy import Policy


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A KMS key as policies see it.

    `policy` is its default key policy; `shared_policy` the service-managed one named AWS_RAM, whose Allow
    statements join it. `key_state` does not take part in a decision: authorization comes first.
    """

    arn: str
    policy: Policy | None = None
    grants: tuple[Grant, ...] = ()
    aliases: tuple[str, ...] | None = None
    tags: Mapping[str, str] | None = None
    key_spec: str | None = None
    key_usage: str | None = None
    origin: str | None = None
    key_state: str | None = None
    multi_region: bool | None = None
    aws_managed: bool = False
    shared_policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class PrincipalRecord:
    """A user, role or session with its policies.

    For a session `arn` is the session's ARN, `role_arn` its role's, and `session_policies` cap it; the role's
    own record holds the identity policies.
    """

    arn: str
    id: str | None = None
    tags: Mapping[str, str] | None = None
    groups: tuple[str, ...] = ()
    identity_policies: tuple[Policy, ...] = ()
    permissions_boundary: Policy | None = None
    session_policies: tuple[Policy, ...] = ()
    role_arn: str | None = None
    service_linked: bool = False


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """An IAM group: never a principal, only a place for policies."""

    arn: str
    identity_policies: tuple[Policy, ...] = ()


PolicyLevels = tuple[tuple["Policy", ...], ...]
"""Levels from the root over the organizational units to the account, each with its policies."""


@dataclass(frozen=True, slots=True)
class Organization:
    """An AWS organization; the mappings go from account id to levels."""

    id: str | None = None
    management_account_id: str | None = None
    service_control_policies: Mapping[str, PolicyLevels] = field(default_factory=dict)
    resource_control_policies: Mapping[str, PolicyLevels] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VpcEndpoint:
    """A VPC endpoint for KMS and its policy.

    `id` None means that every call comes through it, as a scenario states it.
    """

    id: str | None
    policy: Policy


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was met in a folder and is nothing that a bundle knows."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that was loaded, with the milder diagnostics and what was skipped."""

    keys: Mapping[str, KeyRecord] = field(default_factory=dict)
    principals: Mapping[str, PrincipalRecord] = field(default_factory=dict)
    groups: Mapping[str, GroupRecord] = field(default_factory=dict)
    organization: Organization | None = None
    vpc_endpoints: tuple[VpcEndpoint, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def faults(self) -> tuple[Diagnostic, ...]:
        """What could not be read and is missing; no engine decides from a bundle that has some."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)
