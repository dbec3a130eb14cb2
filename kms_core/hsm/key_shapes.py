"""What the rooms of this package ask of the binding's keys. Types only.

The binding makes classes at run time, with the methods that a key's attributes allow; its stubs do not say
which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, MechanismFlag, ObjectClass
    from pkcs11.types import Key, Object


class HeldKey(Protocol):
    """A key that a lane keeps at hand, whatever it can do."""

    def destroy(self) -> None:
        """C_DestroyObject."""
        ...


class DomainKey(Protocol):
    """A key that wraps and unwraps others."""

    def __getitem__(self, key: Attribute, /) -> object:
        """Give an attribute's value."""
        ...

    def wrap_key(self, key: object, *, mechanism: Mechanism) -> bytes:
        """C_WrapKey."""
        ...

    def unwrap_key(
        self,
        object_class: ObjectClass,
        key_type: KeyType,
        key_data: bytes,
        *,
        mechanism: Mechanism,
        capabilities: MechanismFlag,
        template: Mapping[Attribute, object],
    ) -> Key:
        """C_UnwrapKey."""
        ...


class MacKey(Protocol):
    """A key that makes message authentication codes."""

    def sign(self, data: bytes, *, mechanism: Mechanism) -> bytes:
        """C_Sign."""
        ...


class CipherKey(Protocol):
    """A key that encrypts and decrypts."""

    def encrypt(self, data: bytes, *, mechanism: Mechanism, mechanism_param: GCMParams) -> bytes:
        """C_Encrypt."""
        ...

    def decrypt(self, data: bytes, *, mechanism: Mechanism, mechanism_param: GCMParams) -> bytes:
        """C_Decrypt."""
        ...


class SigningKey(Protocol):
    """A private key that signs."""

    def sign(self, data: bytes, *, mechanism: Mechanism, mechanism_param: object = None) -> bytes:
        """C_Sign."""
        ...


class DecryptingKey(Protocol):
    """A private key that decrypts."""

    def decrypt(self, data: bytes, *, mechanism: Mechanism, mechanism_param: object = None) -> bytes:
        """C_Decrypt."""
        ...


class AgreementKey(Protocol):
    """A private key that agrees on a secret with a peer's public key."""

    def derive_key(
        self,
        key_type: KeyType,
        key_length: int,
        *,
        mechanism: Mechanism,
        mechanism_param: object,
        template: Mapping[Attribute, object],
    ) -> Object:
        """C_DeriveKey."""
        ...
