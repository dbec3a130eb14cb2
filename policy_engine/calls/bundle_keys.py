"""A `KeyDirectory` over the keys of a bundle.

https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.calls.api_call import KnownKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.model.bundle import KeyRecord


class BundleKeys:
    """The keys and aliases of a bundle, as calls look them up; a snapshot."""

    def __init__(self, keys: Mapping[str, KeyRecord]) -> None:
        self._keys = keys
        self._aliases = {
            f"{arn.rpartition(':')[0]}:{alias}": arn
            for arn, record in keys.items()
            for alias in record.aliases or ()
        }

    def find(self, arn: str) -> KnownKey | None:
        """The key with this ARN, or None."""
        record = self._keys.get(arn)
        if record is None:
            return None
        return KnownKey(arn, record.key_spec, record.key_usage, record.origin, record.multi_region)

    def aliased(self, alias_arn: str) -> str | None:
        """The ARN of the key that an alias stands for, or None."""
        return self._aliases.get(alias_arn)
