"""The unwrapped keys that one lane keeps at hand: the least recently used one goes first.

Unwrapping takes about as long as three encryptions and leaks a little in SoftHSM2 2.6, so keys are kept; but
each costs some 11 kB of the process, so they are counted. Not safe for threads: its lane holds the lock.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import pkcs11

if TYPE_CHECKING:
    from kms_core.hsm.key_shapes import HeldKey
    from kms_core.hsm.protocol import StoredKey


class KeyIdentity(NamedTuple):
    """All that a stored key says of itself.

    INVARIANT: a kept key is given out for exactly the record whose MAC was verified, so that a record with
    another owner, use or blob is verified anew.
    """

    id: str
    key_id: str
    spec: str
    usage: str
    domain_key_id: str
    blob: bytes
    mac: bytes


def identity(key: StoredKey) -> KeyIdentity:
    """Give a stored key's identity."""
    return KeyIdentity(
        key.id, key.key_id, key.spec, key.usage, key.domain_key_id, bytes(key.blob), bytes(key.mac)
    )


class Handles:
    """At most `capacity` unwrapped keys, by identity."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._keys: OrderedDict[KeyIdentity, HeldKey] = OrderedDict()

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, identity: KeyIdentity) -> HeldKey | None:
        """Give the key if it is kept, as the most recently used one."""
        key = self._keys.get(identity)
        if key is not None:
            self._keys.move_to_end(identity)
        return key

    def put(self, identity: KeyIdentity, key: HeldKey) -> None:
        """Keep a key, and destroy the one that was not used for longest where there are too many."""
        self._keys[identity] = key
        if len(self._keys) > self._capacity:
            _, oldest = self._keys.popitem(last=False)
            _destroy(oldest)

    def evict(self, backing_key_id: str) -> None:
        """Destroy what is kept under this backing key's id."""
        for each in [identity for identity in self._keys if identity.id == backing_key_id]:
            _destroy(self._keys.pop(each))


def _destroy(key: HeldKey) -> None:
    # a handle that its session took with it needs no destroying
    with suppress(pkcs11.PKCS11Error):
        key.destroy()
