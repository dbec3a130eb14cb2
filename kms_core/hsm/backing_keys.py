"""What is done with backing keys inside one lane: make, encrypt, sign, and the rest of what an `Hsm` does.

Each function runs with its lane's lock held, and lets the binding's errors through: `lanes` knows what they
mean. Not here: who may (permits), which lane, how a stored key comes back (`stored_keys`), and which
mechanism does what a private key is asked for (`private_keys`).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeVar, cast

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, ObjectClass

from kms_core.errors import InvalidCiphertextError, KMSInternalError, UnsupportedOperationError
from kms_core.hsm import binding as bindings
from kms_core.hsm import key_pairs, pair_blob, private_keys, resident_keys, stored_keys
from kms_core.hsm.faults import UNDECRYPTABLE, is_lost
from kms_core.hsm.protocol import Sealed, WrappedKey
from kms_core.hsm.specs import MAC_MECHANISMS, PAIR_SPECS, SecretSpec, secret_spec
from kms_core.model.key_specs import RSA_BITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.hsm.key_shapes import AgreementKey, CipherKey, DecryptingKey, MacKey, SigningKey
    from kms_core.hsm.lane import Lane
    from kms_core.hsm.protocol import KeyBinding, KeyPair, StoredKey

T = TypeVar("T")

IV_BYTES: Final = 12
TAG_BYTES: Final = 16
_BITS: Final = 8
_log = logging.getLogger(__name__)


def random(lane: Lane, length: int) -> bytes:
    """Draw random bytes in the HSM."""
    return lane.session.generate_random(length * _BITS)


def make(lane: Lane, binding: KeyBinding) -> WrappedKey:
    """Make a key or key pair, wrap and bind it; the token keeps nothing of it but a resident private key."""
    spec = secret_spec(binding.spec, binding.usage)
    _require_able(lane, binding.spec)
    if spec is not None:
        return _bound(lane, binding, _make_secret(lane, spec))
    pair = key_pairs.make(lane, binding.key_id, binding.spec, binding.usage)
    try:
        return _bound(lane, binding, pair_blob.encode(pair))
    except BaseException:
        _destroy_resident(lane, pair)
        raise


def discard(lane: Lane, key: StoredKey) -> None:
    """Forget a key, and destroy what of it lives in the token."""
    lane.handles.evict(key.id)
    if key.spec in PAIR_SPECS:
        _destroy_resident(lane, stored_keys.pair(lane, key))


def discard_unfiled(lane: Lane, key_id: str) -> None:
    """Destroy what lives in the token of a KMS key none of whose backing keys was filed."""
    with lane.keeping():
        for resident in resident_keys.made_for(lane.session, key_id):
            resident.destroy()


def make_data_key_pair(lane: Lane, spec: str) -> KeyPair:
    """Make a key pair that leaves the token in the clear."""
    _require_able(lane, spec)
    return key_pairs.make_data_key_pair(lane, spec)


def encrypt(lane: Lane, key: StoredKey, plaintext: bytes, aad: bytes) -> Sealed:
    """AES-256-GCM with a new random IV."""
    cipher = cast("CipherKey", stored_keys.at_hand(lane, key))
    iv = random(lane, IV_BYTES)
    params = GCMParams(iv, aad, TAG_BYTES * _BITS)
    output = cipher.encrypt(plaintext, mechanism=lane.capabilities.gcm, mechanism_param=params)
    return Sealed(iv, output[:-TAG_BYTES], output[-TAG_BYTES:])


def decrypt(lane: Lane, key: StoredKey, sealed: Sealed, aad: bytes) -> bytes:
    """AES-256-GCM.

    Raises:
        InvalidCiphertextError: the tag is wrong, and the domain key still answers.
        KMSInternalError: the domain key does not.
    """
    if (len(sealed.iv), len(sealed.tag)) != (IV_BYTES, TAG_BYTES):
        raise InvalidCiphertextError
    params = GCMParams(sealed.iv, aad, TAG_BYTES * _BITS)
    cipher = cast("CipherKey", stored_keys.at_hand(lane, key))
    return _decrypted(
        lane,
        lambda: cipher.decrypt(
            sealed.ciphertext + sealed.tag, mechanism=lane.capabilities.gcm, mechanism_param=params
        ),
    )


def decrypt_oaep(lane: Lane, key: StoredKey, algorithm: str, ciphertext: bytes) -> bytes:
    """RSAES-OAEP; where the token cannot remove the padding, it is removed outside.

    Raises:
        InvalidCiphertextError: the ciphertext is not one of this key; no more is said.
        KMSInternalError: the domain key does not answer.
    """
    _require_able(lane, key.spec, algorithm)
    if len(ciphertext) * _BITS != RSA_BITS[key.spec]:
        raise InvalidCiphertextError
    private = cast("DecryptingKey", stored_keys.at_hand(lane, key))
    if algorithm not in lane.capabilities.oaep_outside:
        return _decrypted(lane, lambda: private_keys.decrypt_oaep(private, algorithm, ciphertext))
    plaintext = _decrypted(lane, lambda: private_keys.decrypt_oaep_outside(private, algorithm, ciphertext))
    if plaintext is None:
        raise InvalidCiphertextError
    return plaintext


def public_key(lane: Lane, key: StoredKey, algorithm: str | None) -> bytes:
    """Give the public key of a key pair, and check that the token does what it is wanted for."""
    if algorithm is not None:
        _require_able(lane, key.spec, algorithm)
    return stored_keys.pair(lane, key).public


def sign(lane: Lane, key: StoredKey, algorithm: str, signed: bytes) -> bytes:
    """Sign a digest or, with Ed25519, a message."""
    _require_able(lane, key.spec, algorithm)
    return private_keys.sign(cast("SigningKey", stored_keys.at_hand(lane, key)), algorithm, signed)


def mac(lane: Lane, key: StoredKey, algorithm: str, message: bytes) -> bytes:
    """Give the HMAC of a message."""
    _require_able(lane, key.spec, algorithm)
    secret = cast("MacKey", stored_keys.at_hand(lane, key))
    return secret.sign(message, mechanism=MAC_MECHANISMS[algorithm])


def agree(lane: Lane, key: StoredKey, algorithm: str, point: bytes) -> bytes:
    """Give the secret that is shared with the owner of a point."""
    _require_able(lane, key.spec, algorithm)
    return private_keys.agree(cast("AgreementKey", stored_keys.at_hand(lane, key)), point)


def check_value(lane: Lane) -> bytes:
    """HMAC-SHA-256 over what the domain key makes of a constant: another domain or MAC key, another value."""
    return stored_keys.mac(lane, bindings.check_value(lane.token_keys.current, lane.wrapped_constant))


def checkpoint_mac(lane: Lane, content: bytes) -> bytes:
    """HMAC-SHA-256 over a checkpoint of the audit log."""
    return stored_keys.mac(lane, bindings.checkpoint(content))


def template_is_enforced(lane: Lane) -> bool:
    """Try to bring a key back as one that can leave the token, and say whether the token refuses."""
    key = lane.session.generate_key(KeyType.AES, 256, store=False, template={Attribute.EXTRACTABLE: True})
    try:
        blob = lane.token_keys.domain_key.wrap_key(key, mechanism=lane.capabilities.wrap)
    finally:
        key.destroy()
    try:
        loose = lane.token_keys.domain_key.unwrap_key(
            ObjectClass.SECRET_KEY,
            KeyType.AES,
            blob,
            mechanism=lane.capabilities.wrap,
            capabilities=pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT,
            template={Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True},
        )
    except pkcs11.TemplateInconsistent:
        return True
    loose.destroy()
    return False


def _make_secret(lane: Lane, spec: SecretSpec) -> bytes:
    key = lane.session.generate_key(
        spec.key_type,
        spec.bits,
        store=False,
        capabilities=spec.capabilities,
        template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: True},
    )
    try:
        return lane.token_keys.domain_key.wrap_key(key, mechanism=lane.capabilities.wrap)
    finally:
        key.destroy()


def _bound(lane: Lane, binding: KeyBinding, blob: bytes) -> WrappedKey:
    current = lane.token_keys.current
    return WrappedKey(blob, stored_keys.mac(lane, bindings.backing_key(binding, current, blob)), current)


def _destroy_resident(lane: Lane, pair: pair_blob.StoredPair) -> None:
    if pair.kind != pair_blob.RESIDENT:
        return
    with lane.keeping():
        resident = resident_keys.find(lane.session, pair.private)
        if resident is not None:
            resident.destroy()


def _decrypted(lane: Lane, work: Callable[[], T]) -> T:
    try:
        return work()
    except UNDECRYPTABLE as error:
        if is_lost(error):
            raise
    if not lane.domain_key_answers():
        _log.error("the token's domain key does not answer as it did")
        raise KMSInternalError
    raise InvalidCiphertextError


def _require_able(lane: Lane, spec: str, algorithm: str | None = None) -> None:
    """Check that the token does a spec, and an algorithm with it.

    Raises:
        UnsupportedOperationError: it does not.
    """
    able = lane.capabilities.algorithms.get(spec, frozenset())
    if not able or (algorithm is not None and algorithm not in able):
        what = f"KeySpec {spec}" if algorithm is None else f"{algorithm} with KeySpec {spec}"
        raise UnsupportedOperationError(f"{what} is not supported here.")
