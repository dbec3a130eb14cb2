"""Encrypting and decrypting under a key that a call was admitted to, whatever its spec.

Under a symmetric encryption key a ciphertext is a blob that names its key (`ciphertext`), and the encryption
context is authenticated with it. Under an RSA key it is what RFC 8017 has and names nothing, so that whoever
decrypts says key and algorithm; it can be made outside too, with the public key. Not the operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core import public_keys
from kms_core.ciphertext import CiphertextBlob, additional_data, decode, encode, header
from kms_core.errors import IncorrectKeyError, InvalidCiphertextError, ValidationError
from kms_core.hsm.protocol import Sealed
from kms_core.model.key import KeyUsage
from kms_core.model.key_specs import SYMMETRIC_ALGORITHM
from kms_core.service.key_usage import require_algorithm, require_usage
from kms_core.service.parameters import ENCRYPTION_ALGORITHMS, check_choice, check_encryption_context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kms_core.model.key import KeyMetadata
    from kms_core.service.core import Core
    from kms_core.service.open_call import Admitted, OpenCall

_WRONG_KEY = "The key ID in the request does not identify a CMK that can perform this operation."


def check_encryption(
    algorithm: str, pairs: Mapping[str, str] | None, *, member: str = "encryptionAlgorithm"
) -> dict[str, str]:
    """Check an encryption algorithm and its encryption context, and give that.

    Raises:
        ValidationError: no such algorithm, or one that authenticates no context.
    """
    check_choice(member, algorithm, ENCRYPTION_ALGORITHMS)
    checked = check_encryption_context(pairs)
    if checked and algorithm != SYMMETRIC_ALGORITHM:
        raise ValidationError(f"An encryption context cannot be used with the algorithm {algorithm}.")
    return checked


def seal(
    core: Core,
    call: OpenCall,
    admitted: Admitted,
    algorithm: str,
    plaintext: bytes,
    pairs: Mapping[str, str],
) -> bytes:
    """Encrypt under the newest backing key; a dry run ends before a message is counted and encrypted.

    Raises:
        DryRunOperationError: it was only to be tried, and the key could.
        InvalidKeyUsageError: the key does not encrypt, or not by this algorithm.
        ValidationError: the plaintext is too long for an RSA key.
        LimitExceededError: the key has encrypted as much as is safe.
        UnsupportedOperationError: the token could not decrypt it.
    """
    key = admitted.key
    _require_cipher(call, key, algorithm)
    material = core.backing_keys.current(key)
    if algorithm != SYMMETRIC_ALGORITHM:
        _require_room(key.spec, algorithm, plaintext)
        public_key = core.hsm.public_key(admitted.permit, material, algorithm)
        return public_keys.encrypt(public_key, algorithm, plaintext)
    if call.dry_run:
        core.budget.require_left(material.id)
        call.end_dry_run()
    core.budget.spend(material.id)
    aad = additional_data(header(key.key_id, material.id), pairs)
    sealed = core.material.encrypt(admitted.permit, material, plaintext, aad)
    return encode(CiphertextBlob(key.key_id, material.id, sealed.iv, sealed.ciphertext, sealed.tag))


def unseal(
    core: Core,
    call: OpenCall,
    admitted: Admitted,
    algorithm: str,
    ciphertext: bytes | None,
    pairs: Mapping[str, str],
) -> bytes:
    """Decrypt. Where a dry run ignores the ciphertext there is no plaintext either, and only the key counts.

    Raises:
        InvalidCiphertextError: ciphertext and encryption context are not what they were.
        IncorrectKeyError: the ciphertext names another key.
        InvalidKeyUsageError: the key does not decrypt, or not by this algorithm.
        UnsupportedOperationError: the token cannot, or may not.
    """
    key = admitted.key
    if ciphertext is None:
        _require_cipher(call, key, algorithm)
        return b""
    if algorithm != SYMMETRIC_ALGORITHM:
        _require_cipher(call, key, algorithm)
        material = core.backing_keys.current(key)
        with core.turns.waiting():
            return core.hsm.decrypt_oaep(admitted.permit, material, algorithm, ciphertext)
    blob = decode(ciphertext)
    if blob.key_id != key.key_id:
        raise IncorrectKeyError(_WRONG_KEY)
    _require_cipher(call, key, algorithm)
    found = core.backing_keys.find(blob.key_id, blob.backing_key_id)
    if found is None:
        raise InvalidCiphertextError
    aad = additional_data(header(blob.key_id, blob.backing_key_id), pairs)
    return core.material.decrypt(admitted.permit, found, Sealed(blob.iv, blob.ciphertext, blob.tag), aad)


def _require_cipher(call: OpenCall, key: KeyMetadata, algorithm: str) -> None:
    require_usage(call.operation, key, KeyUsage.ENCRYPT_DECRYPT)
    require_algorithm(key, algorithm)


def _require_room(spec: str, algorithm: str, plaintext: bytes) -> None:
    most = public_keys.capacity(spec, algorithm)
    if len(plaintext) > most:
        raise ValidationError(
            f"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {most} bytes."
        )
