"""What Alembic runs to migrate: on the connection that `store.versions` hands it, in that one's transaction.

https://alembic.sqlalchemy.org/en/latest/cookbook.html#sharing-a-connection-across-one-or-more-programmatic-migration-commands
"""

from __future__ import annotations

from alembic import context

from kms_core.store.schema import METADATA


def _migrate() -> None:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=METADATA, transactional_ddl=True)
    context.run_migrations()


if __name__ == "env_py":  # the name that Alembic loads this file under; an import by others does nothing
    _migrate()
