from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from kms_core.errors import ConfigurationError
from kms_core.store import versions
from kms_core.store.database import Database
from kms_core.store.schema import METADATA


@pytest.fixture
def empty(tmp_path: Path) -> Database:
    with Database.create(tmp_path / "kmsgate.db") as database:
        yield database


def test_an_empty_database_is_brought_to_the_head(empty: Database) -> None:
    assert versions.revision(empty) is None
    versions.bring_up_to_date(empty)
    assert versions.revision(empty) == versions.HEAD
    versions.bring_up_to_date(empty)
    assert versions.revision(empty) == versions.HEAD


def test_the_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(versions.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [versions.HEAD]


def test_migrations_lead_to_the_schema_that_the_code_speaks(empty: Database) -> None:
    versions.bring_up_to_date(empty)
    with empty.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


@pytest.mark.parametrize("found", ["0099", "9999", ""])
def test_a_database_of_an_unknown_version_is_left_alone(empty: Database, found: str) -> None:
    versions.bring_up_to_date(empty)
    with empty.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = ?", (found,))

    with pytest.raises(ConfigurationError, match="schema version") as refused:
        versions.bring_up_to_date(empty)
    assert refused.value.help
    assert versions.revision(empty) == found


def test_somebody_elses_database_is_left_alone(empty: Database) -> None:
    with empty.write() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (id INTEGER)")
    with pytest.raises(ConfigurationError, match="none of kmsgate's"):
        versions.bring_up_to_date(empty)
    with empty.read() as connection:
        assert connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars().all() == ["theirs"]


def test_a_migration_that_fails_leaves_nothing(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op  # noqa: PLC0415 - only here

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(op, "create_index", fail)
    with pytest.raises(RuntimeError):
        versions.bring_up_to_date(empty)
    with empty.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar() == 0
