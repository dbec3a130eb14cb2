"""The keys that calls find, with the engine in step: what it knows of a key is what the store says now.

Not a decision. Each call reads its key's row once, under the key's lock, and where that is as it was there is
no more to do. Where the access version there is newer than what the engine has, what changed of policy,
grants, aliases and tags is read in one transaction and handed to the engine: by this process or by another, a
change is seen by the next call.

INVARIANT: the engine never goes back to an older version of a key, and knows none that is gone.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kms_core.errors import KMSInternalError
from kms_core.model.key_attributes import NO_ATTRIBUTES, KeyAttributes
from kms_core.store import keys
from kms_core.store.aliases import alias_names, key_behind
from kms_core.store.grants import count_grants, grant_ids, grants_of
from kms_core.store.last_uses import last_use
from kms_core.store.policies import policy_text
from kms_core.store.tags import tags_of
from policy_engine.errors import PolicyEngineError
from policy_engine.model.bundle import KeyRecord
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from kms_core.model.key import KeyMetadata
    from kms_core.model.key_reference import KeyReference
    from kms_core.store.database import Database
    from kms_core.store.keys import KeyRow
    from kms_core.store.locks import KeyLock, KeyLocks
    from policy_engine import PolicyEngine
    from policy_engine.model.grant import Grant
    from policy_engine.model.policy import Policy

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class _Known:
    """What the engine has of a key.

    Attributes:
        row: the key, as it was read last; its access version is the engine's.
        policy: its key policy, read.
        grants: its grants.
        position: the position of the newest grant that was read.
        attributes: its aliases and tags.
    """

    row: KeyRow
    policy: Policy
    grants: tuple[Grant, ...]
    position: int
    attributes: KeyAttributes


class KeyAccess:
    """The way to keys."""

    def __init__(self, database: Database, engine: PolicyEngine, locks: KeyLocks) -> None:
        self._database = database
        self._engine = engine
        self._locks = locks
        self._loading = threading.Lock()
        self._known: dict[str, _Known] = {}

    def reference(self, key_id: str) -> KeyReference | None:
        """The key with this id, wherever it is."""
        return keys.reference(self._database, key_id)

    def behind(self, alias_arn: str) -> KeyReference | None:
        """The key that an alias stands for; sure to stay so only while that key's lock is held."""
        return key_behind(self._database, alias_arn)

    def attributes(self, key_id: str) -> KeyAttributes:
        """The aliases and tags of a key."""
        with self._database.read() as connection:
            return _attributes(connection, key_id)

    def days_without_use(self, row: KeyRow, now: float) -> int:
        """For how many whole days no use of a key is known."""
        with self._database.read() as connection:
            use = last_use(connection, row.metadata.key_id)
        return int((now - (use.time if use else row.metadata.uses_known_since)) // _DAY)

    def held(self, arn: str, *, alone: bool, overtaking: bool = False) -> KeyLock:
        """A key's lock, whether there is such a key or not: to be shared with other calls, or held alone."""
        return self._locks.alone(arn) if alone else self._locks.shared(arn, overtaking=overtaking)

    def close(self) -> None:
        """Close the files of locks that nobody holds."""
        self._locks.close()

    def current(self, arn: str) -> KeyRow | None:
        """A key as the store has it now, the engine brought into step; the key's lock must be held.

        Raises:
            KMSInternalError: the store fails, or holds a policy that cannot be read.
        """
        before = self._known.get(arn)
        stored = keys.stored(self._database, arn)
        if before and before.row.stored == stored:
            return before.row
        return self._in_step(arn, before)

    def _in_step(self, arn: str, before: _Known | None) -> KeyRow | None:
        with self._database.read() as connection:
            row = keys.find(connection, arn)
            if row is None:
                self._drop(arn)
                return None
            if before and before.row.access_version >= row.access_version:
                known = replace(before, row=row)
            else:
                known = _read(connection, row, before)
        with self._loading:
            newest = self._known.get(arn)
            if newest is None or newest.row.access_version < row.access_version:
                self._engine.put_key(record_of(row.metadata, known.policy, known.grants, known.attributes))
                self._known[arn] = known
            elif newest.row.access_version == row.access_version:
                self._known[arn] = replace(newest, row=row)
        return row

    def _drop(self, arn: str) -> None:
        with self._loading:
            if self._known.pop(arn, None):
                self._engine.remove_key(arn)


def record_of(
    key: KeyMetadata,
    policy: Policy,
    grants: tuple[Grant, ...] = (),
    attributes: KeyAttributes = NO_ATTRIBUTES,
) -> KeyRecord:
    """A key as the engine sees it; its aliases and tags are all that it has, also where it has none."""
    return KeyRecord(
        arn=key.arn,
        policy=policy,
        grants=grants,
        aliases=attributes.aliases,
        tags=attributes.tags,
        key_spec=key.spec.value,
        key_usage=key.usage.value,
        origin=key.origin.value,
        key_state=key.state.value,
        multi_region=key.multi_region,
    )


def _read(connection: Connection, row: KeyRow, before: _Known | None) -> _Known:
    """What there is to know of a key, as far as possible from what was known before."""
    policy = before.policy if before and before.row.policy_digest == row.policy_digest else None
    grants, position = _grants(connection, row.metadata.key_id, before)
    return _Known(
        row=row,
        policy=policy or _policy(connection, row.policy_digest),
        grants=grants,
        position=position,
        attributes=_attributes(connection, row.metadata.key_id),
    )


def _attributes(connection: Connection, key_id: str) -> KeyAttributes:
    return KeyAttributes(alias_names(connection, key_id), tags_of(connection, key_id))


def _policy(connection: Connection, digest: str) -> Policy:
    text = policy_text(connection, digest)
    try:
        return read_policy(text, kind=PolicyKind.KEY, name="default", file="<key policy>")
    except PolicyEngineError as error:
        raise KMSInternalError("a stored key policy cannot be read") from error


def _grants(connection: Connection, key_id: str, before: _Known | None) -> tuple[tuple[Grant, ...], int]:
    """A key's grants and the newest one's position: those that were known and are still there, and new ones.

    A key may have 50,000; positions are never used again, so that the number tells whether some have ended.
    """
    kept, position = (before.grants, before.position) if before else ((), 0)
    made = grants_of(connection, key_id, after=position)
    if count_grants(connection, key_id) != len(kept) + len(made):
        there = grant_ids(connection, key_id)
        kept = tuple(grant for grant in kept if grant.grant_id in there)
    if not made:
        return kept, position
    return kept + tuple(record.grant for record in made), made[-1].position
