"""What the core keeps: keys, wrapped backing keys, policies, grants, audit rows, settings, in a database.

Knows SQL and no rules: who may do what, and what a row means to a caller, is decided above. SQLite through
SQLAlchemy Core; the schema is versioned by Alembic migrations that ship with the package.
"""
