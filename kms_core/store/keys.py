"""The rows of keys and their backing keys.

Not how a key's state changes, nor its end (`key_life`). INVARIANT: a key in the making is an intent row in
state Creating, and `find` never gives it; the commit that files its material makes it Enabled. What a process
leaves half-made when it dies is such a row, and in the token what was made for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, insert, select, update

from kms_core.errors import KMSInternalError
from kms_core.model.backing_key import BackingKeyRecord
from kms_core.model.key import KeyManager, KeyMetadata, KeyOrigin, KeySpec, KeyState, KeyUsage
from kms_core.store.schema import BACKING_KEYS, KEYS

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Row

DELETED = "Deleted"
"""The state of the row of a key that is gone, until its material is destroyed."""

_FIRST_VERSION = 1

# made once: these run in every call, and SQLAlchemy takes longer to build a statement than SQLite to run it
_EXISTS = KEYS.c.state.not_in([KeyState.CREATING.value, DELETED])
_VISIBLE = select(KEYS).where(_EXISTS)
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
        access_version: grows with each change of its policy, grants, aliases or tags.
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
            uses_known_since=key.creation_date,
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


def find(connection: Connection, arn: str) -> KeyRow | None:
    """The key with this ARN, unless it is still being made."""
    return _found(connection.execute(_BY_ARN, {"wanted": arn}).one_or_none())


def find_by_id(connection: Connection, key_id: str) -> KeyRow | None:
    """The key with this id, unless it is still being made."""
    return _found(connection.execute(_BY_ID, {"wanted": key_id}).one_or_none())


def list_keys(connection: Connection, place: str, *, after: str, limit: int) -> tuple[KeyMetadata, ...]:
    """The keys of one place in the order of their ARNs, from after an ARN.

    Args:
        connection: a transaction.
        place: what the ARNs of an account's keys in one Region begin with, ``arn:...:key/``.
        after: an ARN, or empty.
        limit: how many at most.
    """
    query = _VISIBLE.where(*under(KEYS.c.arn, place), KEYS.c.arn > after).order_by(KEYS.c.arn).limit(limit)
    return tuple(_metadata(row) for row in connection.execute(query))


def count_keys(connection: Connection, place: str) -> int:
    """How many keys there are in one place, those in the making counted."""
    query = select(func.count()).select_from(KEYS).where(*under(KEYS.c.arn, place), KEYS.c.state != DELETED)
    return connection.execute(query).scalar_one()


def under(arn: ColumnElement[str], place: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What ARNs that begin with a text have in common, in the words of an index: ``a:b/`` to ``a:b0``."""
    return arn >= place, arn < place[:-1] + chr(ord(place[-1]) + 1)


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
    return _backing_key(row) if row else None


def backing_keys_of(connection: Connection, key_id: str) -> tuple[BackingKeyRecord, ...]:
    """All backing keys of a key."""
    query = select(BACKING_KEYS).where(BACKING_KEYS.c.key_id == key_id)
    return tuple(_backing_key(row) for row in connection.execute(query))


def _backing_key(row: Row[tuple[object, ...]]) -> BackingKeyRecord:
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


def may_reserve_messages(connection: Connection, backing_key_id: str, count: int, limit: int) -> bool:
    """Whether `reserve_messages` would do so now."""
    fits = BACKING_KEYS.c.messages_reserved + count <= limit
    query = select(fits).where(BACKING_KEYS.c.backing_key_id == backing_key_id)
    return connection.execute(query).scalar_one()


def _found(row: Row[tuple[object, ...]] | None) -> KeyRow | None:
    return KeyRow(_metadata(row), row.policy_digest, row.access_version) if row else None


def _metadata(row: Row[tuple[object, ...]]) -> KeyMetadata:
    return KeyMetadata(
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
        deletion_date=row.deletion_date,
        uses_known_since=row.uses_known_since,
    )
