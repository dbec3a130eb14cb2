"""When a key's next rotation is due, and the rotations that there were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table, and the columns of keys. No key rotates by itself until somebody enables it."""
    op.create_table(
        "rotations",
        sa.Column("key_id", sa.String(64), sa.ForeignKey("keys.key_id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column(
            "backing_key_id",
            sa.String(64),
            sa.ForeignKey("backing_keys.backing_key_id"),
            nullable=False,
            unique=True,
        ),
        sa.Column("date", sa.Float, nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
    )
    op.add_column("keys", sa.Column("rotation_period_in_days", sa.Integer))
    op.add_column("keys", sa.Column("next_rotation_date", sa.Float))
    op.create_index("keys_by_next_rotation_date", "keys", ["next_rotation_date"])
