"""The rows of tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from kms_core.store.keys import raise_access_version
from kms_core.store.prepared import Prepared, driver_of
from kms_core.store.schema import TAGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from kms_core.store.prepared import AnyConnection

_INSERT = insert(TAGS)
_PUT = Prepared(
    _INSERT.on_conflict_do_update(
        index_elements=[TAGS.c.key_id, TAGS.c.name], set_={"value": _INSERT.excluded.value}
    )
)


def put_tags(connection: AnyConnection, key_id: str, tags: Mapping[str, str]) -> None:
    """Give a key tags; one that it has already gets the new value."""
    if not tags:
        return
    driver = driver_of(connection)
    for name, value in tags.items():
        _PUT.filled(key_id=key_id, name=name, value=value).run(driver)
    raise_access_version(connection, key_id)


def delete_tags(connection: Connection, key_id: str, names: Iterable[str]) -> None:
    """Take tags of a key away; a name that it does not have is passed over."""
    connection.execute(delete(TAGS).where(TAGS.c.key_id == key_id, TAGS.c.name.in_(list(names))))
    raise_access_version(connection, key_id)


def tags_of(
    connection: Connection, key_id: str, *, after: str = "", limit: int | None = None
) -> dict[str, str]:
    """A key's tags in the order of their names, from after a name."""
    query = select(TAGS.c.name, TAGS.c.value).where(TAGS.c.key_id == key_id, TAGS.c.name > after)
    return {row.name: row.value for row in connection.execute(query.order_by(TAGS.c.name).limit(limit))}
