"""What is done with backing keys inside one lane: make, bring back, encrypt, decrypt.

Each function runs with its lane's lock held, and lets the binding's errors through: `lanes` knows what they
mean. Not here: who may (permits), and which lane.
"""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING, Final, cast

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, ObjectClass

from kms_core.errors import InvalidCiphertextError, KMSInternalError
from kms_core.hsm import binding as bindings
from kms_core.hsm.faults import UNDECRYPTABLE, is_lost
from kms_core.hsm.handles import identity
from kms_core.hsm.protocol import KeyBinding, Sealed, WrappedKey
from kms_core.hsm.specs import secret_spec

if TYPE_CHECKING:
    from kms_core.hsm.handles import KeyIdentity
    from kms_core.hsm.key_shapes import CipherKey
    from kms_core.hsm.lane import Lane
    from kms_core.hsm.protocol import StoredKey

IV_BYTES: Final = 12
TAG_BYTES: Final = 16
_BITS: Final = 8
_log = logging.getLogger(__name__)


def random(lane: Lane, length: int) -> bytes:
    """Draw random bytes in the HSM."""
    return lane.session.generate_random(length * _BITS)


def make(lane: Lane, binding: KeyBinding) -> WrappedKey:
    """Make a key, wrap and bind it; the token keeps nothing of it."""
    spec = secret_spec(binding.spec, binding.usage)
    key = lane.session.generate_key(
        spec.key_type,
        spec.bits,
        store=False,
        capabilities=spec.capabilities,
        template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: True},
    )
    try:
        blob = lane.token_keys.domain_key.wrap_key(key, mechanism=lane.capabilities.wrap)
    finally:
        key.destroy()
    current = lane.token_keys.current
    return WrappedKey(blob, _mac(lane, bindings.backing_key(binding, current, blob)), current)


def encrypt(lane: Lane, key: StoredKey, plaintext: bytes, aad: bytes) -> Sealed:
    """AES-256-GCM with a new random IV."""
    iv = random(lane, IV_BYTES)
    params = GCMParams(iv, aad, TAG_BYTES * _BITS)
    output = _at_hand(lane, key).encrypt(plaintext, mechanism=lane.capabilities.gcm, mechanism_param=params)
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
    cipher = _at_hand(lane, key)
    try:
        return cipher.decrypt(
            sealed.ciphertext + sealed.tag, mechanism=lane.capabilities.gcm, mechanism_param=params
        )
    except UNDECRYPTABLE as error:
        if is_lost(error):
            raise
    if not lane.domain_key_answers():
        _log.error("the token's domain key does not answer as it did")
        raise KMSInternalError
    raise InvalidCiphertextError


def check_value(lane: Lane) -> bytes:
    """HMAC-SHA-256 over what the domain key makes of a constant: another domain or MAC key, another value."""
    return _mac(lane, bindings.check_value(lane.token_keys.current, lane.wrapped_constant))


def checkpoint_mac(lane: Lane, content: bytes) -> bytes:
    """HMAC-SHA-256 over a checkpoint of the audit log."""
    return _mac(lane, bindings.checkpoint(content))


def _at_hand(lane: Lane, key: StoredKey) -> CipherKey:
    wanted = identity(key)
    return lane.handles.get(wanted) or _bring_back(lane, wanted)


def _bring_back(lane: Lane, key: KeyIdentity) -> CipherKey:
    binding = KeyBinding(key.key_id, key.id, key.spec, key.usage)
    expected = _mac(lane, bindings.backing_key(binding, key.domain_key_id, key.blob))
    # INVARIANT: nothing is unwrapped that was not bound to this owner and use
    if not hmac.compare_digest(expected, key.mac) or key.domain_key_id not in lane.token_keys.domain_keys:
        _log.error("the stored backing key `%s` of the key `%s` is not what was stored", key.id, key.key_id)
        raise KMSInternalError
    spec = secret_spec(key.spec, key.usage)
    unwrapped = lane.token_keys.domain_keys[key.domain_key_id].unwrap_key(
        ObjectClass.SECRET_KEY,
        spec.key_type,
        key.blob,
        mechanism=lane.capabilities.wrap,
        capabilities=spec.capabilities,
        template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
    )
    cipher = cast("CipherKey", unwrapped)
    lane.handles.put(key, cipher)
    return cipher


def template_is_enforced(lane: Lane) -> bool:
    """Try to bring a key back as one that can leave the token, and say whether the token refuses."""
    key = lane.session.generate_key(KeyType.AES, 256, store=False, template={Attribute.EXTRACTABLE: True})
    try:
        blob = lane.token_keys.domain_key.wrap_key(key, mechanism=lane.capabilities.wrap)
    finally:
        key.destroy()
    spec = secret_spec("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    try:
        loose = lane.token_keys.domain_key.unwrap_key(
            ObjectClass.SECRET_KEY,
            spec.key_type,
            blob,
            mechanism=lane.capabilities.wrap,
            capabilities=spec.capabilities,
            template={Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True},
        )
    except pkcs11.TemplateInconsistent:
        return True
    loose.destroy()
    return False


def _mac(lane: Lane, data: bytes) -> bytes:
    return lane.token_keys.mac_key.sign(data, mechanism=lane.capabilities.mac)
