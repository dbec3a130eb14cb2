"""The rows of aliases.

Not what a name may look like (`service.alias_parameters`). An alias is known by its ARN, which says whose it
is and where.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from kms_core.errors import AlreadyExistsError
from kms_core.model.alias import AliasRecord
from kms_core.model.key_reference import KeyReference
from kms_core.store.keys import raise_access_version, under
from kms_core.store.prepared import Prepared
from kms_core.store.schema import ALIASES, KEYS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from kms_core.store.database import Database

_BEHIND = Prepared(
    select(KEYS.c.arn, KEYS.c.key_id, KEYS.c.account)
    .join(ALIASES)
    .where(ALIASES.c.arn == bindparam("of", required=False))
)


def key_behind(database: Database, alias_arn: str) -> KeyReference | None:
    """The key that an alias stands for; None where there is no such alias."""
    return next((KeyReference(*row) for row in database.rows(_BEHIND.filled(of=alias_arn))), None)


def insert_alias(connection: Connection, alias_arn: str, key_id: str, now: float) -> None:
    """File a new alias, and say that what policies may ask of its key has changed.

    Raises:
        AlreadyExistsError: there is one of this name.
    """
    row = {"arn": alias_arn, "key_id": key_id, "creation_date": now, "last_updated_date": now}
    try:
        connection.execute(insert(ALIASES).values(row))
    except IntegrityError:
        raise AlreadyExistsError(f"An alias with the name {alias_arn} already exists") from None
    raise_access_version(connection, key_id)


def move_alias(connection: Connection, alias_arn: str, before: str, key_id: str, now: float) -> None:
    """Let an alias stand for another key than the one before."""
    change = update(ALIASES).where(ALIASES.c.arn == alias_arn)
    connection.execute(change.values(key_id=key_id, last_updated_date=now))
    for each in {before, key_id}:
        raise_access_version(connection, each)


def delete_alias(connection: Connection, alias_arn: str, key_id: str) -> None:
    """Take an alias of a key away."""
    connection.execute(delete(ALIASES).where(ALIASES.c.arn == alias_arn))
    raise_access_version(connection, key_id)


def alias_names(connection: Connection, key_id: str) -> tuple[str, ...]:
    """The names of a key's aliases, ``alias/orders``, in order."""
    query = select(ALIASES.c.arn).where(ALIASES.c.key_id == key_id).order_by(ALIASES.c.arn)
    return tuple(AliasRecord.name_in(arn) for arn in connection.execute(query).scalars())


def count_aliases(connection: Connection, key_id: str) -> int:
    """How many aliases a key has."""
    query = select(func.count()).select_from(ALIASES).where(ALIASES.c.key_id == key_id)
    return connection.execute(query).scalar_one()


def list_aliases(
    connection: Connection, place: str, *, after: str, limit: int, key_id: str | None = None
) -> tuple[AliasRecord, ...]:
    """The aliases of one place in the order of their ARNs, from after an ARN; with a key id only its own.

    Args:
        connection: a transaction.
        place: what the ARNs of an account's aliases in one Region begin with, ``arn:...:alias/``.
        after: an ARN, or empty.
        limit: how many at most.
        key_id: the key.
    """
    query = select(ALIASES).where(*under(ALIASES.c.arn, place), ALIASES.c.arn > after)
    if key_id is not None:
        query = query.where(ALIASES.c.key_id == key_id)
    rows = connection.execute(query.order_by(ALIASES.c.arn).limit(limit))
    return tuple(AliasRecord(row.arn, row.key_id, row.creation_date, row.last_updated_date) for row in rows)
