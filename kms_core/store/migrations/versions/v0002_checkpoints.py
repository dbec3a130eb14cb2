"""Checkpoints of the audit log; grants found by who may retire them, and tokens by their grant."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table and the indexes."""
    op.create_index("grants_by_retiring_principal", "grants", ["retiring_principal", "position"])
    op.create_index("grant_tokens_by_grant", "grant_tokens", ["grant_id"])
    op.create_table(
        "audit_checkpoints",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("mac", sa.LargeBinary(32), nullable=False),
    )
