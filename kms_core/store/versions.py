"""The version of a database: the Alembic revision that it says it is at.

Not what a version holds (`schema`, `migrations`). A database that this code does not know is left alone: it
may be newer, and guessing could lose keys.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect

from kms_core.errors import ConfigurationError
from kms_core.store.schema import METADATA

if TYPE_CHECKING:
    from kms_core.store.database import Database

HEAD = "0004"
"""The revision that this code reads and writes."""

_MIGRATIONS = Path(__file__).parent / "migrations"


def revision(database: Database) -> str | None:
    """The database's revision; None for a database without one."""
    with database.read() as connection:
        return _revision(connection)


def bring_up_to_date(database: Database) -> None:
    """Migrate an empty or older database to `HEAD`, in one transaction; one at `HEAD` stays as it is.

    Raises:
        ConfigurationError: the database is of a revision that this code does not know, or no kmsgate
            database.
    """
    with database.write() as connection:
        found = _revision(connection)
        if found == HEAD:
            return
        _refuse_foreign(connection, found)
        _migrate(connection, found)


def missing_tables(database: Database) -> tuple[str, ...]:
    """The tables that a database at `HEAD` has and this one has not."""
    with database.read() as connection:
        return tuple(sorted(METADATA.tables.keys() - set(inspect(connection).get_table_names())))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()


def _refuse_foreign(connection: Connection, found: str | None) -> None:
    if found is None and inspect(connection).get_table_names():
        raise ConfigurationError(
            "the database has tables but no schema version, so it is none of kmsgate's",
            help="name another home, or restore the database from a backup",
        )


def _migrate(connection: Connection, found: str | None) -> None:
    # Alembic takes as long to import as all the rest, and is needed only here.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see above

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise ConfigurationError(
            f"the database is of schema version `{found}`, and this kmsgate knows versions up to `{HEAD}`",
            help="use the kmsgate that wrote it, or a newer one",
        )
    command.upgrade(config, "head")
