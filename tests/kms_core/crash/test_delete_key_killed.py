"""A process that is killed while a key is scheduled for deletion or deleted: the key is whole, or on its way out.

The waiting period is never forgotten once it was acknowledged; a deletion that was begun is finished by the next
job, and no call sees a key that is half gone.
"""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Forked

PIN = "pin-of-a-throw-away-token"
ROOT = "arn:aws:iam::111122223333:root"

_PRELUDE = """
import json, os, signal, sys, time
from pathlib import Path
from kms_core.errors import KmsError
from kms_core.home import create_home
from kms_core.model.sources import Sources
from kms_core.opening import open_kms
from kms_core.store import key_life
home, pin, ROOT = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
def opened(days):
    return open_kms(home, pin, sources=Sources(now=lambda: time.time() + days * 86_400))
"""
_SETUP = """
create_home(home, pin, Sources())
kms = opened(0)
arn = kms.create_key(ROOT, tags={"a": "b"}).arn
kms.create_alias(ROOT, "alias/doomed", arn)
kms.encrypt(ROOT, arn, b"x")
print(arn, flush=True)
"""
_SCHEDULE = (
    'kms.schedule_key_deletion(ROOT, arn, pending_window_in_days=7); print("acknowledged", flush=True)'
)
_LOOK = """
from kms_core.audit.verification import verify_log
arn = sys.argv[4]
with opened(%s) as kms:
    def end(call):
        try:
            return str(call())
        except KmsError as error:
            return error.code
    seen = [end(lambda: kms.describe_key(ROOT, name).state) for name in (arn, "alias/doomed")]
    done = kms.run_due_jobs()
    after = end(lambda: kms.describe_key(ROOT, arn).state)
    with kms._core.database.read() as connection:
        tables = ("keys", "backing_keys", "aliases", "tags", "last_uses")
        left = sum(connection.exec_driver_sql(f"SELECT count(*) FROM {each}").scalar() for each in tables)
    faults = len(verify_log(kms._core.database).faults)
print(json.dumps({"seen": seen, "done": done, "after": after, "left": left, "faults": faults}), flush=True)
"""


@pytest.fixture
def start(hsm_module: Path, fork: Callable[..., Forked], tmp_path: Path) -> Callable[..., Forked]:
    def begin(code: str, *more: str) -> Forked:
        environment = {"KMSGATE_PKCS11_MODULE": str(hsm_module)}
        return fork(_PRELUDE + code, tmp_path / "home", PIN, ROOT, *more, environment=environment)

    return begin


def _killed(start: Callable[..., Forked], code: str) -> tuple[str, bool]:
    """The key that the process made, and whether it came to acknowledge the schedule."""
    output, errors = (process := start(code)).communicate()
    assert process.returncode == -signal.SIGKILL, errors
    arn, *rest = output.split()
    return arn, rest == ["acknowledged"]


def _look(start: Callable[..., Forked], arn: str, days: int) -> dict[str, object]:
    output, errors = (process := start(_LOOK % days, arn)).communicate()
    assert process.returncode == 0, errors
    return json.loads(output)


@pytest.mark.parametrize(
    ("point", "state"),
    [
        ("key_life.set_state = die", "Enabled"),
        (
            "set_state = key_life.set_state\nkey_life.set_state = lambda *a, **k: (set_state(*a, **k), die())",
            "Enabled",
        ),
        (
            "import kms_core.service.key_life as service; service.ScheduledDeletion = die",
            "PendingDeletion",
        ),
    ],
)
def test_a_kill_while_scheduling(start: Callable[..., Forked], point: str, state: str) -> None:
    arn, acknowledged = _killed(start, f"{_SETUP}\n{point}\n{_SCHEDULE}")
    assert not acknowledged
    looked = _look(start, arn, 8)
    assert looked["seen"] == [state, state]
    assert looked["done"] == (state == "PendingDeletion")
    assert looked["faults"] == 0


# where the job kills its process, and what the next one sees before it runs the job itself
_JOB = "\nkms.close()\nkms = opened(8)\n{point}\nkms.run_due_jobs()"
_POINTS = {
    "before the first commit": ("key_life.end = die", "PendingDeletion"),
    "in the first commit": (
        "end = key_life.end\nkey_life.end = lambda *a: (end(*a), die())",
        "PendingDeletion",
    ),
    "before the HSM forgets": ("type(kms._core.hsm).discard = die", "NotFoundException"),
    "before the second commit": ("key_life.erase = die", "NotFoundException"),
    "in the second commit": (
        "erase = key_life.erase\nkey_life.erase = lambda *a: (erase(*a), die())",
        "NotFoundException",
    ),
}


@pytest.mark.parametrize("place", _POINTS)
def test_a_kill_at_each_step_of_the_job(start: Callable[..., Forked], place: str) -> None:
    point, seen = _POINTS[place]
    arn, acknowledged = _killed(start, f"{_SETUP}\n{_SCHEDULE}{_JOB.format(point=point)}")
    assert acknowledged
    assert _look(start, arn, 8) == {
        "seen": [seen, seen],
        "done": 1,
        "after": "NotFoundException",
        "left": 0,
        "faults": 0,
    }
