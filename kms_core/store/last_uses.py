"""The rows of the last use of each key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from kms_core.model.last_use import LastUse
from kms_core.store.prepared import Prepared
from kms_core.store.schema import LAST_USES

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from kms_core.store.prepared import Filled

_INSERT = insert(LAST_USES)
_KEEP = Prepared(
    _INSERT.on_conflict_do_update(
        index_elements=[LAST_USES.c.key_id],
        set_={name: _INSERT.excluded[name] for name in ("operation", "time", "call_id")},
    )
)


def keeping_use(key_id: str, use: LastUse) -> Filled:
    """The statement that says that a key was used."""
    return _KEEP.filled(key_id=key_id, operation=use.operation, time=use.time, call_id=use.call_id)


def last_use(connection: Connection, key_id: str) -> LastUse | None:
    """The last use of a key that is known."""
    row = connection.execute(select(LAST_USES).where(LAST_USES.c.key_id == key_id)).one_or_none()
    return LastUse(row.operation, row.time, row.call_id) if row else None
