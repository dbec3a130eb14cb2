"""Who calls (`Principal`) and whom a policy names (`PrincipalElement`): two ideas, two names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.model.opaque import Opaque
    from policy_engine.span import Span


class PrincipalKind(StrEnum):
    """What a caller is."""

    USER = "user"
    ROLE = "role"
    ASSUMED_ROLE = "assumed-role"
    FEDERATED_USER = "federated-user"
    ROOT = "root"
    SERVICE = "service"
    SAML = "saml"
    OIDC = "oidc"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller.

    Attributes:
        kind: what it is.
        arn: its ARN; for a service its name (``s3.amazonaws.com``); empty for anonymous.
        account: its account id, or None for a service and anonymous.
        name: user name, role name, ``role/session`` or service name.
        role_arn: for a session, its role's ARN where that is known (a session's ARN lacks the role's path);
            for a federated user, the ARN of the user who federated, where known.
        id: the unique id (``AROA...``), where known.
        tags: principal tags, or None where they are not known.
        groups: ARNs of a user's groups, for callers that no bundle holds.
        service_linked: whether its role is a service-linked one.
    """

    kind: PrincipalKind
    arn: str
    account: str | None
    name: str
    role_arn: str | None = None
    id: str | None = None
    tags: Mapping[str, str] | None = None
    groups: tuple[str, ...] = ()
    service_linked: bool = False


class EntryKind(StrEnum):
    """What one entry of a Principal element names."""

    EVERYONE = "everyone"
    EVERY_AWS = "every-aws"
    ACCOUNT = "account"
    USER = "user"
    ROLE = "role"
    ASSUMED_ROLE = "assumed-role"
    FEDERATED_USER = "federated-user"
    UNIQUE_ID = "unique-id"
    SERVICE = "service"
    FEDERATED = "federated"
    CANONICAL_USER = "canonical-user"


@dataclass(frozen=True, slots=True)
class PrincipalEntry:
    """One principal that an element names: ``{"AWS": "arn:..."}``, ``{"Service": "..."}``, ``"*"``.

    `value` is normal: an account is always its twelve digits, however the policy spells it.
    """

    kind: EntryKind
    value: str
    spelling: str
    span: Span


@dataclass(frozen=True, slots=True)
class PrincipalElement:
    """Principal, or NotPrincipal where `negated`; `opaque` holds what of it is not known yet."""

    entries: tuple[PrincipalEntry, ...]
    negated: bool
    span: Span
    opaque: tuple[Opaque, ...] = ()
