"""A database of an earlier schema version, with keys in it, is brought up to date and used.

It is made by the migrations up to that version, and filled with what a service of that version wrote: the rows
of a database of today, less the columns that there were not.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect

from kms_core.errors import NotFoundError
from kms_core.model.rotation import RotationRecord, RotationSchedule, RotationType
from kms_core.service import Kms
from kms_core.store import rotation, versions
from kms_core.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from kms_core.hsm import Hsm

ROOT = "arn:aws:iam::111122223333:root"
APP = "arn:aws:iam::111122223333:role/app"
OLD_TABLES = ("policies", "keys", "backing_keys", "grants", "grant_tokens", "audit")


def _migrate(database: Database, version: str) -> None:
    with database.write() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(versions._MIGRATIONS))
        config.set_main_option("path_separator", "os")
        command.upgrade(config, version)


def _copy(table: str, there: Connection, here: Connection) -> None:
    columns = [column["name"] for column in inspect(here).get_columns(table)]
    rows = there.exec_driver_sql(f"SELECT {', '.join(columns)} FROM {table}").all()  # noqa: S608
    for row in rows:
        places = ", ".join("?" for _ in columns)
        here.exec_driver_sql(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", tuple(row))  # noqa: S608


@pytest.fixture
def today(tmp_path: Path) -> Iterator[Database]:
    with Database.create(tmp_path / "today.db") as database:
        versions.bring_up_to_date(database)
        yield database


@pytest.mark.parametrize("version", ["0001", "0002"])
def test_an_older_database_is_brought_up_to_date_and_used(
    tmp_path: Path, today: Database, hsm: Hsm, version: str
) -> None:
    writer = Kms(today, hsm)
    key = writer.create_key(ROOT, description="from the old days")
    writer.create_grant(ROOT, key.arn, APP, ["Encrypt"])
    blob = writer.encrypt(ROOT, key.arn, b"still here").ciphertext_blob

    with Database.create(tmp_path / "old.db") as old:
        _migrate(old, version)
        with today.read() as there, old.write() as here:
            for table in OLD_TABLES:
                _copy(table, there, here)
            assert "deletion_date" not in {each["name"] for each in inspect(here).get_columns("keys")}
        assert versions.revision(old) == version

        before = time.time()
        versions.bring_up_to_date(old)
        assert versions.revision(old) == versions.HEAD
        assert versions.missing_tables(old) == ()

        kms = Kms(old, hsm)
        shown = kms.describe_key(ROOT, key.arn)
        assert (shown.description, shown.enabled, shown.deletion_date) == ("from the old days", True, None)
        usage = kms.get_key_last_usage(ROOT, key.arn)
        assert usage.last_use is None
        assert int(before) <= usage.tracking_start_date <= time.time()  # uses before are not known

        assert kms.decrypt(ROOT, blob).plaintext == b"still here"
        assert kms.encrypt(APP, key.arn, b"x")
        kms.create_alias(ROOT, "alias/old", key.arn)
        kms.tag_resource(ROOT, key.arn, {"age": "old"})
        assert kms.decrypt(ROOT, blob, key_id="alias/old").plaintext == b"still here"
        assert kms.get_key_last_usage(ROOT, key.arn).last_use.operation == "Decrypt"
        kms.schedule_key_deletion(ROOT, key.arn)
        with pytest.raises(NotFoundError):
            kms.describe_key(ROOT, "alias/new")


def test_a_database_without_rotation_has_keys_that_can_be_rotated(
    tmp_path: Path, today: Database, hsm: Hsm
) -> None:
    """What was there stays as it is, and no key rotates by itself because of the upgrade."""
    writer = Kms(today, hsm)
    key = writer.create_key(ROOT, tags={"age": "old"})
    writer.create_alias(ROOT, "alias/old", key.arn)
    blob = writer.encrypt(ROOT, key.arn, b"still here").ciphertext_blob

    with Database.create(tmp_path / "old.db") as old:
        _migrate(old, "0003")
        with today.read() as there, old.write() as here:
            for table in (*OLD_TABLES, "aliases", "tags", "last_uses"):
                _copy(table, there, here)
            assert not inspect(here).has_table("rotations")
            assert "next_rotation_date" not in {each["name"] for each in inspect(here).get_columns("keys")}
        assert versions.revision(old) == "0003"

        versions.bring_up_to_date(old)
        assert (versions.revision(old), versions.missing_tables(old)) == (versions.HEAD, ())

        kms = Kms(old, hsm)
        assert kms.describe_key(ROOT, "alias/old") == key
        assert kms.list_resource_tags(ROOT, key.arn).tags == {"age": "old"}
        assert kms.get_key_last_usage(ROOT, key.arn).last_use.operation == "Encrypt"
        with old.write() as connection:
            assert rotation.next_due(connection) is None
            assert [each.backing_key_id for each in _all_rotations(connection, key.key_id)] == [
                key.current_backing_key_id
            ]
            rotation.set_schedule(connection, key.key_id, RotationSchedule.starting(0.0, 90))
            material = kms._core.backing_keys.current(key)
            rotation.rotate(connection, replace(material, id="b-2"), RotationType.ON_DEMAND, 7.0)
        rotated = kms.describe_key(ROOT, key.arn)
        assert rotated.rotation == RotationSchedule(90, 90 * 86_400.0)
        assert rotated.current_backing_key_id == "b-2"
        with old.read() as connection:
            assert _all_rotations(connection, key.key_id)[1:] == (
                RotationRecord(1, "b-2", 7.0, RotationType.ON_DEMAND),
            )
        assert kms.decrypt(ROOT, blob).plaintext == b"still here"


def _all_rotations(connection: Connection, key_id: str) -> tuple[RotationRecord, ...]:
    return rotation.list_rotations(connection, key_id, least=0, limit=10)
