"""Five operations of the KMS, each through the core and at its HSM alone; `kms_calls` measures them."""

from __future__ import annotations

import itertools
import random
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from bench.core import CALLER, fill, new_kms, permit
from kms_core.hsm.protocol import KeyBinding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kms_core.hsm import Hsm
    from kms_core.model.backing_key import BackingKeyRecord
    from kms_core.service import Kms
    from kms_core.service.core import Core

MANY = 16
"""How many threads use the keys for the first time."""

_RSA_KEYS = 8
_PAIRS = {"tenant": "acme"}
_AAD = b"tenant=acme"
_PLAINTEXT = bytes(range(32))
_RSA = "RSASSA_PKCS1_V1_5_SHA_256"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation through the core and at the HSM alone; each call goes to the next key.

    Attributes:
        name: its API name.
        bare: the call to the HSM.
        call: the call of the KMS.
        count: how many calls a thread makes in a round.
    """

    name: str
    bare: Callable[[], object]
    call: Callable[[], object]
    count: int = 25


@contextmanager
def operations(hsm: Hsm, folder: Path, number: int) -> Iterator[tuple[Core, list[Operation]]]:
    """The operations, on a store with so many keys, each of which was used before."""
    with new_kms(hsm, folder / f"{number}.db") as kms:
        made = fill(kms, hsm, number)
        order = random.Random(1).sample(list(made), number)
        signing = [
            kms.create_key(CALLER, key_spec="RSA_2048", key_usage="SIGN_VERIFY")
            for _ in range(min(number, _RSA_KEYS))
        ]
        core = kms._core  # noqa: SLF001 - the parts are measured beside the whole
        pairs = {key.arn: core.backing_keys.current(key) for key in signing}
        listed = [
            *_symmetric(kms, hsm, {arn: made[arn] for arn in order}),
            _sign(kms, hsm, pairs),
            _create_key(kms, hsm),
        ]
        yield core, listed


def _symmetric(kms: Kms, hsm: Hsm, keys: dict[str, BackingKeyRecord]) -> Iterator[Operation]:
    blobs = dict.fromkeys(keys, b"")
    turn = _turns(keys)

    def first() -> None:
        arn = next(turn)
        blobs[arn] = kms.encrypt(CALLER, arn, _PLAINTEXT, _PAIRS).ciphertext_blob
        kms.decrypt(CALLER, blobs[arn], _PAIRS)
        kms.generate_data_key(CALLER, arn, key_spec="AES_256", encryption_context=_PAIRS)

    in_threads(first, len(keys) // MANY + 1, MANY)
    encrypt = {arn: permit("kms:Encrypt", arn) for arn in keys}
    decrypt = {arn: permit("kms:Decrypt", arn) for arn in keys}
    generate = {arn: permit("kms:GenerateDataKey", arn) for arn in keys}
    sealed = {arn: hsm.encrypt(encrypt[arn], key, _PLAINTEXT, _AAD) for arn, key in keys.items()}

    def bare_data_key() -> None:
        arn = next(turn)
        hsm.encrypt(generate[arn], keys[arn], hsm.random(generate[arn], 32), _AAD)

    def bare_encrypt() -> None:
        arn = next(turn)
        hsm.encrypt(encrypt[arn], keys[arn], _PLAINTEXT, _AAD)

    def bare_decrypt() -> None:
        arn = next(turn)
        hsm.decrypt(decrypt[arn], keys[arn], sealed[arn], _AAD)

    yield Operation("Encrypt", bare_encrypt, lambda: kms.encrypt(CALLER, next(turn), _PLAINTEXT, _PAIRS))
    yield Operation("Decrypt", bare_decrypt, lambda: kms.decrypt(CALLER, blobs[next(turn)], _PAIRS))
    yield Operation(
        "GenerateDataKey",
        bare_data_key,
        lambda: kms.generate_data_key(CALLER, next(turn), key_spec="AES_256", encryption_context=_PAIRS),
    )


def _sign(kms: Kms, hsm: Hsm, keys: dict[str, BackingKeyRecord]) -> Operation:
    turn, sign = _turns(keys), {arn: permit("kms:Sign", arn) for arn in keys}

    def bare() -> None:
        arn = next(turn)
        hsm.sign(sign[arn], keys[arn], _RSA, _PLAINTEXT)

    return Operation(
        "Sign", bare, lambda: kms.sign(CALLER, next(turn), _PLAINTEXT, _RSA, message_type="DIGEST")
    )


def _create_key(kms: Kms, hsm: Hsm) -> Operation:
    arn = "arn:aws:kms:us-east-1:111122223333:key/"

    def bare() -> None:
        key_id = str(uuid4())
        binding = KeyBinding(key_id, str(uuid4()), "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
        hsm.generate_backing_key(permit("kms:CreateKey", arn + key_id), arn + key_id, binding)

    return Operation("CreateKey", bare, lambda: kms.create_key(CALLER), count=6)


def _turns(keys: dict[str, BackingKeyRecord]) -> Iterator[str]:
    return itertools.cycle(keys)


def in_threads(call: Callable[[], object], count: int, threads: int) -> None:
    def run() -> None:
        for _ in range(count):
            call()

    if threads == 1:
        run()
        return
    started = [threading.Thread(target=run) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
