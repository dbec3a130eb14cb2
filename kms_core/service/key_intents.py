"""That keys are being made, written down before they are: calls that make keys at once share the commit.

What an intent is for, and what ends it: `keys`. INVARIANT: it is on the disk before the HSM makes anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kms_core.errors import LimitExceededError
from kms_core.store import keys
from kms_core.store.group_commit import GroupCommit
from kms_core.store.policies import file_policy

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from kms_core.model.key import KeyMetadata
    from kms_core.store.database import Database


@dataclass(slots=True)
class _Intent:
    """A key that is to be made; `written` tells what became of it."""

    key: KeyMetadata
    policy: str
    written: bool = False


class KeyIntents:
    """Writes intents.

    Args:
        database: where they are kept.
        most: how many keys an account may have in one Region.
    """

    def __init__(self, database: Database, most: int) -> None:
        self._database = database
        self._most = most
        self._disk = GroupCommit(self._commit, database.turns)

    def write(self, key: KeyMetadata, policy: str) -> None:
        """Write down that a key with this key policy is being made.

        Raises:
            LimitExceededError: the account has all the keys that it may have.
            KMSInternalError: the store fails; nothing may be made.
        """
        self._disk.join(intent := _Intent(key, policy))
        if not intent.written:
            raise LimitExceededError(f"the account has {self._most} keys already")

    def _commit(self, intents: Sequence[_Intent]) -> None:
        with self._database.record() as connection:
            for each in intents:
                each.written = self._write(connection, each.key, each.policy)

    def _write(self, connection: sqlite3.Connection, key: KeyMetadata, policy: str) -> bool:
        """Unless the account has so many keys already."""
        if keys.are_there(connection, self._most, key.arn.removesuffix(key.key_id)):
            return False
        keys.insert_intent(connection, key, file_policy(connection, policy))
        return True
