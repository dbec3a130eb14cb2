"""A KMS on the run's token and a fresh database, with a few people and a clock that ticks."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from kms_core.model.sources import Sources
from kms_core.service import Kms
from kms_core.store.audit_rows import all_rows
from kms_core.store.database import Database
from kms_core.store.versions import bring_up_to_date
from policy_engine import Bundle
from tests.kms_core.service.holders import ADMIN, EVERYTHING, holder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kms_core.hsm import Hsm
    from kms_core.model.quotas import Quotas


@dataclass(frozen=True)
class People:
    """Who calls in these tests; only admin and stranger have an identity policy, of all of kms."""

    admin: str = ADMIN
    app: str = "arn:aws:iam::111122223333:role/app"
    root: str = "arn:aws:iam::111122223333:root"
    stranger: str = "arn:aws:iam::999988887777:role/stranger"
    service: str = "s3.amazonaws.com"


@dataclass
class Turnable:
    """A wall clock that ticks with each look, and that a test can turn."""

    seconds: float = 1_795_000_000.0

    def now(self) -> float:
        self.seconds += 1
        return self.seconds

    def turn(self, *, days: float) -> None:
        self.seconds += days * 86_400


_SERVICES = itertools.count(1)


def _sources(wall: Turnable) -> Sources:
    # the run's token is shared: no two tests make keys of one id
    count, first = itertools.count(1), (1 << 120) + (next(_SERVICES) << 64)
    return Sources(
        now=wall.now,
        new_id=lambda: str(uuid.UUID(int=first + next(count))),
        random_bytes=lambda length: hashlib.shake_256(str(next(count)).encode()).digest(length),
    )


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
def bundle(people: People) -> Bundle:
    return Bundle(principals={arn: holder(arn, EVERYTHING) for arn in (people.admin, people.stranger)})


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "kmsgate.db"
    with Database.create(path) as database:
        bring_up_to_date(database)
    return path


@pytest.fixture
def database_path(empty_database: Path, tmp_path: Path) -> Path:
    return shutil.copy(empty_database, tmp_path / "kmsgate.db")


@pytest.fixture
def wall() -> Turnable:
    return Turnable()


@pytest.fixture
def open_service(
    database_path: Path, hsm: Hsm, bundle: Bundle, wall: Turnable
) -> Iterator[Callable[..., Kms]]:
    """Opens a KMS on the test's database, as one process does; the token is the run's and stays open."""
    databases: list[Database] = []
    sources = _sources(wall)

    def open_one(hsm: Hsm = hsm, bundle: Bundle = bundle, quotas: Quotas | None = None) -> Kms:
        databases.append(Database.open(database_path))
        return Kms(databases[-1], hsm, bundle=bundle, sources=sources, quotas=quotas)

    yield open_one
    for database in databases:
        database.close()


@pytest.fixture
def kms(open_service: Callable[..., Kms]) -> Kms:
    return open_service()


@pytest.fixture
def key_arn(kms: Kms, people: People) -> str:
    return kms.create_key(people.admin).arn


@pytest.fixture
def audit(database_path: Path) -> Callable[[], list[dict[str, object]]]:
    """The audit log as it is now, each record as what it says."""

    def read() -> list[dict[str, object]]:
        with Database.open(database_path) as database, database.read() as connection:
            return [json.loads(row.record) for row in all_rows(connection)]

    return read


@pytest.fixture
def set_state(database_path: Path) -> Callable[[str, str], None]:
    """Puts a key in a state that no operation of this core leads to yet."""

    def put(arn: str, state: str) -> None:
        with Database.open(database_path) as database, database.write() as connection:
            connection.exec_driver_sql("UPDATE keys SET state = ? WHERE arn = ?", (state, arn))

    return put


@pytest.fixture
def key_policy() -> Callable[..., str]:
    """A key policy's text from its statements; the resource is the key."""

    def write(*statements: dict[str, object]) -> str:
        full = [{"Effect": "Allow", "Action": "kms:*", "Resource": "*", **each} for each in statements]
        return json.dumps({"Version": "2012-10-17", "Statement": full})

    return write
