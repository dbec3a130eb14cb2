"""The first schema: settings, policies, keys, backing keys, grants and their tokens, the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table. There is no way down: older code must not open a newer database."""
    op.create_table(
        "settings",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "policies",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    _create_keys()
    _create_grants()
    op.create_table(
        "audit",
        sa.Column("writer", sa.String(64), primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )


def _create_keys() -> None:
    op.create_table(
        "keys",
        sa.Column("key_id", sa.String(64), primary_key=True),
        sa.Column("arn", sa.String(2048), nullable=False, unique=True),
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("creation_date", sa.Float, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("usage", sa.String(32), nullable=False),
        sa.Column("spec", sa.String(32), nullable=False),
        sa.Column("origin", sa.String(32), nullable=False),
        sa.Column("manager", sa.String(16), nullable=False),
        sa.Column("multi_region", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("current_backing_key_id", sa.String(64)),
        sa.Column("policy_digest", sa.String(64), sa.ForeignKey("policies.digest"), nullable=False),
        sa.Column("access_version", sa.Integer, nullable=False),
    )
    op.create_table(
        "backing_keys",
        sa.Column("backing_key_id", sa.String(64), primary_key=True),
        sa.Column("key_id", sa.String(64), sa.ForeignKey("keys.key_id"), nullable=False),
        sa.Column("spec", sa.String(32), nullable=False),
        sa.Column("usage", sa.String(32), nullable=False),
        sa.Column("domain_key_id", sa.String(64), nullable=False),
        sa.Column("blob", sa.LargeBinary, nullable=False),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.Column("creation_date", sa.Float, nullable=False),
        sa.Column("messages_reserved", sa.Integer, nullable=False),
    )
    op.create_index("backing_keys_by_key", "backing_keys", ["key_id"])


def _create_grants() -> None:
    op.create_table(
        "grants",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("grant_id", sa.String(128), nullable=False, unique=True),
        sa.Column("key_id", sa.String(64), sa.ForeignKey("keys.key_id"), nullable=False),
        sa.Column("name", sa.String(256)),
        sa.Column("grantee_principal", sa.String(256), nullable=False),
        sa.Column("retiring_principal", sa.String(256)),
        sa.Column("operations", sa.Text, nullable=False),
        sa.Column("constraints", sa.Text, nullable=False),
        sa.Column("issuing_account", sa.String(256), nullable=False),
        sa.Column("creation_date", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("grants_by_key", "grants", ["key_id", "position"])
    op.create_table(
        "grant_tokens",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("grant_id", sa.String(128), sa.ForeignKey("grants.grant_id"), nullable=False),
    )
