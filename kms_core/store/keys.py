"""The rows of keys.

Not their backing keys (`backing_keys`), nor how a key's state changes and its end (`key_life`). INVARIANT: a
key in the making is an intent row in state Creating, and `find` never gives it; the commit that files its
material makes it Enabled. What a process leaves half-made when it dies is such a row, and in the token what
was made for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, insert, literal_column, select, update

from kms_core.errors import KMSInternalError
from kms_core.model.key import KeyManager, KeyMetadata, KeyOrigin, KeySpec, KeyState, KeyUsage
from kms_core.model.key_reference import KeyReference
from kms_core.model.rotation import RotationSchedule
from kms_core.store.backing_keys import insert_backing_key
from kms_core.store.prepared import Prepared, driver_of
from kms_core.store.schema import KEYS

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Row

    from kms_core.model.backing_key import BackingKeyRecord
    from kms_core.store.database import Database
    from kms_core.store.prepared import AnyConnection, Values

DELETED = "Deleted"
"""The state of the row of a key that is gone, until its material is destroyed."""

_FIRST_VERSION = 1
_LATER = {"current_backing_key_id", "deletion_date", "rotation_period_in_days", "next_rotation_date"}
"""The columns that a key in the making does not have."""

_EXISTS = (KEYS.c.state != KeyState.CREATING.value) & (KEYS.c.state != DELETED)
_VISIBLE = select(KEYS).where(_EXISTS)
_BY_ARN = _VISIBLE.where(KEYS.c.arn == bindparam("wanted", required=False))
_BY_ID = _VISIBLE.where(KEYS.c.key_id == bindparam("wanted", required=False))
_STORED = Prepared(_BY_ARN)
_REFERENCE = Prepared(_BY_ID.with_only_columns(KEYS.c.arn, KEYS.c.key_id, KEYS.c.account))
_INTEND = Prepared(
    insert(KEYS).values(
        {each.name: bindparam(each.name, required=False) for each in KEYS.c if each.name not in _LATER}
    )
)
_ENABLE = Prepared(
    update(KEYS)
    .where(KEYS.c.key_id == bindparam("wanted", required=False), KEYS.c.state == KeyState.CREATING.value)
    .values(
        state=KeyState.ENABLED.value,
        current_backing_key_id=bindparam("current_backing_key_id", required=False),
    )
)
_THIS = update(KEYS).where(KEYS.c.key_id == bindparam("wanted", required=False))
_SET_POLICY = Prepared(_THIS.values(policy_digest=bindparam("policy_digest", required=False)))
_RAISE_ACCESS_VERSION = Prepared(_THIS.values(access_version=KEYS.c.access_version + 1))
_LAST_ROW = Prepared(select(func.max(literal_column("keys.rowid"))).select_from(KEYS))
_COUNT_KEYS = Prepared(
    select(func.count())
    .select_from(KEYS)
    .where(
        KEYS.c.arn >= bindparam("first", required=False),
        KEYS.c.arn < bindparam("end", required=False),
        KEYS.c.state != DELETED,
    )
)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key with what its access hangs on.

    Attributes:
        metadata: the key.
        policy_digest: its key policy.
        access_version: grows with each change of its policy, grants, aliases or tags.
        stored: the row itself; another one is another state of the key.
    """

    metadata: KeyMetadata
    policy_digest: str
    access_version: int
    stored: Values = field(repr=False)


def insert_intent(connection: AnyConnection, key: KeyMetadata, policy_digest: str) -> None:
    """Write down that a key is being made."""
    _INTEND.filled(
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
    ).run(driver_of(connection))


def enable_with(connection: AnyConnection, backing_key: BackingKeyRecord) -> None:
    """File a new key's material and make the key Enabled.

    Raises:
        KMSInternalError: there is no intent any more; the key was given up by a clean-up.
    """
    enable = _ENABLE.filled(wanted=backing_key.key_id, current_backing_key_id=backing_key.id)
    if enable.change(driver_of(connection)) != 1:
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


def stored(database: Database, arn: str) -> Values | None:
    """The row of the key with this ARN, as `KeyRow.stored` has it."""
    return next(iter(database.rows(_STORED.filled(wanted=arn))), None)


def reference(database: Database, key_id: str) -> KeyReference | None:
    """The key with this id, unless it is still being made."""
    return next((KeyReference(*row) for row in database.rows(_REFERENCE.filled(wanted=key_id))), None)


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


def are_there(connection: AnyConnection, number: int, place: str) -> bool:
    """Whether there are so many keys in one place, those in the making counted."""
    # SQLite numbers rows upwards from 1, so there are never more than the last one says: counting takes long
    driver = driver_of(connection)
    ((last,),) = _LAST_ROW.filled().run(driver)
    if (last or 0) < number:
        return False
    ((count,),) = _COUNT_KEYS.filled(first=place, end=_behind(place)).run(driver)
    return bool(count >= number)


def under(arn: ColumnElement[str], place: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What ARNs that begin with a text have in common, in the words of an index: ``a:b/`` to ``a:b0``."""
    return arn >= place, arn < _behind(place)


def _behind(place: str) -> str:
    """The first text behind all that begin with a text."""
    return place[:-1] + chr(ord(place[-1]) + 1)


def set_policy(connection: AnyConnection, key_id: str, policy_digest: str) -> None:
    """Give a key another policy."""
    _SET_POLICY.filled(wanted=key_id, policy_digest=policy_digest).run(driver_of(connection))
    raise_access_version(connection, key_id)


def raise_access_version(connection: AnyConnection, key_id: str) -> None:
    """Say that who may use the key has changed."""
    _RAISE_ACCESS_VERSION.filled(wanted=key_id).run(driver_of(connection))


def _found(row: Row[tuple[object, ...]] | None) -> KeyRow | None:
    return KeyRow(_metadata(row), row.policy_digest, row.access_version, tuple(row)) if row else None


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
        rotation=_rotation(row),
    )


def _rotation(row: Row[tuple[object, ...]]) -> RotationSchedule | None:
    if row.next_rotation_date is None:
        return None
    return RotationSchedule(row.rotation_period_in_days, row.next_rotation_date)
