"""A grant as it is kept: the engine's `Grant`, the key that it is on, and its place in the list.

Not what a grant allows; the engine decides that. The API's GrantListEntry:
https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_engine.model.grant import Grant

_SERVICE = ".amazonaws.com"


def is_service(principal: str) -> bool:
    """Whether a grant's principal is a service's name, which the API keeps in a field of its own."""
    return principal.removesuffix(".cn").endswith(_SERVICE)


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """A grant on a key.

    Attributes:
        key_id: the key's id.
        key_arn: the key's ARN.
        grant: the grant itself, as the engine knows it.
        position: its place in the order in which the grants were made; pages of ListGrants go by it.
    """

    key_id: str
    key_arn: str
    grant: Grant
    position: int = 0
