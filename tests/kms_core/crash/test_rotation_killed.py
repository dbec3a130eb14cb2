"""A process that is killed while a key is rotated, by the job or on demand: it is rotated, with its record, or not at all.

Whatever was encrypted before can be decrypted after every kill, and the key encrypts. A run kills where it tells
most; with `KMSGATE_KILLS=all` in the environment at every point.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Forked

PIN = "pin-of-a-throw-away-token"
ROOT = "arn:aws:iam::111122223333:root"

_PRELUDE = """
import importlib, json, os, signal, sys, time
from contextlib import contextmanager
from pathlib import Path
from kms_core.home import create_home
from kms_core.model.sources import Sources
from kms_core.opening import open_kms
home, pin, ROOT = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def die():
    os.kill(os.getpid(), signal.SIGKILL)
days = [0]
def opened():
    return open_kms(home, pin, sources=Sources(now=lambda: time.time() + days[0] * 86_400), due_jobs=False)
"""
_SETUP = """
create_home(home, pin, Sources())
with opened() as kms:
    arn = kms.create_key(ROOT).arn
    kms.enable_key_rotation(ROOT, arn, rotation_period_in_days=90)
    blobs = [kms.encrypt(ROOT, arn, b"0").ciphertext_blob]
    kms.rotate_key_on_demand(ROOT, arn)
    blobs.append(kms.encrypt(ROOT, arn, b"1").ciphertext_blob)
print(json.dumps([arn, *(blob.hex() for blob in blobs)]))
"""
_ACT = """
place, moment, operation, arn = sys.argv[4:8]
module, _, path = place.partition(":")
*outer, name = path.split(".")
owner = importlib.import_module(module)
for each in outer:
    owner = getattr(owner, each)
days[0] = 91 if operation == "run_due_jobs" else 0
kms = opened()
given = [] if operation == "run_due_jobs" else [ROOT, arn]
function = getattr(owner, name)
@contextmanager
def left(entered):
    with entered as value:
        yield value
    die()
def reached(*given, **named):
    if moment == "before":
        die()
    answer = function(*given, **named)
    if moment == "left":
        return left(answer)
    die()
setattr(owner, name, reached)
getattr(kms, operation)(*given)
"""
_LOOK = """
from kms_core.audit.verification import verify_log
from kms_core.ciphertext import decode
from kms_core.store.audit_rows import all_rows
arn, *blobs = sys.argv[4:]
def look(kms):
    made_under = decode(kms.encrypt(ROOT, arn, b"x").ciphertext_blob).backing_key_id
    materials = kms.list_key_rotations(ROOT, arn, include_key_material="ALL_KEY_MATERIAL").rotations
    with kms._core.database.read() as connection:
        filed = connection.exec_driver_sql("SELECT backing_key_id FROM backing_keys").scalars().all()
        records = [json.loads(row.record) for row in all_rows(connection)]
    assert sorted(filed) == sorted(each.key_material_id for each in materials)
    assert made_under == kms.describe_key(ROOT, arn).current_backing_key_id == materials[-1].key_material_id
    assert [each.key_material_state for each in materials].count("CURRENT") == 1
    plain = [kms.decrypt(ROOT, bytes.fromhex(blob)).plaintext.decode() for blob in blobs]
    assert plain == ["0", "1"]
    assert verify_log(kms._core.database).faults == ()
    return {
        "types": [each.rotation_type for each in materials[1:]],
        "date": kms.get_key_rotation_status(ROOT, arn).next_rotation_date,
        "jobs": sum(each["action"] == "internal:RotateKeyMaterial" for each in records),
        "calls": sum(each["action"] == "kms:RotateKeyOnDemand" for each in records),
    }
with opened() as kms:
    before = look(kms)
    days[0] = 91
    done = kms.run_due_jobs()
    after = look(kms)
print(json.dumps({"before": before, "done": done, "after": after}))
"""
# where a process kills itself, when in that call, and whether the key is rotated then
_POINTS = {
    "nothing made": ("kms_core.key_material:KeyMaterial.generate", "before", False),
    "made in the HSM, not wrapped": ("kms_core.hsm.backing_keys:_make_secret", "after", False),
    "material made, not filed": ("kms_core.key_material:KeyMaterial.generate", "after", False),
    "transaction begun, nothing filed": ("kms_core.store.rotation:rotate", "before", False),
    "filed, no rotation": ("kms_core.store.rotation:insert_backing_key", "after", False),
    "current, not committed": ("kms_core.store.rotation:rotate", "after", False),
    "record written, not committed": ("kms_core.audit.log:insert_row", "after", False),
    "committed, lock held": ("kms_core.audit.log:AuditLog.beside", "left", True),
}
_JOB_ONLY = {"next date not set": ("kms_core.store.rotation:set_schedule", "before", False)}
_ALL = [
    *(("run_due_jobs", place) for place in (*_POINTS, *_JOB_ONLY)),
    *(("rotate_key_on_demand", place) for place in _POINTS),
]
_TELLING = {"material made, not filed", "record written, not committed", "committed, lock held"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rotated")


@pytest.fixture
def start(
    hsm_module: Path, fork: Callable[..., Forked], prepared: Path, tmp_path: Path
) -> Callable[..., Forked]:
    """Starts a process on a copy of a home with a key that was rotated once, and gives it the key's ARN and blobs."""

    def begin(code: str, home: Path, *more: str) -> Forked:
        environment = {"KMSGATE_PKCS11_MODULE": str(hsm_module)}
        return fork(_PRELUDE + code, home, PIN, ROOT, *more, environment=environment)

    if not (prepared / "key.json").exists():
        output, errors = (process := begin(_SETUP, prepared / "home")).communicate()
        assert process.returncode == 0, errors
        (prepared / "key.json").write_text(output)
    shutil.copytree(prepared / "home", tmp_path / "home")
    return lambda code, *more: begin(code, tmp_path / "home", *more)


@pytest.mark.parametrize(
    ("operation", "place"),
    [each for each in _ALL if os.environ.get("KMSGATE_KILLS") == "all" or each[1] in _TELLING],
)
def test_a_kill_at_each_step(
    start: Callable[..., Forked], prepared: Path, operation: str, place: str
) -> None:
    where, moment, rotated = {**_POINTS, **_JOB_ONLY}[place]
    arn, *blobs = json.loads((prepared / "key.json").read_text())
    output, errors = (process := start(_ACT, where, moment, operation, arn)).communicate()
    assert (process.returncode, output) == (-signal.SIGKILL, ""), errors

    output, errors = (process := start(_LOOK, arn, *blobs)).communicate()
    assert process.returncode == 0, errors
    looked = json.loads(output)
    before, after = looked["before"], looked["after"]
    kind = "AUTOMATIC" if operation == "run_due_jobs" else "ON_DEMAND"
    assert before["types"] == ["ON_DEMAND", kind][: 1 + rotated]
    assert before["jobs"] == (rotated and kind == "AUTOMATIC")
    assert before["calls"] == 1 + (rotated and kind == "ON_DEMAND")

    # who comes next rotates what is still due, once
    due = not (rotated and kind == "AUTOMATIC")
    assert looked["done"] == due
    assert after["types"] == [*before["types"], "AUTOMATIC"][: len(before["types"]) + due]
    assert (after["date"] > before["date"]) == due
    assert after["jobs"] == 1


def test_every_place_is_there() -> None:
    """Those that a run does not come to, too."""
    for where, _, _ in {**_POINTS, **_JOB_ONLY}.values():
        module, _, path = where.partition(":")
        assert callable(attrgetter(path)(importlib.import_module(module)))
