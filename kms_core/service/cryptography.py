"""Encrypt, Decrypt and GenerateDataKey with symmetric encryption keys.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html and its siblings. The encryption context
is not secret and not stored: it is authenticated with the ciphertext, so that Decrypt must be given the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.ciphertext import CiphertextBlob, additional_data, decode, encode, header
from kms_core.errors import IncorrectKeyError, InvalidCiphertextError, KMSInternalError
from kms_core.hsm.protocol import Sealed
from kms_core.model.key_reference import KeyReference
from kms_core.model.key_specs import SYMMETRIC_ALGORITHM
from kms_core.model.operations import Operation
from kms_core.service import context
from kms_core.service.calls import FOREIGN_CIPHERTEXT
from kms_core.service.parameters import (
    MAX_CIPHERTEXT,
    MAX_PLAINTEXT,
    check_bytes,
    check_encryption_context,
    data_key_length,
)
from kms_core.service.results import DataKey, Decrypted, Encrypted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kms_core.model.caller import Caller
    from kms_core.service.core import Core
    from kms_core.service.open_call import Admitted, OpenCall

_NO_ACCOUNT = "000000000000"
"""The account of a key that does not exist: nobody's, so for everyone it is another account's."""


class CryptographicOperations:
    """What uses keys."""

    _core: Core

    def encrypt(
        self,
        caller: Caller | str,
        key_id: str,
        plaintext: bytes,
        encryption_context: Mapping[str, str] | None = None,
        grant_tokens: Sequence[str] = (),
    ) -> Encrypted:
        """Encrypt up to 4,096 bytes.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            plaintext: 1 to 4,096 bytes.
            encryption_context: pairs that Decrypt must be given too.
            grant_tokens: tokens of grants that may be too new to be known everywhere.

        Raises:
            AccessDeniedError, DisabledError, InvalidArnError, InvalidKeyUsageError, KMSInvalidStateError,
            LimitExceededError, NotFoundError, ValidationError, KMSInternalError
        """
        calls = self._core.calls
        with calls.begin(Operation.ENCRYPT, caller, grant_tokens) as call:
            check_bytes("plaintext", plaintext, 1, MAX_PLAINTEXT)
            pairs = check_encryption_context(encryption_context)
            reference = calls.reference(call, key_id)
            with calls.on_key(call, reference, context.cryptographic(pairs)) as admitted:
                blob = self._seal(admitted, plaintext, pairs)
                return Encrypted(blob, admitted.key.arn, SYMMETRIC_ALGORITHM)

    def decrypt(
        self,
        caller: Caller | str,
        ciphertext_blob: bytes,
        encryption_context: Mapping[str, str] | None = None,
        grant_tokens: Sequence[str] = (),
        *,
        key_id: str | None = None,
    ) -> Decrypted:
        """Decrypt what Encrypt or GenerateDataKey gave.

        Args:
            caller: who calls.
            ciphertext_blob: what they gave.
            encryption_context: the pairs that they were given, exactly.
            grant_tokens: tokens of grants that may be too new to be known everywhere.
            key_id: a key id or key ARN; without it the key that the ciphertext names is used.

        Raises:
            IncorrectKeyError: the ciphertext was made under another key than `key_id`.
            InvalidCiphertextError: the ciphertext or the encryption context is not what it was.
            AccessDeniedError, DisabledError, InvalidArnError, InvalidKeyUsageError, KMSInvalidStateError,
            NotFoundError, ValidationError, KMSInternalError
        """
        calls = self._core.calls
        with calls.begin(Operation.DECRYPT, caller, grant_tokens) as call:
            check_bytes("ciphertextBlob", ciphertext_blob, 1, MAX_CIPHERTEXT)
            pairs = check_encryption_context(encryption_context)
            given = context.cryptographic(pairs)
            if key_id is None:
                reference = self._named_in(call, ciphertext_blob)
                admission = calls.on_key(call, reference, given, foreign=FOREIGN_CIPHERTEXT)
            else:
                admission = calls.on_key(call, calls.reference(call, key_id), given)
            with admission as admitted:
                plaintext = self._open(admitted, decode(ciphertext_blob), pairs)
                return Decrypted(plaintext, admitted.key.arn, SYMMETRIC_ALGORITHM)

    def generate_data_key(
        self,
        caller: Caller | str,
        key_id: str,
        *,
        key_spec: str | None = None,
        number_of_bytes: int | None = None,
        encryption_context: Mapping[str, str] | None = None,
        grant_tokens: Sequence[str] = (),
    ) -> DataKey:
        """Make a data key: plain for use at once, encrypted for keeping.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            key_spec: ``AES_256`` or ``AES_128``; or else
            number_of_bytes: 1 to 1,024.
            encryption_context: pairs that Decrypt must be given too.
            grant_tokens: tokens of grants that may be too new to be known everywhere.

        Raises:
            AccessDeniedError, DisabledError, InvalidArnError, InvalidKeyUsageError, KMSInvalidStateError,
            LimitExceededError, NotFoundError, ValidationError, KMSInternalError
        """
        calls = self._core.calls
        with calls.begin(Operation.GENERATE_DATA_KEY, caller, grant_tokens) as call:
            length = data_key_length(key_spec, number_of_bytes)
            pairs = check_encryption_context(encryption_context)
            reference = calls.reference(call, key_id)
            with calls.on_key(call, reference, context.cryptographic(pairs)) as admitted:
                plaintext = self._core.hsm.random(admitted.permit, length)
                return DataKey(self._seal(admitted, plaintext, pairs), plaintext, admitted.key.arn)

    def _named_in(self, call: OpenCall, ciphertext_blob: bytes) -> KeyReference:
        key_id = decode(ciphertext_blob).key_id
        known = self._core.access.reference(key_id)
        return known or KeyReference.of(call.caller.partition, self._core.region, _NO_ACCOUNT, key_id)

    def _seal(self, admitted: Admitted, plaintext: bytes, pairs: Mapping[str, str]) -> bytes:
        key = admitted.key
        material = self._core.backing_keys.find(key.key_id, key.current_backing_key_id or "")
        if material is None:
            raise KMSInternalError("the key's material is missing from the store")
        self._core.budget.spend(material.id)
        aad = additional_data(header(key.key_id, material.id), pairs)
        sealed = self._core.material.encrypt(admitted.permit, material, plaintext, aad)
        return encode(CiphertextBlob(key.key_id, material.id, sealed.iv, sealed.ciphertext, sealed.tag))

    def _open(self, admitted: Admitted, blob: CiphertextBlob, pairs: Mapping[str, str]) -> bytes:
        if blob.key_id != admitted.key.key_id:
            raise IncorrectKeyError(
                "The key ID in the request does not identify a CMK that can perform this operation."
            )
        material = self._core.backing_keys.find(blob.key_id, blob.backing_key_id)
        if material is None:
            raise InvalidCiphertextError
        aad = additional_data(header(blob.key_id, blob.backing_key_id), pairs)
        sealed = Sealed(blob.iv, blob.ciphertext, blob.tag)
        return self._core.material.decrypt(admitted.permit, material, sealed, aad)
