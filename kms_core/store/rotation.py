"""The rows of rotation: when a key's next one is due, and which there were.

The schedule stands in the key's own row; each rotation that was made has a row of its own, and these are only
added to. Not which keys may rotate (`service.rotation`).

INVARIANT: the backing key, its rotation and the key that points to it change in one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, func, insert, select, update

from kms_core.model.key import KeyOrigin, KeySpec, KeyState
from kms_core.model.rotation import RotationRecord, RotationType
from kms_core.store.backing_keys import insert_backing_key
from kms_core.store.schema import BACKING_KEYS, KEYS, ROTATIONS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from kms_core.model.backing_key import BackingKeyRecord
    from kms_core.model.rotation import RotationSchedule

# INVARIANT: whatever else its row says, no other key is ever due
_ROTATES = and_(
    KEYS.c.state == KeyState.ENABLED.value,
    KEYS.c.spec == KeySpec.SYMMETRIC_DEFAULT.value,
    KEYS.c.origin == KeyOrigin.AWS_KMS.value,
)


def set_schedule(connection: Connection, key_id: str, schedule: RotationSchedule | None) -> None:
    """Enable automatic rotation of a key, or with None disable it."""
    period, date = (schedule.period_in_days, schedule.next_date) if schedule else (None, None)
    change = update(KEYS).where(KEYS.c.key_id == key_id)
    connection.execute(change.values(rotation_period_in_days=period, next_rotation_date=date))


def due(connection: Connection, now: float) -> tuple[tuple[str, str], ...]:
    """Id and ARN of each key that is to be rotated by now; one that is not enabled waits until it is."""
    query = select(KEYS.c.key_id, KEYS.c.arn).where(_ROTATES, KEYS.c.next_rotation_date <= now)
    return tuple((row.key_id, row.arn) for row in connection.execute(query.order_by(KEYS.c.arn)))


def is_due(connection: Connection, key_id: str, now: float) -> bool:
    """Whether `due` would give this key."""
    query = select(KEYS.c.key_id).where(KEYS.c.key_id == key_id, _ROTATES, KEYS.c.next_rotation_date <= now)
    return connection.execute(query).first() is not None


def next_due(connection: Connection) -> float | None:
    """When `due` gives another key at the earliest; None where it gives none whenever it is asked."""
    query = select(func.min(KEYS.c.next_rotation_date)).where(_ROTATES)
    earliest: float | None = connection.execute(query).scalar_one()
    return earliest


def rotate(connection: Connection, material: BackingKeyRecord, kind: RotationType, date: float) -> None:
    """File a new backing key as the current one of its key."""
    key_id = material.key_id
    made = select(func.count()).select_from(ROTATIONS).where(ROTATIONS.c.key_id == key_id)
    number = connection.execute(made).scalar_one() + 1
    insert_backing_key(connection, material)
    connection.execute(
        insert(ROTATIONS).values(
            key_id=key_id, number=number, backing_key_id=material.id, date=date, type=kind.value
        )
    )
    change = update(KEYS).where(KEYS.c.key_id == key_id)
    connection.execute(change.values(current_backing_key_id=material.id))


def count_on_demand(connection: Connection, key_id: str) -> int:
    """How often a key was rotated on demand."""
    query = select(func.count()).where(
        ROTATIONS.c.key_id == key_id, ROTATIONS.c.type == RotationType.ON_DEMAND.value
    )
    return connection.execute(query).scalar_one()


def list_rotations(
    connection: Connection, key_id: str, *, least: int, limit: int
) -> tuple[RotationRecord, ...]:
    """The backing keys of a key in the order in which they became the current one.

    Args:
        connection: a transaction.
        key_id: the key.
        least: the number of the first one: 0 for what the key was made with, 1 for the first rotation.
        limit: how many at most.
    """
    number = func.coalesce(ROTATIONS.c.number, 0).label("number")
    query = (
        select(BACKING_KEYS.c.backing_key_id, number, ROTATIONS.c.date, ROTATIONS.c.type)
        .outerjoin(ROTATIONS, ROTATIONS.c.backing_key_id == BACKING_KEYS.c.backing_key_id)
        .where(BACKING_KEYS.c.key_id == key_id, number >= least)
        .order_by(number)
        .limit(limit)
    )
    return tuple(
        RotationRecord(row.number, row.backing_key_id, row.date, RotationType(row.type) if row.type else None)
        for row in connection.execute(query)
    )
