"""Private keys that live in the token as objects of their own, since it cannot wrap them: Ed25519.

A record names one by its CKA_ID. What costs: a file and 16 microseconds of every search for each of them, and
that a backup of the token is their only backup. What a crash leaves is an object that no record names; it
cannot be used, and nothing else is harmed by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from pkcs11 import Attribute, ObjectClass

if TYPE_CHECKING:
    from pkcs11 import Mechanism
    from pkcs11.types import Object, Session

    from kms_core.hsm.key_shapes import SigningKey

LABEL: Final = "kmsgate backing key"
ID_BITS: Final = 128


class ResidentKey:
    """The handle of a resident key as a lane keeps it: letting go of it leaves the key where it is."""

    def __init__(self, key: Object) -> None:
        self._key = cast("SigningKey", key)

    def sign(self, data: bytes, *, mechanism: Mechanism, mechanism_param: object = None) -> bytes:
        """C_Sign."""
        return self._key.sign(data, mechanism=mechanism, mechanism_param=mechanism_param)

    def destroy(self) -> None:
        """Nothing: C_DestroyObject would destroy the key itself."""


def find(session: Session, key_id: bytes) -> Object | None:
    """The resident key with this CKA_ID; None where there is not exactly one."""
    found = list(
        session.get_objects(
            {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: LABEL, Attribute.ID: key_id}
        )
    )
    return found[0] if len(found) == 1 else None
