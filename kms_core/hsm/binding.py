"""What a wrapped key is bound to, as the bytes that its MAC covers. Pure.

RFC 5649 wrapping has no associated data, and an unwrapped key has whatever type one asks for; so the MAC says
whose key a blob is and what it is for, and is verified before anything is unwrapped. Every field is preceded
by its length: no two bindings have the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kms_core.hsm.protocol import KeyBinding

_BACKING_KEY: Final = b"kmsgate/backing-key/1"
_CHECK_VALUE: Final = b"kmsgate/check-value/1"
_CHECKPOINT: Final = b"kmsgate/audit-checkpoint/1"
_PAGE_MARKERS: Final = b"kmsgate/page-markers/1"


def backing_key(binding: KeyBinding, domain_key_id: str, blob: bytes) -> bytes:
    """Give what the MAC of a wrapped backing key covers."""
    names = (binding.key_id, binding.backing_key_id, binding.spec, binding.usage, domain_key_id)
    return _joined(_BACKING_KEY, *(name.encode() for name in names), blob)


def check_value(domain_key_id: str, wrapped_constant: bytes) -> bytes:
    """Give what the MAC covers that shows the domain key and the MAC key to be the same ones."""
    return _joined(_CHECK_VALUE, domain_key_id.encode(), wrapped_constant)


def checkpoint(content: bytes) -> bytes:
    """Give what the MAC of a checkpoint of the audit log covers."""
    return _joined(_CHECKPOINT, content)


def page_markers() -> bytes:
    """Give what the MAC covers that is the key of page markers."""
    return _joined(_PAGE_MARKERS)


def _joined(*fields: bytes) -> bytes:
    return b"".join(len(field).to_bytes(4) + field for field in fields)
