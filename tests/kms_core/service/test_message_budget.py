from __future__ import annotations

import sys
import threading
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import KMSInternalError, LimitExceededError
from kms_core.service.message_budget import BLOCK, LIMIT, MessageBudget

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from kms_core.service import Kms


def test_the_limit_is_that_of_random_96_bit_ivs() -> None:
    assert LIMIT == 2**32
    assert LIMIT % BLOCK == 0


def test_messages_are_counted_in_blocks_that_are_reserved_first(
    open_service: Callable[..., Kms], people: SimpleNamespace
) -> None:
    kms = open_service()
    key = kms.create_key(people.admin)
    one, other = (MessageBudget(kms._core.database, limit=10, block=4) for _ in range(2))

    for _ in range(4):
        one.spend(key.current_backing_key_id)
    other.spend(key.current_backing_key_id)
    with pytest.raises(LimitExceededError):
        one.spend(key.current_backing_key_id)  # 8 of 10 are reserved, and another 4 do not fit
    for _ in range(3):
        other.spend(key.current_backing_key_id)
    with pytest.raises(LimitExceededError):
        other.spend(key.current_backing_key_id)


def test_threads_spend_what_was_reserved_and_no_more(
    open_service: Callable[..., Kms], people: SimpleNamespace
) -> None:
    kms = open_service()
    keys = [kms.create_key(people.admin).current_backing_key_id for _ in range(3)]
    budget = MessageBudget(kms._core.database, limit=100, block=8)
    spent: list[str] = []

    def spend() -> None:
        for number in range(60):
            with suppress(LimitExceededError):
                budget.spend(keys[number % 3])
                spent.append(keys[number % 3])

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=spend) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        sys.setswitchinterval(interval)
    assert Counter(spent) == dict.fromkeys(keys, 96)  # 12 blocks of 8; another would pass 100
    with kms._core.database.read() as connection:
        reserved = connection.exec_driver_sql("SELECT messages_reserved FROM backing_keys").scalars().all()
    assert reserved == [96, 96, 96]


def test_a_reservation_that_fails_counts_nothing(kms: Kms, people: SimpleNamespace) -> None:
    key = kms.create_key(people.admin).current_backing_key_id or ""
    budget = MessageBudget(kms._core.database, limit=10, block=4)
    with kms._core.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE UPDATE ON backing_keys BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(KMSInternalError):
        budget.spend(key)
    with kms._core.database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    for _ in range(8):
        budget.spend(key)
    with pytest.raises(LimitExceededError):
        budget.spend(key)


def test_a_key_that_has_encrypted_enough_still_decrypts(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    blob = kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob
    object.__setattr__(kms._core, "budget", MessageBudget(kms._core.database, limit=0))

    with pytest.raises(LimitExceededError, match="use a new key"):
        kms.encrypt(people.admin, key_arn, b"x")
    with pytest.raises(LimitExceededError):
        kms.generate_data_key(people.admin, key_arn, key_spec="AES_256")
    assert kms.decrypt(people.admin, blob).plaintext == b"x"
