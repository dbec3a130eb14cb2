"""The rows of wrapped backing keys, and how many messages each may have encrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Integer, bindparam, insert, select, update

from kms_core.model.backing_key import BackingKeyRecord
from kms_core.store.prepared import Prepared, driver_of
from kms_core.store.schema import BACKING_KEYS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from kms_core.store.database import Database
    from kms_core.store.prepared import AnyConnection, Filled

_C = BACKING_KEYS.c
_COUNT = bindparam("count", required=False, type_=Integer)
_OF_KEY = select(
    _C.backing_key_id, _C.key_id, _C.spec, _C.usage, _C.domain_key_id, _C.blob, _C.mac, _C.creation_date
).where(_C.key_id == bindparam("owner", required=False))
"""The columns as `BackingKeyRecord` has them."""
_FIND = Prepared(_OF_KEY.where(_C.backing_key_id == bindparam("wanted", required=False)))
_FILE = Prepared(insert(BACKING_KEYS))
_RESERVE = Prepared(
    update(BACKING_KEYS)
    .where(
        _C.backing_key_id == bindparam("wanted", required=False),
        bindparam("limit", required=False) >= _C.messages_reserved + _COUNT,
    )
    .values(messages_reserved=_C.messages_reserved + _COUNT)
)


def insert_backing_key(connection: AnyConnection, key: BackingKeyRecord) -> None:
    """File a wrapped backing key."""
    _FILE.filled(
        backing_key_id=key.id,
        key_id=key.key_id,
        spec=key.spec,
        usage=key.usage,
        domain_key_id=key.domain_key_id,
        blob=key.blob,
        mac=key.mac,
        creation_date=key.creation_date,
        messages_reserved=0,
    ).run(driver_of(connection))


def find_backing_key(database: Database, key_id: str, backing_key_id: str) -> BackingKeyRecord | None:
    """A key's backing key with this id."""
    found = database.rows(_FIND.filled(owner=key_id, wanted=backing_key_id))
    return next((BackingKeyRecord(*row) for row in found), None)


def backing_keys_of(connection: Connection, key_id: str) -> tuple[BackingKeyRecord, ...]:
    """All backing keys of a key."""
    return tuple(BackingKeyRecord(*row) for row in connection.execute(_OF_KEY, {"owner": key_id}))


def reserving_messages(backing_key_id: str, count: int, limit: int) -> Filled:
    """The statement that reserves encryptions under a backing key, and no row where that passes a limit."""
    return _RESERVE.filled(wanted=backing_key_id, count=count, limit=limit)


def may_reserve_messages(connection: Connection, backing_key_id: str, count: int, limit: int) -> bool:
    """Whether `reserving_messages` would do so now."""
    fits = _C.messages_reserved + count <= limit
    return connection.execute(select(fits).where(_C.backing_key_id == backing_key_id)).scalar_one()
