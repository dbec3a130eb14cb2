"""Who calls: the request's principal as plain facts, from its ARN and what the case says beside it.

Not here: how a policy names a caller (principals). The rules: 15, 16, 21, 87 and 104 of the semantics page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SESSIONS = frozenset({"assumed-role", "federated-user"})
WITHOUT_POLICIES = frozenset({"service", "anonymous"})


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal; `role_arn` is the role of a session, or the user who federated, where it is known."""

    kind: str
    arn: str
    account: str | None
    role_arn: str | None
    id: str | None
    tags: dict[str, str] | None
    service_linked: bool

    @property
    def role_name(self) -> str:
        """The role's name as the session's ARN has it, without the role's path (rule 16)."""
        return self.arn.split(":", 5)[5].split("/")[1]


def caller_of(principal: str | dict[str, Any]) -> Caller:
    form: dict[str, Any] = {"arn": principal} if isinstance(principal, str) else principal
    arn = form.get("arn") or ""
    kind = form.get("kind") or _kind(arn)
    role_arn = form.get("role_arn")
    return Caller(
        kind=kind,
        arn=arn,
        account=None if kind in WITHOUT_POLICIES else arn.split(":")[4],
        role_arn=role_arn,
        id=form.get("id"),
        tags=form.get("tags"),
        service_linked=bool(form.get("service_linked")) or ":role/aws-service-role/" in (role_arn or arn),
    )


def _kind(arn: str) -> str:
    if not arn.startswith("arn:"):
        return "service"
    return arn.split(":", 5)[5].split("/", maxsplit=1)[0]
