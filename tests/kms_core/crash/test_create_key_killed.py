"""A process that is killed during CreateKey: every acknowledged key works, no other one is there.

A key is acknowledged when create_key has returned. Between the commit and the return lies a moment in which a
killed process leaves a key that is whole and that nobody was told of; nothing can close it, so a random kill may
leave one such key, and it must be whole. Each process here goes on where the one before it was killed; the single
steps of this and other changes are in `points`.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Forked

PIN = "pin-of-a-throw-away-token"
ROOT = "arn:aws:iam::111122223333:root"

_PRELUDE = """
import json, os, signal, sys
from pathlib import Path
from kms_core.home import create_home
from kms_core.model.sources import Sources
from kms_core.opening import open_kms
home, pin, ROOT = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
"""
_MAKE_HOME = "create_home(home, pin, Sources())"
_CREATE = """
kms = open_kms(home, pin)
while True:
    print(kms.create_key(ROOT).arn, flush=True)
"""
_LOOK = """
with open_kms(home, pin) as kms:
    with kms._core.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT arn, state FROM keys").all()
    visible, hidden = [], []
    for arn, state in rows:
        (hidden if state == "Creating" else visible).append(arn)
    for arn in visible:
        blob = kms.encrypt(ROOT, arn, b"still here").ciphertext_blob
        assert kms.decrypt(ROOT, blob).plaintext == b"still here"
    refused = 0
    for arn in hidden:
        try:
            kms.describe_key(ROOT, arn)
        except Exception as error:
            refused += type(error).__name__ == "NotFoundError"
from kms_core.audit.verification import verify_log
from kms_core.store.database import Database
with Database.open(home / "kmsgate.db") as database:
    faults = len(verify_log(database).faults)
print(json.dumps({"visible": visible, "hidden": len(hidden), "refused": refused, "faults": faults}), flush=True)
"""
_NO_MATERIAL = "from kms_core.key_material import KeyMaterial; KeyMaterial.generate = die"


@pytest.fixture(scope="module")
def place_of_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("made") / "home"


@pytest.fixture
def start(
    hsm_module: Path, place_of_home: Path, fork: Callable[..., Forked], tmp_path: Path
) -> Callable[[str], Forked]:
    """Starts a process that runs some code on a new home, which is a copy of the first one."""

    def begin(code: str, home: Path = tmp_path / "home") -> Forked:
        environment = {"KMSGATE_PKCS11_MODULE": str(hsm_module)}
        return fork(_PRELUDE + code, home, PIN, ROOT, environment=environment)

    if not place_of_home.exists():
        assert begin(_MAKE_HOME, place_of_home).communicate() == ("", "")
    shutil.copytree(place_of_home, tmp_path / "home")
    return begin


def _look(start: Callable[[str], Forked], before: str = "") -> dict[str, object]:
    output, errors = (process := start(before + _LOOK)).communicate()
    assert process.returncode == 0, errors
    return json.loads(output)


def test_six_kills_at_random(start: Callable[[str], Forked]) -> None:
    """Each process looks at what the killed ones before it left, and is then killed itself."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    for kills in range(6):
        process = start(_LOOK + _CREATE)
        looked, first = process.stdout.readline(), process.stdout.readline()
        assert first, process.communicate()[1]
        time.sleep(chance.uniform(0, 0.08))
        process.kill()
        rest, _ = process.communicate()
        assert process.returncode == -signal.SIGKILL

        found = json.loads(looked)
        visible = set(found["visible"])
        assert visible >= acknowledged, f"seed {seed}, kill {kills}"
        assert len(visible - acknowledged) <= kills, f"seed {seed}, kill {kills}"
        assert found["refused"] == found["hidden"], f"seed {seed}, kill {kills}"
        assert found["faults"] == 0, f"seed {seed}, kill {kills}"
        acknowledged |= {first.strip(), *rest.split()}
    assert len(acknowledged) >= 6


def test_what_a_killed_process_left_is_ended_in_time(start: Callable[[str], Forked]) -> None:
    start(f"kms = open_kms(home, pin)\n{_NO_MATERIAL}\nkms.create_key(ROOT)").communicate()
    assert _look(start)["hidden"] == 1

    later = """
import time
for seconds, ended in ((3000, 0), (3601, 1)):
    with open_kms(home, pin, sources=Sources(now=lambda: time.time() + seconds)) as kms:
        assert kms.run_due_jobs() == ended
"""
    assert _look(start, later)["hidden"] == 0
