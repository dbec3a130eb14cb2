"""Backing keys as they are stored, brought back for use inside one lane.

INVARIANT: nothing of a stored key is used, not even its public part, before its MAC was verified. Each
function runs with its lane's lock held. Not here: how they are made (`backing_keys`, `key_pairs`) and what is
done with them.
"""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING, Final, cast

from pkcs11 import Attribute, KeyType, ObjectClass
from pkcs11.constants import DEFAULT

from kms_core.errors import KMSInternalError
from kms_core.hsm import binding as bindings
from kms_core.hsm import pair_blob
from kms_core.hsm.handles import identity
from kms_core.hsm.protocol import KeyBinding
from kms_core.hsm.resident_keys import ResidentKey, find
from kms_core.hsm.specs import PAIR_SPECS, PRIVATE_CAPABILITIES, secret_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pkcs11 import Mechanism, MechanismFlag
    from pkcs11.types import Key

    from kms_core.hsm.handles import KeyIdentity
    from kms_core.hsm.key_shapes import DomainKey, HeldKey
    from kms_core.hsm.lane import Lane
    from kms_core.hsm.protocol import StoredKey

NOT_TO_LEAVE: Final[Mapping[Attribute, bool]] = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
"""What every key is that was brought back."""

# the binding adds these to what it unwraps, and a private key has none of them
_NOT_OF_PRIVATE_KEYS: Final = (Attribute.ENCRYPT, Attribute.WRAP, Attribute.VERIFY)
_log = logging.getLogger(__name__)


def mac(lane: Lane, data: bytes) -> bytes:
    """Give the MAC that binds a stored key to what it belongs to."""
    return lane.token_keys.mac_key.sign(data, mechanism=lane.capabilities.mac)


def at_hand(lane: Lane, key: StoredKey) -> HeldKey:
    """Give the handle of a stored key, brought back if it is not kept.

    Raises:
        KMSInternalError: the record is not what was stored.
    """
    wanted = identity(key)
    kept = lane.handles.get(wanted)
    if kept is None:
        kept = _bring_back(lane, wanted)
        lane.handles.put(wanted, kept)
    return kept


def pair(lane: Lane, key: StoredKey) -> pair_blob.StoredPair:
    """Give the parts of a stored key pair.

    Raises:
        KMSInternalError: the record is not what was stored.
    """
    wanted = identity(key)
    _require_bound(lane, wanted)
    return pair_blob.decode(wanted.blob)


def unwrap_private(
    domain_key: DomainKey, key_type: KeyType, blob: bytes, mechanism: Mechanism, capability: MechanismFlag
) -> Key:
    """Unwrap a private key that cannot leave, and can do one thing."""
    return domain_key.unwrap_key(
        ObjectClass.PRIVATE_KEY,
        key_type,
        blob,
        mechanism=mechanism,
        capabilities=capability,
        template={**NOT_TO_LEAVE, **dict.fromkeys(_NOT_OF_PRIVATE_KEYS, DEFAULT)},
    )


def _bring_back(lane: Lane, key: KeyIdentity) -> HeldKey:
    _require_bound(lane, key)
    domain_key = lane.token_keys.domain_keys[key.domain_key_id]
    spec = secret_spec(key.spec, key.usage)
    if spec is None:
        return _bring_pair_back(lane, key, domain_key)
    unwrapped = domain_key.unwrap_key(
        ObjectClass.SECRET_KEY,
        spec.key_type,
        key.blob,
        mechanism=lane.capabilities.wrap,
        capabilities=spec.capabilities,
        template=NOT_TO_LEAVE,
    )
    return cast("HeldKey", unwrapped)


def _bring_pair_back(lane: Lane, key: KeyIdentity, domain_key: DomainKey) -> HeldKey:
    stored = pair_blob.decode(key.blob)
    if stored.kind == pair_blob.RESIDENT:
        resident = find(lane.session, stored.private)
        if resident is None:
            _log.error("the token does not hold the backing key `%s` of the key `%s`", key.id, key.key_id)
            raise KMSInternalError
        return ResidentKey(resident)
    unwrapped = unwrap_private(
        domain_key,
        PAIR_SPECS[key.spec].key_type,
        stored.private,
        lane.capabilities.wrap,
        PRIVATE_CAPABILITIES[key.usage],
    )
    return cast("HeldKey", unwrapped)


def _require_bound(lane: Lane, key: KeyIdentity) -> None:
    binding = KeyBinding(key.key_id, key.id, key.spec, key.usage)
    expected = mac(lane, bindings.backing_key(binding, key.domain_key_id, key.blob))
    if not hmac.compare_digest(expected, key.mac) or key.domain_key_id not in lane.token_keys.domain_keys:
        _log.error("the stored backing key `%s` of the key `%s` is not what was stored", key.id, key.key_id)
        raise KMSInternalError
