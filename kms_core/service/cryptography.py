"""Encrypt, Decrypt and ReEncrypt.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html and its siblings. The encryption context
is not secret and not stored: it is authenticated with the ciphertext, so that Decrypt must be given the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.ciphertext import decode
from kms_core.errors import ValidationError
from kms_core.model.key_reference import KeyReference
from kms_core.model.key_specs import SYMMETRIC_ALGORITHM
from kms_core.model.operations import Operation
from kms_core.service import context
from kms_core.service.admission import FOREIGN_CIPHERTEXT, FOREIGN_KEY
from kms_core.service.dry_runs import check_ciphertext
from kms_core.service.encryption import check_encryption, seal, unseal
from kms_core.service.parameters import MAX_PLAINTEXT, check_bytes
from kms_core.service.results import Decrypted, Encrypted, ReEncrypted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kms_core.model.caller import Caller
    from kms_core.service.core import Core
    from kms_core.service.open_call import OpenCall

_NO_ACCOUNT = "000000000000"
"""The account of a key that does not exist: nobody's, so for everyone it is another account's."""


class CryptographicOperations:
    """What encrypts and decrypts."""

    _core: Core

    def encrypt(
        self,
        caller: Caller | str,
        key_id: str,
        plaintext: bytes,
        encryption_context: Mapping[str, str] | None = None,
        grant_tokens: Sequence[str] = (),
        *,
        encryption_algorithm: str = SYMMETRIC_ALGORITHM,
        dry_run: bool | None = None,
    ) -> Encrypted:
        """Encrypt up to 4,096 bytes; under an RSA key fewer, by its length and the algorithm.

        Args:
            caller: who calls.
            key_id: a key id, key ARN, alias name or alias ARN.
            plaintext: 1 to 4,096 bytes.
            encryption_context: pairs that Decrypt must be given too; not with an RSA key.
            grant_tokens: tokens of grants that may be too new to be known everywhere.
            encryption_algorithm: ``RSAES_OAEP_SHA_1`` or ``RSAES_OAEP_SHA_256`` for an RSA key.
            dry_run: only try.

        Raises:
            AccessDeniedError, DisabledError, DryRunOperationError, InvalidArnError, InvalidKeyUsageError,
            KMSInvalidStateError, LimitExceededError, NotFoundError, UnsupportedOperationError,
            ValidationError, KMSInternalError
        """
        calls = self._core.calls
        with calls.begin(Operation.ENCRYPT, caller, grant_tokens, dry_run=dry_run) as call:
            check_bytes("plaintext", plaintext, 1, MAX_PLAINTEXT)
            pairs = check_encryption(encryption_algorithm, encryption_context)
            reference = calls.reference(call, key_id)
            given = context.cryptographic(pairs, encryption_algorithm)
            with calls.on_key(call, reference, given) as admitted:
                blob = seal(self._core, call, admitted, encryption_algorithm, plaintext, pairs)
                return Encrypted(blob, admitted.key.arn, encryption_algorithm)

    def decrypt(
        self,
        caller: Caller | str,
        ciphertext_blob: bytes | None = None,
        encryption_context: Mapping[str, str] | None = None,
        grant_tokens: Sequence[str] = (),
        *,
        key_id: str | None = None,
        encryption_algorithm: str = SYMMETRIC_ALGORITHM,
        dry_run: bool | None = None,
        dry_run_modifiers: Sequence[str] = (),
    ) -> Decrypted:
        """Decrypt what was encrypted here or, under an RSA public key, outside.

        Args:
            caller: who calls.
            ciphertext_blob: the ciphertext; only a dry run that ignores it does without.
            encryption_context: the pairs that it was encrypted with, exactly.
            grant_tokens: tokens of grants that may be too new to be known everywhere.
            key_id: a key id, key ARN, alias name or alias ARN; without it the key that the ciphertext names
                is used, and what was encrypted under an RSA key names none.
            encryption_algorithm: the algorithm that it was encrypted by.
            dry_run: only try.
            dry_run_modifiers: ``IGNORE_CIPHERTEXT`` tries the key that `key_id` names, without a ciphertext.

        Raises:
            IncorrectKeyError: the ciphertext was made under another key than `key_id`.
            InvalidCiphertextError: the ciphertext or the encryption context is not what it was.
            AccessDeniedError, DisabledError, DryRunOperationError, InvalidArnError, InvalidKeyUsageError,
            KMSInvalidStateError, NotFoundError, UnsupportedOperationError, ValidationError, KMSInternalError
        """
        calls = self._core.calls
        with calls.begin(Operation.DECRYPT, caller, grant_tokens, dry_run=dry_run) as call:
            ciphertext = check_ciphertext(call, ciphertext_blob, dry_run_modifiers)
            pairs = check_encryption(encryption_algorithm, encryption_context)
            reference, foreign = self._source(call, key_id, encryption_algorithm, ciphertext)
            given = context.cryptographic(pairs, encryption_algorithm)
            with calls.on_key(call, reference, given, foreign=foreign) as admitted:
                plaintext = unseal(self._core, call, admitted, encryption_algorithm, ciphertext, pairs)
                return Decrypted(plaintext, admitted.key.arn, encryption_algorithm)

    def re_encrypt(
        self,
        caller: Caller | str,
        ciphertext_blob: bytes | None,
        destination_key_id: str,
        *,
        source_key_id: str | None = None,
        source_encryption_context: Mapping[str, str] | None = None,
        destination_encryption_context: Mapping[str, str] | None = None,
        source_encryption_algorithm: str = SYMMETRIC_ALGORITHM,
        destination_encryption_algorithm: str = SYMMETRIC_ALGORITHM,
        grant_tokens: Sequence[str] = (),
        dry_run: bool | None = None,
        dry_run_modifiers: Sequence[str] = (),
    ) -> ReEncrypted:
        """Decrypt under one key and encrypt under another, or the same; the plaintext does not leave.

        The caller needs kms:ReEncryptFrom on the source key and kms:ReEncryptTo on the destination.

        Args:
            caller: who calls.
            ciphertext_blob: what is to be encrypted anew; None only for a dry run that ignores it.
            destination_key_id: the key that it is to be under: a key id, key ARN, alias name or alias ARN.
            source_key_id: the key that it is under; without it the one that the ciphertext names.
            source_encryption_context: the pairs that it was encrypted with.
            destination_encryption_context: the pairs that it is to be encrypted with.
            source_encryption_algorithm: the algorithm that it was encrypted by.
            destination_encryption_algorithm: the algorithm that it is to be encrypted by.
            grant_tokens: tokens of grants that may be too new to be known everywhere.
            dry_run: only try.
            dry_run_modifiers: as Decrypt; then `source_key_id` is required.

        Raises:
            IncorrectKeyError, InvalidCiphertextError: as Decrypt.
            AccessDeniedError, DisabledError, DryRunOperationError, InvalidArnError, InvalidKeyUsageError,
            KMSInvalidStateError, LimitExceededError, NotFoundError, UnsupportedOperationError,
            ValidationError, KMSInternalError
        """
        core = self._core
        source_algorithm, algorithm = source_encryption_algorithm, destination_encryption_algorithm
        with core.calls.begin(Operation.RE_ENCRYPT, caller, grant_tokens, dry_run=dry_run) as call:
            ciphertext = check_ciphertext(call, ciphertext_blob, dry_run_modifiers)
            source_pairs = check_encryption(
                source_algorithm, source_encryption_context, member="sourceEncryptionAlgorithm"
            )
            pairs = check_encryption(
                algorithm, destination_encryption_context, member="destinationEncryptionAlgorithm"
            )
            source, foreign = self._source(call, source_key_id, source_algorithm, ciphertext)
            destination = core.calls.reference(call, destination_key_id)
            given = context.re_encryption((source_pairs, source_algorithm), (pairs, algorithm))
            with core.calls.on_two_keys(call, source, destination, given, foreign=foreign) as (old, new):
                plaintext = unseal(core, call, old, source_algorithm, ciphertext, source_pairs)
                blob = seal(core, call, new, algorithm, plaintext, pairs)
                return ReEncrypted(blob, old.key.arn, new.key.arn, source_algorithm, algorithm)

    def _source(
        self, call: OpenCall, key_id: str | None, algorithm: str, ciphertext: bytes | None
    ) -> tuple[KeyReference, str]:
        """The key to decrypt under, and what to say if it is another account's and missing or forbidden."""
        if key_id is not None:
            return self._core.calls.reference(call, key_id), FOREIGN_KEY
        if ciphertext is None:
            raise ValidationError("Without a ciphertext nothing else names the key: KeyId is required.")
        if algorithm != SYMMETRIC_ALGORITHM:
            raise ValidationError(f"A ciphertext of {algorithm} names no key: KeyId is required.")
        named = decode(ciphertext).key_id
        known = self._core.access.reference(named)
        unknown = KeyReference.of(call.caller.partition, self._core.region, _NO_ACCOUNT, named)
        return known or unknown, FOREIGN_CIPHERTEXT
