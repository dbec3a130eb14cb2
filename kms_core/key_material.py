"""Backing keys from where they are made to where they are dropped: what the services ask for.

A key of AWS KMS has one backing key after another (AWS KMS Cryptographic Details, "Key hierarchy"). Each is
made in the HSM and comes out wrapped, as a `BackingKeyRecord`, which a store keeps; it is brought back in the
HSM when it is used, and kept there for a while. Not here: the wrapping and the keeping at hand (`hsm`), what
a ciphertext looks like (`ciphertext`), which backing key is a key's newest (the store), who may (the gate).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.hsm.protocol import KeyBinding
from kms_core.model.backing_key import BackingKeyRecord

if TYPE_CHECKING:
    from kms_core.hsm.protocol import Hsm, Sealed
    from kms_core.model.sources import Sources
    from kms_core.permit import Permit


class KeyMaterial:
    """The backing keys of one HSM.

    Args:
        hsm: open; whoever opened it closes it.
        sources: where new ids and the time come from.
    """

    def __init__(self, hsm: Hsm, sources: Sources) -> None:
        self._hsm = hsm
        self._sources = sources

    def generate(
        self, permit: Permit, key_arn: str, key_id: str, *, spec: str, usage: str
    ) -> BackingKeyRecord:
        """Make a new backing key for a key; it exists only in what is returned.

        Raises:
            UnsupportedOperationError: the HSM cannot make keys of that spec and usage.
            KMSInternalError: the HSM does not answer.
        """
        binding = KeyBinding(key_id, self._sources.new_id(), spec, usage)
        wrapped = self._hsm.generate_backing_key(permit, key_arn, binding)
        return BackingKeyRecord(
            id=binding.backing_key_id,
            key_id=key_id,
            spec=spec,
            usage=usage,
            domain_key_id=wrapped.domain_key_id,
            blob=wrapped.blob,
            mac=wrapped.mac,
            creation_date=self._sources.now(),
        )

    def encrypt(self, permit: Permit, key: BackingKeyRecord, plaintext: bytes, aad: bytes) -> Sealed:
        """Encrypt under a backing key.

        Raises:
            KMSInternalError: the HSM does not answer, or the record is not what was stored.
        """
        return self._hsm.encrypt(permit, key, plaintext, aad)

    def decrypt(self, permit: Permit, key: BackingKeyRecord, sealed: Sealed, aad: bytes) -> bytes:
        """Decrypt under a backing key.

        Raises:
            InvalidCiphertextError: the parts do not belong together.
            KMSInternalError: the HSM does not answer, or the record is not what was stored.
        """
        return self._hsm.decrypt(permit, key, sealed, aad)

    def evict(self, permit: Permit, key: BackingKeyRecord) -> None:
        """Drop a backing key from the HSM's memory: its key was disabled, or is about to be deleted."""
        self._hsm.evict(permit, key)
