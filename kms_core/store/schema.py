"""The tables, as SQLAlchemy sees them.

Not how they come about: that is `migrations`, and a test holds the two together. INVARIANT: no column ever
holds a key that is not wrapped, a plaintext or a PIN.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

METADATA = MetaData()

SETTINGS = Table(
    "settings",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
"""What belongs to this database as a whole: which token it goes with, the highest time seen."""

POLICIES = Table(
    "policies",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)
"""Policy texts, never changed: each is filed under its own SHA-256."""

KEYS = Table(
    "keys",
    METADATA,
    Column("key_id", String(64), primary_key=True),
    Column("arn", String(2048), nullable=False, unique=True),
    Column("account", String(12), nullable=False),
    Column("creation_date", Float, nullable=False),
    Column("description", Text, nullable=False),
    Column("state", String(32), nullable=False),
    Column("usage", String(32), nullable=False),
    Column("spec", String(32), nullable=False),
    Column("origin", String(32), nullable=False),
    Column("manager", String(16), nullable=False),
    Column("multi_region", Boolean(create_constraint=False), nullable=False),
    Column("current_backing_key_id", String(64)),
    Column("policy_digest", String(64), ForeignKey("policies.digest"), nullable=False),
    Column("access_version", Integer, nullable=False),
    Column("deletion_date", Float),
    Column("uses_known_since", Float),
    Column("rotation_period_in_days", Integer),
    Column("next_rotation_date", Float),
    Index("keys_by_deletion_date", "deletion_date"),
    Index("keys_by_next_rotation_date", "next_rotation_date"),
)
"""Keys. `access_version` grows with each change of the policy, the grants, the aliases or the tags."""

ALIASES = Table(
    "aliases",
    METADATA,
    Column("arn", String(2048), primary_key=True),
    Column("key_id", String(64), ForeignKey("keys.key_id"), nullable=False),
    Column("creation_date", Float, nullable=False),
    Column("last_updated_date", Float, nullable=False),
    Index("aliases_by_key", "key_id"),
)
"""Aliases, each of one key."""

TAGS = Table(
    "tags",
    METADATA,
    Column("key_id", String(64), ForeignKey("keys.key_id"), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("value", String(256), nullable=False),
)
"""The tags of keys."""

LAST_USES = Table(
    "last_uses",
    METADATA,
    Column("key_id", String(64), ForeignKey("keys.key_id"), primary_key=True),
    Column("operation", String(64), nullable=False),
    Column("time", Float, nullable=False),
    Column("call_id", String(64), nullable=False),
)
"""The last successful cryptographic operation with each key, since `uses_known_since` of the key."""

BACKING_KEYS = Table(
    "backing_keys",
    METADATA,
    Column("backing_key_id", String(64), primary_key=True),
    Column("key_id", String(64), ForeignKey("keys.key_id"), nullable=False),
    Column("spec", String(32), nullable=False),
    Column("usage", String(32), nullable=False),
    Column("domain_key_id", String(64), nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("creation_date", Float, nullable=False),
    Column("messages_reserved", Integer, nullable=False),
    Index("backing_keys_by_key", "key_id"),
)
"""Wrapped material. `messages_reserved` counts what may have been encrypted under it, in blocks."""

ROTATIONS = Table(
    "rotations",
    METADATA,
    Column("key_id", String(64), ForeignKey("keys.key_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column(
        "backing_key_id", String(64), ForeignKey("backing_keys.backing_key_id"), nullable=False, unique=True
    ),
    Column("date", Float, nullable=False),
    Column("type", String(16), nullable=False),
)
"""The rotations of keys: which backing key became the current one, when and why."""

GRANTS = Table(
    "grants",
    METADATA,
    Column("position", Integer, primary_key=True, autoincrement=True),
    Column("grant_id", String(128), nullable=False, unique=True),
    Column("key_id", String(64), ForeignKey("keys.key_id"), nullable=False),
    Column("name", String(256)),
    Column("grantee_principal", String(256), nullable=False),
    Column("retiring_principal", String(256)),
    Column("operations", Text, nullable=False),
    Column("constraints", Text, nullable=False),
    Column("issuing_account", String(256), nullable=False),
    Column("creation_date", Float, nullable=False),
    Index("grants_by_key", "key_id", "position"),
    Index("grants_by_retiring_principal", "retiring_principal", "position"),
    sqlite_autoincrement=True,
)
"""Grants, in the order in which they were made; `operations` and `constraints` are JSON."""

GRANT_TOKENS = Table(
    "grant_tokens",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("grant_id", String(128), ForeignKey("grants.grant_id"), nullable=False),
    Index("grant_tokens_by_grant", "grant_id"),
)
"""SHA-256 of each grant token that was handed out; the token itself is kept nowhere."""

AUDIT = Table(
    "audit",
    METADATA,
    Column("writer", String(64), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("record", Text, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)
"""The audit log: one hash chain for each writer, see `kms_core.audit`."""

CHECKPOINTS = Table(
    "audit_checkpoints",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
)
"""The heads of all chains at certain times, each bound by a key of the HSM and to the one before."""
