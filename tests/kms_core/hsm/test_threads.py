"""Many threads on one token: the binding's own way to initialise the module crashes within seconds of this."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Processes

HAMMER = """
import threading
create_token(home, PIN)
hsm = open_token(home, PIN)
keys = [new_key(hsm, f"b-{number}") for number in range(6)]
until = time.monotonic() + 1.5
done, failed = [], []

def hammer(seed):
    turn = seed
    try:
        while time.monotonic() < until:
            turn += 1
            key, text = keys[turn % len(keys)], b"%d" % turn
            aad = text * 3
            sealed = hsm.encrypt(permit("kms:Encrypt"), key, text, aad)
            assert hsm.decrypt(permit("kms:Decrypt"), key, sealed, aad) == text
            assert len(hsm.random(permit("kms:GenerateRandom", None), 32)) == 32
            try:
                hsm.decrypt(permit("kms:Decrypt"), key, sealed, b"")
                failed.append("a wrong context was accepted")
            except InvalidCiphertextError:
                pass
            if turn % 7 == 0:
                hsm.evict(permit("kms:DisableKey"), key)
            if turn % 11 == 0:
                own = new_key(hsm, f"b-{seed}-{turn}")
                hsm.encrypt(permit("kms:Encrypt"), own, b"", b"")
            done.append(1)
    except BaseException as error:
        failed.append(repr(error))

threads = [threading.Thread(target=hammer, args=(seed * 1000,)) for seed in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert not failed, failed
print(len(done))
"""


def test_eight_threads_do_not_disturb_each_other(processes: Processes) -> None:
    assert int(processes.run(HAMMER)) > 200
