"""The keys that live in the token itself: the domain key and the key of the bindings' MACs.

* The domain key (AES-256) wraps backing keys and does nothing else: with C_Decrypt it could be made to give
  them away. It cannot be changed, read or exported, and its unwrap template holds for all that it unwraps.
* The MAC key (HMAC-SHA-256) says what a wrapped key belongs to.

They are found by class and label when a session opens. INVARIANT: an empty find is a fault. A token whose
folder cannot be read lists nothing, without an error, so nothing is ever made because it was not found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from pkcs11 import Attribute, KeyType, MechanismFlag, ObjectClass

from kms_core.errors import HsmFaultError
from kms_core.hsm.unwrap_template import UNWRAPPED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pkcs11.types import Object, Session

    from kms_core.hsm.key_shapes import DomainKey, MacKey

DOMAIN_KEY: Final = "kmsgate domain key"
MAC_KEY: Final = "kmsgate binding key"

_BITS: Final = 256
_ID_BITS: Final = 128
_DOMAIN_KEY_IS: Final[Mapping[Attribute, bool]] = {
    Attribute.WRAP: True,
    Attribute.UNWRAP: True,
    Attribute.ENCRYPT: False,
    Attribute.DECRYPT: False,
    Attribute.SIGN: False,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.MODIFIABLE: False,
}


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The token's keys, as one session sees them.

    Attributes:
        domain_keys: by their ids; a stored key names the one that wraps it.
        current: the id of the one that wraps new keys.
        mac_key: for the bindings.
    """

    domain_keys: Mapping[str, DomainKey]
    current: str
    mac_key: MacKey

    @property
    def domain_key(self) -> DomainKey:
        """The one that wraps new keys."""
        return self.domain_keys[self.current]


def create(session: Session) -> None:
    """Make both keys in a token that has none; `session` is logged in, and packs templates.

    Raises:
        pkcs11.PKCS11Error: the token refuses.
    """
    session.generate_key(
        KeyType.AES,
        _BITS,
        id=session.generate_random(_ID_BITS),
        label=DOMAIN_KEY,
        store=True,
        capabilities=MechanismFlag.WRAP | MechanismFlag.UNWRAP,
        template={
            Attribute.EXTRACTABLE: False,
            Attribute.MODIFIABLE: False,
            Attribute.UNWRAP_TEMPLATE: UNWRAPPED,
        },
    )
    session.generate_key(
        KeyType.GENERIC_SECRET,
        _BITS,
        id=session.generate_random(_ID_BITS),
        label=MAC_KEY,
        store=True,
        capabilities=MechanismFlag.SIGN,
        template={Attribute.EXTRACTABLE: False, Attribute.MODIFIABLE: False},
    )


def find(session: Session) -> TokenKeys:
    """Find both keys.

    Raises:
        HsmFaultError: there is not exactly one of each, or the domain key could give keys away.
        pkcs11.PKCS11Error: the token does not answer.
    """
    domain_key = _find_one(session, DOMAIN_KEY)
    for attribute, wanted in _DOMAIN_KEY_IS.items():
        if domain_key[attribute] != wanted:
            raise HsmFaultError(
                f"the token's domain key has {attribute.name} {'unset' if wanted else 'set'}",
                help="put the token back from a backup: this is not the key that was made at first",
            )
    domain_key_id = cast("bytes", domain_key[Attribute.ID]).hex()
    return TokenKeys(
        domain_keys={domain_key_id: cast("DomainKey", domain_key)},
        current=domain_key_id,
        mac_key=cast("MacKey", _find_one(session, MAC_KEY)),
    )


def _find_one(session: Session, label: str) -> Object:
    # the search stays open until it is exhausted, and a second one would fail
    found = list(session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: label}))
    if len(found) != 1:
        raise HsmFaultError(
            f"the token holds {len(found)} keys labelled `{label}`, not one",
            help="check that the token's folder can be read whole, or put it back from a backup",
        )
    return found[0]
