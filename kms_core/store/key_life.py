"""How the row of a key changes in its life, and its end.

Not which change is allowed (`model.key_states`). A key ends in two steps: `end` makes it a key that exists
for no operation, and `erase` takes its material and its row away; between the two the HSM forgets it. So
ends what was left half-made too, when its making began so long ago that whoever made it must have died.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import case, delete, func, select, update

from kms_core.model.key import KeyState
from kms_core.store.keys import DELETED
from kms_core.store.schema import (
    ALIASES,
    BACKING_KEYS,
    GRANT_TOKENS,
    GRANTS,
    KEYS,
    LAST_USES,
    ROTATIONS,
    TAGS,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

INTENT_SECONDS = 3600.0
"""How long a key may be in the making before it counts as left behind."""

_PENDING = (KeyState.PENDING_DELETION.value, KeyState.PENDING_REPLICA_DELETION.value)
_DUE_AT = case(
    (KEYS.c.state.in_(_PENDING), KEYS.c.deletion_date),
    (KEYS.c.state == KeyState.CREATING.value, KEYS.c.creation_date + INTENT_SECONDS),
    (KEYS.c.state == DELETED, 0.0),
)
"""When a key is to be gone, in seconds since 1970; NULL for one that is to stay."""


def set_state(
    connection: Connection, key_id: str, state: KeyState, *, deletion_date: float | None = None
) -> None:
    """Put a key in a state; with the date on which it is to be deleted, where that is pending."""
    change = update(KEYS).where(KEYS.c.key_id == key_id)
    connection.execute(change.values(state=state.value, deletion_date=deletion_date))


def set_description(connection: Connection, key_id: str, description: str) -> None:
    """Describe a key in other words."""
    connection.execute(update(KEYS).where(KEYS.c.key_id == key_id).values(description=description))


def due(connection: Connection, now: float) -> tuple[tuple[str, str], ...]:
    """Id and ARN of each key whose waiting period is over, and of what was left half-made or half-gone."""
    query = select(KEYS.c.key_id, KEYS.c.arn).where(now >= _DUE_AT).order_by(KEYS.c.arn)
    return tuple((row.key_id, row.arn) for row in connection.execute(query))


def is_due(connection: Connection, key_id: str, now: float) -> bool:
    """Whether `due` would give this key."""
    query = select(KEYS.c.key_id).where(KEYS.c.key_id == key_id, now >= _DUE_AT)
    return connection.execute(query).first() is not None


def next_due(connection: Connection) -> float | None:
    """When `due` gives another key at the earliest; None where it gives none whenever it is asked."""
    earliest: float | None = connection.execute(select(func.min(_DUE_AT))).scalar_one()
    return earliest


def end(connection: Connection, key_id: str) -> None:
    """End a key with its aliases, tags and grants; nothing but its material is left, for `erase`."""
    of_grants = select(GRANTS.c.grant_id).where(GRANTS.c.key_id == key_id)
    connection.execute(delete(GRANT_TOKENS).where(GRANT_TOKENS.c.grant_id.in_(of_grants)))
    for table in (GRANTS, ALIASES, TAGS, LAST_USES, ROTATIONS):
        connection.execute(delete(table).where(table.c.key_id == key_id))
    connection.execute(update(KEYS).where(KEYS.c.key_id == key_id).values(state=DELETED))


def erase(connection: Connection, key_id: str) -> None:
    """Take the wrapped material and the row of a key that has ended away."""
    connection.execute(delete(BACKING_KEYS).where(BACKING_KEYS.c.key_id == key_id))
    connection.execute(delete(KEYS).where(KEYS.c.key_id == key_id, KEYS.c.state == DELETED))
