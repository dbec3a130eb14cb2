"""How many messages a backing key may encrypt: counted, and refused past the limit.

AES-GCM with random 96-bit IVs is safe for 2^32 messages under one key (NIST SP 800-38D, section 8.3).
Counting is in blocks that are reserved in the store before they are used, so that a crash wastes at most a
block and never forgets a message.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kms_core.errors import LimitExceededError
from kms_core.store.keys import may_reserve_messages, reserve_messages

if TYPE_CHECKING:
    from kms_core.store.database import Database

LIMIT = 2**32
BLOCK = 4096


class MessageBudget:
    """What is left of each backing key's reserved block, in this process."""

    def __init__(self, database: Database, *, limit: int = LIMIT, block: int = BLOCK) -> None:
        self._database = database
        self._limit = limit
        self._block = block
        self._guard = threading.Lock()
        self._left: dict[str, int] = {}

    def spend(self, backing_key_id: str) -> None:
        """Count one message.

        Raises:
            LimitExceededError: the key has encrypted as much as is safe.
            KMSInternalError: the store fails; nothing was counted, and nothing may be encrypted.
        """
        with self._guard:
            left = self._left.get(backing_key_id, 0) or self._reserve(backing_key_id)
            self._left[backing_key_id] = left - 1

    def require_left(self, backing_key_id: str) -> None:
        """Check that a message could be counted now, and count none.

        Raises:
            LimitExceededError: the key has encrypted as much as is safe.
            KMSInternalError: the store fails.
        """
        with self._guard:
            if self._left.get(backing_key_id, 0):
                return
        with self._database.read() as connection:
            if not may_reserve_messages(connection, backing_key_id, self._block, self._limit):
                raise _used_up()

    def _reserve(self, backing_key_id: str) -> int:
        with self._database.write() as connection:
            reserved = reserve_messages(connection, backing_key_id, self._block, self._limit)
        if not reserved:
            raise _used_up()
        return self._block


def _used_up() -> LimitExceededError:
    return LimitExceededError(
        "the key has encrypted as many messages as AES-GCM allows: rotate it, or use a new key"
    )
