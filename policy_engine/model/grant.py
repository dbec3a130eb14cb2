"""A grant: it can allow, never deny; one key, one grantee.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html and the API's GrantListEntry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.span import Span


@dataclass(frozen=True, slots=True)
class GrantConstraints:
    """What the request must carry; a constraint that is absent is None.

    `source_arn` is compared exactly with aws:SourceArn.
    """

    encryption_context_equals: Mapping[str, str] | None = None
    encryption_context_subset: Mapping[str, str] | None = None
    source_arn: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant on one key.

    Attributes:
        grant_id: its id.
        grantee_principal: ARN (or service name) of who may use it.
        operations: API operation names (``Decrypt``), as ListGrants spells them.
        constraints: what the encryption context and the source must be.
        name: the friendly name that makes CreateGrant idempotent.
        retiring_principal: ARN (or service name) of who may retire it.
        issuing_account: ARN of the account that made it.
        creation_date: seconds since 1970, or None where not known.
        pending: made, but not yet visible everywhere: usable by `token` only.
        token: its grant token, where known.
        span: where it stands, when it was read from a file.
    """

    grant_id: str
    grantee_principal: str
    operations: tuple[str, ...]
    constraints: GrantConstraints = field(default_factory=GrantConstraints)
    name: str | None = None
    retiring_principal: str | None = None
    issuing_account: str | None = None
    creation_date: float | None = None
    pending: bool = False
    token: str | None = None
    span: Span | None = None
