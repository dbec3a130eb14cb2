from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kms_core.errors import LimitExceededError
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
