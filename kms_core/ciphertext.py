"""The ciphertext blob that a caller keeps: a pure codec. Decrypts nothing, and knows no key.

Opaque to callers, as AWS KMS has it ("Encrypt", CiphertextBlob); the layout is this project's own:

    blob     header, iv (12 bytes), tag (16), length of the ciphertext (4), ciphertext
    header   "KMSG", version (1), key id, backing key id; each id preceded by its length (1)

The header and the encryption context are authenticated with the ciphertext (AWS KMS Cryptographic Details,
"Encryption context"). The context is written in one way only: pairs sorted by name, every name and value
preceded by its length, case as the caller has it. A blob is read in one way only too: what is read, written
again, is the same bytes. Whatever is wrong with one is the same error, without a detail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from kms_core.errors import InvalidCiphertextError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

IV_BYTES: Final = 12
TAG_BYTES: Final = 16

_MAGIC: Final = b"KMSG\x01"
_LENGTH_BYTES: Final = 4
_ID: Final = re.compile(rb"[A-Za-z0-9-]{1,255}")


@dataclass(frozen=True, slots=True)
class CiphertextBlob:
    """A blob, taken apart.

    Attributes:
        key_id: the id of the KMS key, the last part of its ARN.
        backing_key_id: the backing key that it was made with.
        iv: 12 bytes.
        ciphertext: as long as the plaintext.
        tag: 16 bytes.
    """

    key_id: str
    backing_key_id: str
    iv: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)
    tag: bytes = field(repr=False)


@lru_cache(maxsize=16_384)
def header(key_id: str, backing_key_id: str) -> bytes:
    """Give the bytes that a blob of this key begins with."""
    return _MAGIC + b"".join(bytes([len(each)]) + each for each in (_id(key_id), _id(backing_key_id)))


def additional_data(header: bytes, encryption_context: Mapping[str, str]) -> bytes:
    """Give what is authenticated beside the ciphertext: the header and the encryption context.

    Raises:
        ValidationError: the context holds a lone surrogate, which is no character.
    """
    try:
        pairs = sorted((name.encode(), value.encode()) for name, value in encryption_context.items())
    except UnicodeEncodeError:
        raise ValidationError("EncryptionContext must be valid Unicode.") from None
    return header + _length(len(pairs)) + b"".join(_sized(name) + _sized(value) for name, value in pairs)


def encode(blob: CiphertextBlob) -> bytes:
    """Write a blob."""
    if (len(blob.iv), len(blob.tag)) != (IV_BYTES, TAG_BYTES):
        raise ValueError("the IV has 12 bytes and the tag 16")
    return header(blob.key_id, blob.backing_key_id) + blob.iv + blob.tag + _sized(blob.ciphertext)


def decode(text: bytes) -> CiphertextBlob:
    """Read a blob.

    Raises:
        InvalidCiphertextError: it is none; nothing more is said.
    """
    magic, rest = _cut(text, len(_MAGIC))
    if magic != _MAGIC:
        raise InvalidCiphertextError
    key_id, rest = _cut_id(rest)
    backing_key_id, rest = _cut_id(rest)
    iv, rest = _cut(rest, IV_BYTES)
    tag, rest = _cut(rest, TAG_BYTES)
    length, rest = _cut(rest, _LENGTH_BYTES)
    if int.from_bytes(length) != len(rest):
        raise InvalidCiphertextError
    return CiphertextBlob(key_id, backing_key_id, iv, rest, tag)


def _cut(text: bytes, length: int) -> tuple[bytes, bytes]:
    if len(text) < length:
        raise InvalidCiphertextError
    return text[:length], text[length:]


def _cut_id(text: bytes) -> tuple[str, bytes]:
    length, rest = _cut(text, 1)
    name, rest = _cut(rest, length[0])
    if not _ID.fullmatch(name):
        raise InvalidCiphertextError
    return name.decode("ascii"), rest


def _id(name: str) -> bytes:
    written = name.encode()
    if not _ID.fullmatch(written):
        raise ValueError(f"`{name}` is not a key id")
    return written


def _length(number: int) -> bytes:
    return number.to_bytes(_LENGTH_BYTES)


def _sized(part: bytes) -> bytes:
    return _length(len(part)) + part
