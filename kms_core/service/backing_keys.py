"""The wrapped backing keys that calls use, kept at hand: they never change, so one read of each is enough.

Not the keys inside the HSM (`hsm` has its own), and no secret: what is kept is what the database holds.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from kms_core.errors import KMSInternalError
from kms_core.store.backing_keys import find_backing_key

if TYPE_CHECKING:
    from kms_core.model.backing_key import BackingKeyRecord
    from kms_core.model.key import KeyMetadata
    from kms_core.store.database import Database

CAPACITY = 10_000


class BackingKeys:
    """The backing keys of a database, the ones used last at hand."""

    def __init__(self, database: Database, *, capacity: int = CAPACITY) -> None:
        self._database = database
        self._capacity = capacity
        self._guard = threading.Lock()
        self._at_hand: OrderedDict[tuple[str, str], BackingKeyRecord] = OrderedDict()

    def current(self, key: KeyMetadata) -> BackingKeyRecord:
        """The backing key that a key uses now.

        Raises:
            KMSInternalError: the store does not hold it, or fails.
        """
        found = self.find(key.key_id, key.current_backing_key_id or "")
        if found is None:
            raise KMSInternalError("the key's material is missing from the store")
        return found

    def find(self, key_id: str, backing_key_id: str) -> BackingKeyRecord | None:
        """A key's backing key with this id.

        Raises:
            KMSInternalError: the store fails.
        """
        name = (key_id, backing_key_id)
        with self._guard:
            if name in self._at_hand:
                self._at_hand.move_to_end(name)
                return self._at_hand[name]
        found = find_backing_key(self._database, key_id, backing_key_id)
        if found is not None:
            self._keep(name, found)
        return found

    def forget(self, key_id: str, backing_key_id: str) -> None:
        """Keep a backing key at hand no longer: its key is gone."""
        with self._guard:
            self._at_hand.pop((key_id, backing_key_id), None)

    def _keep(self, name: tuple[str, str], found: BackingKeyRecord) -> None:
        with self._guard:
            self._at_hand[name] = found
            if len(self._at_hand) > self._capacity:
                self._at_hand.popitem(last=False)
