"""What is hung on a key from outside and what identity policies can ask for: its aliases and its tags.

https://docs.aws.amazon.com/kms/latest/developerguide/abac.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class KeyAttributes:
    """The names of a key's aliases (``alias/orders``), and its tags."""

    aliases: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


NO_ATTRIBUTES = KeyAttributes()
