from __future__ import annotations

import secrets

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given
from hypothesis import strategies as st

from kms_core.hsm import oaep
from kms_core.hsm.known_keys import known_key

HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}  # noqa: S303 - an algorithm of the API
SIZE = 256


def block_of(message: bytes, name: str, label: bytes | None = None) -> bytes:
    """What `cryptography` pads, as the private-key operation gives it back."""
    key = known_key("RSA_2048")
    ciphertext = key.public_key().encrypt(
        message, padding.OAEP(padding.MGF1(HASHES[name]), HASHES[name], label)
    )
    numbers = key.private_numbers()
    block = pow(int.from_bytes(ciphertext), numbers.d, numbers.public_numbers.n)
    return block.to_bytes(SIZE)


def with_data(name: str, data: bytes, first: int = 0) -> bytes:
    """A block that masks this data: for paddings that no library makes."""
    seed = secrets.token_bytes(HASHES[name].digest_size)
    masked = oaep._xor(data, oaep._mask(seed, len(data), name))
    return bytes([first]) + oaep._xor(seed, oaep._mask(masked, len(seed), name)) + masked


@pytest.mark.parametrize("name", HASHES)
@given(message=st.binary(max_size=190))
def test_what_another_library_pads_is_unpadded(name: str, message: bytes) -> None:
    assert oaep.unpad(block_of(message, name), name) == message


@pytest.mark.parametrize("name", HASHES)
def test_what_is_wrong_with_a_padding_is_one_answer(name: str) -> None:
    size = HASHES[name].digest_size
    data = bytearray(SIZE - 1 - size)
    digest = hashes.Hash(HASHES[name])
    data[:size] = digest.finalize()
    good = bytes(data[:-2]) + b"\x01m"

    assert oaep.unpad(with_data(name, good), name) == b"m"
    wrong = {
        "first byte": with_data(name, good, first=1),
        "label": block_of(b"m", name, b"label"),
        "no end of the zeros": with_data(name, bytes(data)),
        "something else before it": with_data(name, bytes(data[:-3]) + b"\x02\x01m"),
        "all zero": bytes(SIZE),
        "hash of another": block_of(b"m", "sha1" if name == "sha256" else "sha256"),
    }
    assert {why: oaep.unpad(block, name) for why, block in wrong.items()} == dict.fromkeys(wrong)


@pytest.mark.parametrize("name", HASHES)
def test_no_single_changed_bit_passes(name: str) -> None:
    block = block_of(b"message", name)
    for place in range(0, SIZE * 8, 7):
        changed = bytearray(block)
        changed[place // 8] ^= 1 << (place % 8)
        assert oaep.unpad(bytes(changed), name) is None or place // 8 > HASHES[name].digest_size
