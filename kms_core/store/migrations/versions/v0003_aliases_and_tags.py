"""Aliases, tags, the date on which a key is deleted, and when a key was last used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables, and the columns of keys. Uses of a key are known from now on only."""
    op.create_table(
        "aliases",
        sa.Column("arn", sa.String(2048), primary_key=True),
        sa.Column("key_id", sa.String(64), sa.ForeignKey("keys.key_id"), nullable=False),
        sa.Column("creation_date", sa.Float, nullable=False),
        sa.Column("last_updated_date", sa.Float, nullable=False),
    )
    op.create_index("aliases_by_key", "aliases", ["key_id"])
    op.create_table(
        "tags",
        sa.Column("key_id", sa.String(64), sa.ForeignKey("keys.key_id"), primary_key=True),
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("value", sa.String(256), nullable=False),
    )
    op.create_table(
        "last_uses",
        sa.Column("key_id", sa.String(64), sa.ForeignKey("keys.key_id"), primary_key=True),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
    )
    op.add_column("keys", sa.Column("deletion_date", sa.Float))
    op.add_column("keys", sa.Column("uses_known_since", sa.Float))
    op.execute("UPDATE keys SET uses_known_since = CAST(strftime('%s', 'now') AS REAL)")
    op.create_index("keys_by_deletion_date", "keys", ["deletion_date"])
