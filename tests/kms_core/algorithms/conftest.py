"""One KMS for all tests of this folder, with one key of each kind: RSA keys take their time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kms_core.model.sources import Sources
from kms_core.service import Kms
from kms_core.store.audit_rows import all_rows
from kms_core.store.database import Database
from kms_core.store.versions import bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kms_core.hsm import Hsm

ROOT = "arn:aws:iam::111122223333:root"


@pytest.fixture(scope="session")
def kms(hsm: Hsm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kms]:
    path = tmp_path_factory.mktemp("algorithms") / "kmsgate.db"
    with Database.create(path) as database:
        bring_up_to_date(database)
        yield Kms(database, hsm, sources=Sources())


@pytest.fixture(scope="session")
def key(kms: Kms) -> Callable[..., str]:
    """The ARN of the run's key of a spec and usage: `key("RSA_2048", "SIGN_VERIFY")`."""
    made: dict[tuple[str, str], str] = {}

    def give(spec: str = "SYMMETRIC_DEFAULT", usage: str = "ENCRYPT_DECRYPT") -> str:
        if (spec, usage) not in made:
            made[spec, usage] = kms.create_key(ROOT, key_spec=spec, key_usage=usage).arn
        return made[spec, usage]

    return give


@pytest.fixture
def audit(kms: Kms) -> Callable[[], list[dict[str, object]]]:
    """The records of calls; those of internal jobs, such as a checkpoint, come whenever one is due."""

    def read() -> list[dict[str, object]]:
        with kms._core.database.read() as connection:
            records = [json.loads(row.record) for row in all_rows(connection)]
        return [record for record in records if record["kind"] != "service"]

    return read
