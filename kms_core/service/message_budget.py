"""How many messages a backing key may encrypt: counted, and refused past the limit.

AES-GCM with random 96-bit IVs is safe for 2^32 messages under one key (NIST SP 800-38D, section 8.3).
Counting is in blocks that are reserved in the store before they are used, so that a crash wastes at most a
block and never forgets a message. Who needs blocks of several keys at the same time gets them together.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kms_core.errors import LimitExceededError
from kms_core.store.backing_keys import may_reserve_messages, reserving_messages
from kms_core.store.group_commit import GroupCommit

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        self._spent: set[str] = set()
        self._disk = GroupCommit(self._reserve, database.turns)

    def spend(self, backing_key_id: str) -> None:
        """Count one message.

        Raises:
            LimitExceededError: the key has encrypted as much as is safe.
            KMSInternalError: the store fails; nothing was counted, and nothing may be encrypted.
        """
        while not self._take(backing_key_id):
            self._disk.join(backing_key_id)

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

    def _take(self, backing_key_id: str) -> bool:
        with self._guard:
            left = self._left.get(backing_key_id, 0)
            if left:
                self._left[backing_key_id] = left - 1
            elif backing_key_id in self._spent:
                raise _used_up()
        return left > 0

    def _reserve(self, backing_key_ids: Sequence[str]) -> None:
        # several threads may want a block of one key, and one of them is enough for all
        wanted = {each for each in backing_key_ids if not self._left.get(each)}
        if not wanted:
            return
        with self._database.record() as connection:
            reserved = {
                each
                for each in wanted
                if reserving_messages(each, self._block, self._limit).change(connection)
            }
        with self._guard:
            self._left.update(dict.fromkeys(reserved, self._block))
            self._spent |= wanted - reserved


def _used_up() -> LimitExceededError:
    return LimitExceededError(
        "the key has encrypted as many messages as AES-GCM allows: rotate it, or use a new key"
    )
