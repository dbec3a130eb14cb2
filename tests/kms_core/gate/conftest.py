"""A gate with a made-up engine, on a fresh database; and a KMS whose HSM counts what reaches it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kms_core.audit.log import AuditLog
from kms_core.model.sources import Sources
from kms_core.store.audit_rows import all_rows
from kms_core.store.database import Database
from kms_core.store.versions import bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.create(tmp_path / "kmsgate.db") as database:
        bring_up_to_date(database)
        yield database


@pytest.fixture
def log(database: Database) -> AuditLog:
    return AuditLog(database, Sources())


@pytest.fixture
def recorded(database: Database) -> Callable[[], list[dict[str, object]]]:
    def read() -> list[dict[str, object]]:
        with database.read() as connection:
            return [json.loads(row.record) for row in all_rows(connection)]

    return read
