"""A value that is not known yet: a part of a policy that a deployment will fill in.

What depends on it is undetermined, never allowed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that will be known later; `name` says what it is (`aws_iam_role.app.arn`)."""

    name: str

    def __str__(self) -> str:
        return f"<{self.name}>"
