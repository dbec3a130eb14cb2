"""Private keys that live in the token as objects of their own, since it cannot wrap them: Ed25519.

A record names one by its CKA_ID; its label says which KMS key it was made for. So what a crash leaves, an
object that no record names, is found by the key that was being made. What one costs: a file and 16
microseconds of every search, and that a backup of the token is its only backup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from pkcs11 import Attribute, ObjectClass

if TYPE_CHECKING:
    from pkcs11 import Mechanism
    from pkcs11.types import Object, Session

    from kms_core.hsm.key_shapes import SigningKey

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


def label(key_id: str) -> str:
    """The label of the resident keys of a KMS key."""
    return f"kmsgate backing key of {key_id}"


def find(session: Session, object_id: bytes) -> Object | None:
    """The resident key with this CKA_ID; None where there is not exactly one."""
    # the search stays open until it is exhausted, and a second one would fail
    found = list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: object_id}))
    return found[0] if len(found) == 1 else None


def made_for(session: Session, key_id: str) -> list[Object]:
    """All resident keys of a KMS key, whether a record names them or not."""
    return list(
        session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: label(key_id)})
    )
