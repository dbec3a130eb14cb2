"""RSAES-OAEP, decoding: for tokens that do RSA but not OAEP with this hash. RFC 8017, section 7.1.2, step 3.

The token does the private-key operation and gives the padded block; the padding is removed here, so the block
and the plaintext are in this process's memory. Every fault of the padding is the same answer, found by the
same steps over every byte, because an answer or a time that told one fault from another would let a caller
decrypt (Manger, CRYPTO 2001). Python promises no constant time; what there is no branch for is
still the best that can be done here, and an option turns it off (`opening.open_token`).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

_COUNTER_BYTES: Final = 4


def unpad(block: bytes, hash_name: str) -> bytes | None:
    """Take the message out of a block as long as the modulus; None where the padding is wrong.

    The label is empty.
    """
    empty = hashlib.new(hash_name, usedforsecurity=False)
    size = empty.digest_size
    masked_seed, masked = block[1 : 1 + size], block[1 + size :]
    seed = _xor(masked_seed, _mask(masked, size, hash_name))
    data = _xor(masked, _mask(seed, len(masked), hash_name))
    bad = block[0] | (not hmac.compare_digest(data[:size], empty.digest()))
    start, searching = 0, 1
    for place in range(size, len(data)):
        byte = data[place]
        is_one, is_zero = byte == 1, byte == 0
        start += (searching & is_one) * (place + 1)
        bad |= searching & (not is_one) & (not is_zero)
        searching &= not is_one
    return None if bad | searching else data[start:]


def _mask(seed: bytes, length: int, hash_name: str) -> bytes:
    """MGF1, RFC 8017, appendix B.2.1."""
    mask = b""
    counter = 0
    while len(mask) < length:
        block = seed + counter.to_bytes(_COUNTER_BYTES)
        mask += hashlib.new(hash_name, block, usedforsecurity=False).digest()
        counter += 1
    return mask[:length]


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left) ^ int.from_bytes(right)).to_bytes(len(left))
