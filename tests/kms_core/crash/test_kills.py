"""A process that is killed in the midst of a change: what was acknowledged is there, and nothing is half there.

Where a kill comes before the commit there is no change; from then on it is there, although nobody was told.
`make crash` kills at every point, and much more often.
"""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.kms_core.crash.changes import JOBS, TODAY
from tests.kms_core.crash.dying import found
from tests.kms_core.crash.killing import Killing
from tests.kms_core.crash.points import POINTS, telling

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kms_core.crash.points import Point
    from tests.kms_core.forking import Forked


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prepared")


@pytest.fixture
def killing(prepared: Path, tmp_path: Path, hsm_module: Path, fork: Callable[..., Forked]) -> Killing:
    made = Killing(prepared, tmp_path, hsm_module, fork)
    if not any(prepared.iterdir()):
        made.prepare()
    return made


@pytest.mark.parametrize("point", telling(), ids=lambda point: f"{point.change}: {point.name}")
def test_a_kill_at_a_point(killing: Killing, point: Point) -> None:
    killed = killing.at(point)
    assert killed.wrong == []
    assert killed.acknowledged == []
    assert killed.kept == point.kept
    if point.change in JOBS:
        assert killing.unfinished() == []


def test_every_place_is_there() -> None:
    """Those that only `make crash` comes to, too."""
    assert all(callable(getattr(*found(point))) for point in POINTS)


def test_kills_at_random(killing: Killing) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for changes in range(3):
        killed = killing.at_random(chance.uniform(0, 0.1), chance.randrange(2**32), TODAY, changes=changes)
        assert killed.wrong == [], f"seed {seed}"
        assert len(killed.acknowledged) >= changes


def test_what_is_not_as_it_should_be_is_seen(killing: Killing) -> None:
    damages = {
        "DELETE FROM grant_tokens WHERE rowid = 1": "a grant has no token",
        "UPDATE grants SET retiring_principal = NULL WHERE name = 'first'": "grants that may be retired",
        "UPDATE grants SET grantee_principal = issuing_account WHERE name = 'first'": "first may use its grant",
        "DELETE FROM tags WHERE name = 'cost'": "tags are",
        "UPDATE keys SET state = 'Disabled' WHERE state = 'Enabled'": "keys are",
        "UPDATE backing_keys SET usage = 'SIGN_VERIFY'": "a ciphertext of",
        "DELETE FROM audit WHERE sequence = 3": "follows record 2",
        "DELETE FROM aliases": "the alias of the doomed key",
        "INSERT INTO rotations SELECT key_id, 1, backing_key_id, 0, 'ON_DEMAND' FROM backing_keys"
        " WHERE spec = 'SYMMETRIC_DEFAULT' LIMIT 1": "material is neither",
    }

    def do(home: Path) -> None:
        with closing(sqlite3.connect(home / "kmsgate.db")) as connection, connection:
            for damage in damages:
                assert connection.execute(damage).rowcount

    wrong = killing.damaged(do)
    for said in damages.values():
        assert any(said in each for each in wrong), (said, wrong)


def test_a_change_that_was_acknowledged_and_is_not_there_is_seen(killing: Killing) -> None:
    grant = ("create_grant", {"id": "0" * 64, "name": "grant-2", "token": "of no grant"})
    lost, _, unrecorded = killing.damaged(lambda _: None, [grant])
    assert "'grant-2'" in lost
    assert unrecorded == "1 of kms:CreateGrant but 0 records"
