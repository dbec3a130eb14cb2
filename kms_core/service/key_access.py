"""The keys that calls find, with the engine in step: what it knows of a key is what the store says now.

Not a decision. Each call reads its key's row once, under the key's lock; where the access version there is
newer than what the engine has, the policy and the grants are read in the same transaction and handed to the
engine.

INVARIANT: the engine never goes back to an older version of a key's policy and grants.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kms_core.errors import KMSInternalError
from kms_core.model.key_reference import KeyReference
from kms_core.store import keys
from kms_core.store.grants import grants_of
from kms_core.store.policies import policy_text
from policy_engine.errors import PolicyEngineError
from policy_engine.model.bundle import KeyRecord
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from kms_core.model.key import KeyMetadata
    from kms_core.store.database import Database
    from kms_core.store.keys import KeyRow
    from kms_core.store.locks import KeyLocks
    from policy_engine import PolicyEngine
    from policy_engine.model.grant import Grant
    from policy_engine.model.policy import Policy


class KeyAccess:
    """The way to keys."""

    def __init__(self, database: Database, engine: PolicyEngine, locks: KeyLocks) -> None:
        self._database = database
        self._engine = engine
        self._locks = locks
        self._loading = threading.Lock()
        self._versions: dict[str, int] = {}

    def reference(self, key_id: str) -> KeyReference | None:
        """The key with this id, wherever it is."""
        with self._database.read() as connection:
            row = keys.find_by_id(connection, key_id)
        return KeyReference(row.metadata.arn, key_id, row.metadata.account) if row else None

    @contextmanager
    def held(self, arn: str, *, alone: bool) -> Iterator[KeyRow | None]:
        """A key, with its lock held: shared with other calls, or alone. None where there is no such key.

        Raises:
            KMSInternalError: the store fails, or holds a policy that cannot be read.
        """
        with self._locks.alone(arn) if alone else self._locks.shared(arn):
            yield self.current(arn)

    def current(self, arn: str) -> KeyRow | None:
        """A key as the store has it now, the engine brought into step; the key's lock must be held."""
        with self._database.read() as connection:
            row = keys.find(connection, arn)
            if row is None or self._versions.get(arn, 0) >= row.access_version:
                return row
            record = _record(connection, row)
        with self._loading:
            if self._versions.get(arn, 0) < row.access_version:
                self._engine.put_key(record)
                self._versions[arn] = row.access_version
        return row


def record_of(key: KeyMetadata, policy: Policy, grants: tuple[Grant, ...] = ()) -> KeyRecord:
    """A key as the engine sees it. It has no aliases and no tags: both are known to be empty."""
    return KeyRecord(
        arn=key.arn,
        policy=policy,
        grants=grants,
        aliases=(),
        tags={},
        key_spec=key.spec.value,
        key_usage=key.usage.value,
        origin=key.origin.value,
        key_state=key.state.value,
        multi_region=key.multi_region,
    )


def _record(connection: Connection, row: KeyRow) -> KeyRecord:
    text = policy_text(connection, row.policy_digest)
    grants = tuple(record.grant for record in grants_of(connection, row.metadata.key_id))
    try:
        policy = read_policy(text, kind=PolicyKind.KEY, name="default", file="<key policy>")
    except PolicyEngineError as error:
        raise KMSInternalError("a stored key policy cannot be read") from error
    return record_of(row.metadata, policy, grants)
