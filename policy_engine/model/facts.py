"""What is known of a request before its context is looked at: facts about the caller and the key.

A fact is settled when a row is specialised and wins over what the context says. A key of the catalogue that
is known to be absent is a fact too (value None), as is a whole family such as `aws:PrincipalTag/`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FactValue = str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known.

    Attributes:
        values: by canonical key.
        families: the prefixes of families that `values` holds completely.
        defaults: what a key is where the context does not say.
        unknown: keys that have a value which nobody knows where the context does not say.
    """

    values: Mapping[str, FactValue] = field(default_factory=dict)
    families: tuple[str, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()

    def know(self, key: str) -> bool:
        """Whether the value of a key, or its absence, is a fact."""
        return key in self.values or key.startswith(self.families)

    def get(self, key: str) -> FactValue:
        """The value of a known key; None where it is absent."""
        return self.values.get(key)

    def joined(self, other: Facts) -> Facts:
        """These facts and others; the others win."""
        return Facts(
            {**self.values, **other.values},
            (*self.families, *other.families),
            {**self.defaults, **other.defaults},
            self.unknown | other.unknown,
        )
