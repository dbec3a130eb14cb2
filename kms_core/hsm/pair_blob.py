"""A key pair as it is stored: a pure codec. The MAC of its record covers all of it.

    blob      kind (1 byte), length of the private part (4), private part, public key (SubjectPublicKeyInfo)
    kind W    the private part is the private key, wrapped under the domain key
    kind R    the private key is resident: an object of the token, and the private part is its CKA_ID

A secret key's blob is the wrapped key alone; which of the two a blob is follows from the key's spec.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

WRAPPED: Final = b"W"
RESIDENT: Final = b"R"
_LENGTH_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class StoredPair:
    """A stored key pair, taken apart."""

    kind: bytes
    private: bytes = field(repr=False)
    public: bytes = field(repr=False)


def encode(pair: StoredPair) -> bytes:
    """Write it."""
    return pair.kind + len(pair.private).to_bytes(_LENGTH_BYTES) + pair.private + pair.public


def decode(blob: bytes) -> StoredPair:
    """Read what `encode` wrote; only for blobs whose MAC was verified."""
    start = 1 + _LENGTH_BYTES
    end = start + int.from_bytes(blob[1:start])
    return StoredPair(blob[:1], blob[start:end], blob[end:])
