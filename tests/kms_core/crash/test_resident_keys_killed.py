"""A process that is killed while it makes Ed25519 keys, which live in the token as files of their own.

Every acknowledged key signs, whatever half-written objects the killed processes left beside it. An object that was
whole when its maker was killed, and that no record names, is destroyed by the next process's due jobs.
"""

from __future__ import annotations

import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Processes

_CREATE = """
from kms_core.home import create_home
from kms_core.model.sources import Sources
from kms_core.opening import open_kms
ROOT = "arn:aws:iam::111122223333:root"
if not home.exists():
    create_home(home, PIN, Sources())
kms = open_kms(home, PIN)
made = {acknowledged!r}
for arn in made:
    signature = kms.sign(ROOT, arn, b"m", "ED25519_SHA_512").signature
    assert kms.verify(ROOT, arn, b"m", signature, "ED25519_SHA_512").signature_valid
print("looked", flush=True)
while True:
    print(kms.create_key(ROOT, key_spec="ECC_NIST_EDWARDS25519", key_usage="SIGN_VERIFY").arn, flush=True)
"""


def test_every_acknowledged_key_signs(processes: Processes) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    acknowledged: list[str] = []
    for kills in range(6):
        process = processes.start(_CREATE.format(acknowledged=acknowledged))
        looked, first = process.stdout.readline(), process.stdout.readline()
        assert first, f"seed {seed}, kill {kills}: {process.communicate()[1]}"
        assert looked == "looked\n"
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        rest, _ = process.communicate()
        assert process.returncode == -signal.SIGKILL
        # a line may have been cut short by the kill
        acknowledged += [line for line in (first + rest).split("\n") if len(line) == len(first) - 1]
    assert len(acknowledged) >= 6


_KILLED = """
from kms_core.hsm import key_pairs
from kms_core.store import keys
import os, signal
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
enable = keys.enable_with
{point}
kms.create_key(ROOT, key_spec="ECC_NIST_EDWARDS25519", key_usage="SIGN_VERIFY")
"""
_LATER = """
from kms_core.audit.verification import verify_log
from kms_core.home import create_home
from kms_core.model.sources import Sources
from kms_core.opening import open_kms
from pkcs11 import Attribute, ObjectClass
ROOT, arn = "arn:aws:iam::111122223333:root", {arn!r}
for seconds in (0, 3601):
    with open_kms(home, PIN, sources=Sources(now=lambda: time.time() + seconds)) as kms:
        session = kms._core.hsm._lanes._lanes[0].session
        def objects():
            return len(list(session.get_objects({{Attribute.CLASS: ObjectClass.PRIVATE_KEY}})))
        before, ended = objects(), kms.run_due_jobs()
        kms.sign(ROOT, arn, b"m", "ED25519_SHA_512")
        with kms._core.database.read() as connection:
            rows = connection.exec_driver_sql("SELECT count(*) FROM keys").scalar_one()
        print(before, ended, objects(), rows, len(verify_log(kms._core.database).faults), flush=True)
"""
_POINTS = {
    "in the token, when the pair was made": "key_pairs._public_der = die",
    "before the commit that files it": "keys.enable_with = die",
    "in that commit's transaction": "keys.enable_with = lambda *given: (enable(*given), die())",
}


@pytest.mark.parametrize("place", _POINTS)
def test_what_no_record_names_is_destroyed_an_hour_later(processes: Processes, place: str) -> None:
    create = _CREATE.format(acknowledged=[]).partition("while True")[0]
    one = 'print(kms.create_key(ROOT, key_spec="ECC_NIST_EDWARDS25519", key_usage="SIGN_VERIFY").arn, flush=True)'
    output, errors = (
        process := processes.start(create + one + _KILLED.format(point=_POINTS[place]))
    ).communicate()
    assert process.returncode == -signal.SIGKILL, errors
    _, arn = output.split()
    output, errors = (process := processes.start(_LATER.format(arn=arn))).communicate()
    assert process.returncode == 0, errors
    # objects before, ended, objects after, rows, faults of the log
    assert output.splitlines() == ["2 0 2 2 0", "2 1 1 1 0"]
