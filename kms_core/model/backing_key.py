"""A backing key as it is kept: wrapped, with what it is bound to.

Not usable by itself: only the HSM that holds its domain key can unwrap it, and it checks the binding first.
One key has several after rotation; ciphertext names the one that made it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BackingKeyRecord:
    """One wrapped backing key.

    Attributes:
        id: its own id.
        key_id: the key that it is material of.
        spec: the key's spec, which its MAC covers.
        usage: the key's usage, which its MAC covers.
        domain_key_id: the key of the HSM that wraps it.
        blob: the wrapped key.
        mac: binds all of the above.
        creation_date: seconds since 1970.
    """

    id: str
    key_id: str
    spec: str
    usage: str
    domain_key_id: str
    blob: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    creation_date: float
