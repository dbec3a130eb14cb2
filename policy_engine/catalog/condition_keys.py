"""Condition keys: their canonical spelling, type, and whether they carry one value or many.

IAM compares the names of condition keys without regard to case. Inside the engine a key has one spelling, the
canonical one: the catalogue's for a key that AWS documents; for a key with a free part
(`kms:EncryptionContext:App`, `aws:PrincipalTag/Team`) the catalogue's prefix and the rest in lower case; for
any other key all of it in lower case.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from policy_engine.case import ascii_lower
from policy_engine.catalog.data import CATALOG
from policy_engine.catalog.values import VALUES

if TYPE_CHECKING:
    from collections.abc import Mapping

ENCRYPTION_CONTEXT = "kms:EncryptionContext:"
"""The prefix of the keys that carry the pairs of the encryption context."""


@dataclass(frozen=True, slots=True)
class ConditionKey:
    """What the catalogue says of a condition key; `name` ends in `:` or `/` where a free part follows.

    Attributes:
        name: its spelling.
        type: `String`, `Bool`, `Numeric`, `Date`, `ARN` or `IPAddress`.
        multivalued: whether a request has many values of it, so that a policy needs a set operator.
        values: all values that it can have, where AWS lists them.
        names: all free parts that it can have, where AWS lists them.
        default: the value that counts where the request leaves the parameter out.
        default_source: `guide` where the developer guide names that value; `api` where the API reference
            names the parameter's default and the guide says in general that defaults count.
        absent_when_omitted: the parameter has a default, but the key is absent where it is left out: AWS's
            own examples test these keys with Null.
        key_policy: whether a key policy may use it; PutKeyPolicy refuses the others.
        replaced_by: for a deprecated key the one that took its place.
    """

    name: str
    type: str
    multivalued: bool
    values: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    default: str | None = None
    default_source: str | None = None
    absent_when_omitted: bool = False
    key_policy: bool = True
    replaced_by: str | None = None

    @property
    def is_prefix(self) -> bool:
        """Whether the key has a free part, such as a tag's name."""
        return self.name[-1] in ":/"


_LISTS = ("values", "names")


def _read(name: str, entry: Mapping[str, Any]) -> ConditionKey:
    lists = {column: VALUES[entry[column]] for column in _LISTS if column in entry}
    return ConditionKey(name, **{**entry, **lists})


def _load() -> dict[str, ConditionKey]:
    sections = (CATALOG["condition_keys"], CATALOG["global_condition_keys"])
    return {name.lower(): _read(name, entry) for section in sections for name, entry in section.items()}


CONDITION_KEYS: dict[str, ConditionKey] = _load()
"""By name in lower case."""

_PREFIXES = tuple(key for key, entry in CONDITION_KEYS.items() if entry.is_prefix)


@lru_cache(maxsize=65_536)
def find_key(name: str) -> ConditionKey | None:
    """The catalogue's entry for a condition key in any spelling, or None."""
    lower = ascii_lower(name)
    entry = CONDITION_KEYS.get(lower)
    if entry is not None:
        return None if entry.is_prefix else entry
    prefix = next((p for p in _PREFIXES if lower.startswith(p) and len(lower) > len(p)), None)
    return CONDITION_KEYS[prefix] if prefix else None


@lru_cache(maxsize=65_536)
def canonical_key(name: str) -> str:
    """The one spelling that a condition key has inside the engine."""
    entry = find_key(name)
    if entry is None:
        return ascii_lower(name)
    return entry.name + ascii_lower(name[len(entry.name) :]) if entry.is_prefix else entry.name


def is_global(name: str) -> bool:
    """Whether a key is one of IAM's global condition keys, which any service's request may carry."""
    entry = find_key(name)
    return entry is not None and entry.name in CATALOG["global_condition_keys"]


def is_multivalued(key: str) -> bool:
    """Whether a canonical key carries many values; False for what the catalogue does not hold."""
    entry = find_key(key)
    return entry is not None and entry.multivalued
