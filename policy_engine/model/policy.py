"""A policy and its statements, as read: every element keeps its span.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_engine.errors import Diagnostic
    from policy_engine.model.condition import Condition
    from policy_engine.model.opaque import Opaque
    from policy_engine.model.principal import PrincipalElement
    from policy_engine.span import Span
    from policy_engine.syntax.pattern import Pattern


class Effect(StrEnum):
    """What a matching statement does."""

    ALLOW = "Allow"
    DENY = "Deny"


class PolicyKind(StrEnum):
    """What a policy is attached to; it decides which elements the policy may have.

    The values are the layer names of scenarios and decisions.
    """

    KEY = "key"
    IDENTITY = "identity"
    BOUNDARY = "boundary"
    SESSION = "session"
    SCP = "scp"
    RCP = "rcp"
    ENDPOINT = "endpoint"


RESOURCE_POLICIES = frozenset({PolicyKind.KEY, PolicyKind.RCP, PolicyKind.ENDPOINT})
"""The kinds whose statements name principals; in the others the principal is who holds the policy."""


class Version(StrEnum):
    """The version of the policy language; without one a policy is of the older."""

    V2008 = "2008-10-17"
    V2012 = "2012-10-17"


@dataclass(frozen=True, slots=True)
class ActionElement:
    """Action, or NotAction where `negated`; `opaque` holds what of it is not known yet."""

    patterns: tuple[ActionPattern, ...]
    negated: bool
    span: Span
    opaque: tuple[Opaque, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionPattern:
    """``kms:De*``: compared without regard to case, so `pattern` is in lower case."""

    pattern: Pattern
    spelling: str
    span: Span


@dataclass(frozen=True, slots=True)
class ResourceElement:
    """Resource, or NotResource where `negated`; `opaque` holds what of it is not known yet."""

    patterns: tuple[ResourcePattern, ...]
    negated: bool
    span: Span
    opaque: tuple[Opaque, ...] = ()


@dataclass(frozen=True, slots=True)
class ResourcePattern:
    """An ARN with wildcards, or ``*``; what is neither matches nothing."""

    pattern: Pattern
    span: Span


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. An absent element is None: what that means depends on the kind of policy.

    `opaque` holds what is not known yet and decides whether the statement counts at all: a statement with an
    unknown effect stands twice, once with each, both opaque.
    """

    index: int
    sid: str | None
    effect: Effect
    principal: PrincipalElement | None
    action: ActionElement | None
    resource: ResourceElement | None
    conditions: tuple[Condition, ...]
    span: Span
    opaque: tuple[Opaque, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document, read.

    `name` says which policy this is to a person (``default``, ``app/OrdersDecrypt``); `digest` is the SHA-256
    of its text, in hexadecimal; `diagnostics` are the milder things that reading found. `statements` are a
    tuple, or packed (model/packed.py), which reads the same.
    """

    kind: PolicyKind
    name: str
    version: Version
    id: str | None
    statements: Sequence[Statement]
    digest: str
    span: Span
    diagnostics: tuple[Diagnostic, ...] = ()
