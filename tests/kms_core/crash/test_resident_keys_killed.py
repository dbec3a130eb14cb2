"""A process that is killed while it makes Ed25519 keys, which live in the token as files of their own.

Every acknowledged key signs, whatever half-written objects the killed processes left beside it.
"""

from __future__ import annotations

import random
import signal
import time
from typing import TYPE_CHECKING

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
