"""The rows of keys and their backing keys.

INVARIANT: a key in the making is an intent row in state Creating, and `find` never gives it; the commit that
files its material makes it Enabled. What a process leaves half-made when it dies is such a row and nothing
else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select, update

from kms_core.errors import KMSInternalError
from kms_core.model.backing_key import BackingKeyRecord
from kms_core.model.key import KeyManager, KeyMetadata, KeyOrigin, KeySpec, KeyState, KeyUsage
from kms_core.store.schema import BACKING_KEYS, KEYS

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

_FIRST_VERSION = 1

# made once: these run in every call, and SQLAlchemy takes longer to build a statement than SQLite to run it
_VISIBLE = select(KEYS).where(KEYS.c.state != KeyState.CREATING.value)
_BY_ARN = _VISIBLE.where(KEYS.c.arn == bindparam("wanted"))
_BY_ID = _VISIBLE.where(KEYS.c.key_id == bindparam("wanted"))
_BACKING_KEY = select(BACKING_KEYS).where(
    BACKING_KEYS.c.backing_key_id == bindparam("wanted"), BACKING_KEYS.c.key_id == bindparam("owner")
)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key with what its access hangs on.

    Attributes:
        metadata: the key.
        policy_digest: its key policy.
        access_version: grows with each change of its policy or grants.
    """

    metadata: KeyMetadata
    policy_digest: str
    access_version: int


def insert_intent(connection: Connection, key: KeyMetadata, policy_digest: str) -> None:
    """Write down that a key is being made."""
    connection.execute(
        insert(KEYS).values(
            key_id=key.key_id,
            arn=key.arn,
            account=key.account,
            creation_date=key.creation_date,
            description=key.description,
            state=KeyState.CREATING.value,
            usage=key.usage.value,
            spec=key.spec.value,
            origin=key.origin.value,
            manager=key.manager.value,
            multi_region=key.multi_region,
            policy_digest=policy_digest,
            access_version=_FIRST_VERSION,
        )
    )


def enable_with(connection: Connection, backing_key: BackingKeyRecord) -> None:
    """File a new key's material and make the key Enabled.

    Raises:
        KMSInternalError: there is no intent any more; the key was given up by a clean-up.
    """
    statement = (
        update(KEYS)
        .where(KEYS.c.key_id == backing_key.key_id, KEYS.c.state == KeyState.CREATING.value)
        .values(state=KeyState.ENABLED.value, current_backing_key_id=backing_key.id)
    )
    if connection.execute(statement).rowcount != 1:
        raise KMSInternalError("the key took too long to make")
    insert_backing_key(connection, backing_key)


def drop_intent(connection: Connection, key_id: str) -> None:
    """Give up a key that is being made."""
    connection.execute(delete(KEYS).where(KEYS.c.key_id == key_id, KEYS.c.state == KeyState.CREATING.value))


def drop_intents_before(connection: Connection, creation_date: float) -> int:
    """Give up all keys whose making began before then; how many there were."""
    statement = delete(KEYS).where(
        KEYS.c.state == KeyState.CREATING.value, KEYS.c.creation_date < creation_date
    )
    return connection.execute(statement).rowcount


def find(connection: Connection, arn: str) -> KeyRow | None:
    """The key with this ARN, unless it is still being made."""
    return _found(connection.execute(_BY_ARN, {"wanted": arn}).one_or_none())


def find_by_id(connection: Connection, key_id: str) -> KeyRow | None:
    """The key with this id, unless it is still being made."""
    return _found(connection.execute(_BY_ID, {"wanted": key_id}).one_or_none())


def set_policy(connection: Connection, key_id: str, policy_digest: str) -> None:
    """Give a key another policy."""
    connection.execute(update(KEYS).where(KEYS.c.key_id == key_id).values(policy_digest=policy_digest))
    raise_access_version(connection, key_id)


def raise_access_version(connection: Connection, key_id: str) -> None:
    """Say that who may use the key has changed."""
    version = KEYS.c.access_version + 1
    connection.execute(update(KEYS).where(KEYS.c.key_id == key_id).values(access_version=version))


def insert_backing_key(connection: Connection, key: BackingKeyRecord) -> None:
    """File a wrapped backing key."""
    connection.execute(
        insert(BACKING_KEYS).values(
            backing_key_id=key.id,
            key_id=key.key_id,
            spec=key.spec,
            usage=key.usage,
            domain_key_id=key.domain_key_id,
            blob=key.blob,
            mac=key.mac,
            creation_date=key.creation_date,
            messages_reserved=0,
        )
    )


def find_backing_key(connection: Connection, key_id: str, backing_key_id: str) -> BackingKeyRecord | None:
    """A key's backing key with this id."""
    row = connection.execute(_BACKING_KEY, {"wanted": backing_key_id, "owner": key_id}).one_or_none()
    if row is None:
        return None
    return BackingKeyRecord(
        id=row.backing_key_id,
        key_id=row.key_id,
        spec=row.spec,
        usage=row.usage,
        domain_key_id=row.domain_key_id,
        blob=row.blob,
        mac=row.mac,
        creation_date=row.creation_date,
    )


def reserve_messages(connection: Connection, backing_key_id: str, count: int, limit: int) -> bool:
    """Reserve `count` encryptions under a backing key; False where that would pass `limit`."""
    reserved = BACKING_KEYS.c.messages_reserved
    statement = (
        update(BACKING_KEYS)
        .where(BACKING_KEYS.c.backing_key_id == backing_key_id, reserved + count <= limit)
        .values(messages_reserved=reserved + count)
    )
    return connection.execute(statement).rowcount == 1


def _found(row: Row[tuple[object, ...]] | None) -> KeyRow | None:
    if row is None:
        return None
    metadata = KeyMetadata(
        key_id=row.key_id,
        arn=row.arn,
        account=row.account,
        creation_date=row.creation_date,
        description=row.description,
        state=KeyState(row.state),
        usage=KeyUsage(row.usage),
        spec=KeySpec(row.spec),
        origin=KeyOrigin(row.origin),
        manager=KeyManager(row.manager),
        multi_region=row.multi_region,
        current_backing_key_id=row.current_backing_key_id,
    )
    return KeyRow(metadata, row.policy_digest, row.access_version)
