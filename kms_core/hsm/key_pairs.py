"""Key pairs: made in the token, to be stored wrapped or resident, or to leave as data key pairs.

Each function runs with its lane's lock held. Public keys are DER-encoded SubjectPublicKeyInfo, private ones
that leave DER-encoded PKCS #8 (RFC 5208), as the API has them.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from pkcs11 import Attribute, MechanismFlag

from kms_core.hsm import pair_blob, resident_keys
from kms_core.hsm.protocol import KeyPair
from kms_core.hsm.specs import PAIR_SPECS, PRIVATE_CAPABILITIES
from kms_core.public_keys import CURVES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
    from pkcs11.types import Object, Session

    from kms_core.hsm.lane import Lane

_ED25519_BYTES: Final = 32
_ONCE: Final[Mapping[Attribute, object]] = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: True}
_READABLE: Final[Mapping[Attribute, object]] = {Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}
_RESIDENT: Final[Mapping[Attribute, object]] = {
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.TOKEN: True,
}
_PUBLIC: Final = {"SIGN_VERIFY": MechanismFlag.VERIFY, "ENCRYPT_DECRYPT": MechanismFlag.ENCRYPT}


def make(lane: Lane, key_id: str, spec: str, usage: str) -> pair_blob.StoredPair:
    """Make a key pair of a KMS key for storing."""
    if PAIR_SPECS[spec].resident:
        return _make_resident(lane, key_id, spec, usage)
    with _generated(lane.session, spec, usage, _ONCE) as (public, private):
        wrapped = lane.token_keys.domain_key.wrap_key(private, mechanism=lane.capabilities.wrap)
        return pair_blob.StoredPair(pair_blob.WRAPPED, wrapped, _public_der(spec, public))


def make_data_key_pair(lane: Lane, spec: str) -> KeyPair:
    """Make a key pair that leaves the token in the clear; the token keeps nothing of it."""
    with _generated(lane.session, spec, "SIGN_VERIFY", _READABLE) as (public, private):
        der = _public_der(spec, public)
        return KeyPair(_private_der(spec, private), der)


def _make_resident(lane: Lane, key_id: str, spec: str, usage: str) -> pair_blob.StoredPair:
    object_id = lane.session.generate_random(resident_keys.ID_BITS)
    template = {**_RESIDENT, Attribute.ID: object_id, Attribute.LABEL: resident_keys.label(key_id)}
    with lane.keeping():
        public, private = _generate(lane.session, spec, usage, template)
        try:
            der = _public_der(spec, public)
        except BaseException:
            private.destroy()
            raise
        finally:
            public.destroy()
    return pair_blob.StoredPair(pair_blob.RESIDENT, object_id, der)


@contextmanager
def _generated(
    session: Session, spec: str, usage: str, template: Mapping[Attribute, object]
) -> Iterator[tuple[Object, Object]]:
    public, private = _generate(session, spec, usage, template)
    try:
        yield public, private
    finally:
        public.destroy()
        private.destroy()


def _generate(
    session: Session, spec: str, usage: str, template: Mapping[Attribute, object]
) -> tuple[Object, Object]:
    facts = PAIR_SPECS[spec]
    make: Callable[..., tuple[Object, Object]]
    if facts.bits:
        make = partial(session.generate_keypair, facts.key_type, facts.bits)
    else:
        curve = {Attribute.EC_PARAMS: facts.curve}
        make = session.create_domain_parameters(facts.key_type, curve, local=True).generate_keypair
    return make(
        mechanism=facts.mechanism,
        store=False,
        capabilities=PRIVATE_CAPABILITIES[usage] | _PUBLIC.get(usage, MechanismFlag(0)),
        private_template=dict(template),
        public_template={Attribute.TOKEN: False},
    )


def _public_der(spec: str, key: Object) -> bytes:
    return _public(spec, key).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _public(spec: str, key: Object) -> PublicKeyTypes:
    if PAIR_SPECS[spec].bits:
        return _rsa_numbers(key).public_key()
    # some tokens give the point as it is, some in a DER octet string
    written: bytes = key[Attribute.EC_POINT]
    if spec in CURVES:
        curve = CURVES[spec]()
        length = 1 + 2 * ((curve.key_size + 7) // 8)
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, written[-length:])
    return ed25519.Ed25519PublicKey.from_public_bytes(written[-_ED25519_BYTES:])


def _private_der(spec: str, key: Object) -> bytes:
    return _private(spec, key).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _private(
    spec: str, key: Object
) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey:
    if PAIR_SPECS[spec].bits:
        numbers = rsa.RSAPrivateNumbers(
            p=_number(key, Attribute.PRIME_1),
            q=_number(key, Attribute.PRIME_2),
            d=_number(key, Attribute.PRIVATE_EXPONENT),
            dmp1=_number(key, Attribute.EXPONENT_1),
            dmq1=_number(key, Attribute.EXPONENT_2),
            iqmp=_number(key, Attribute.COEFFICIENT),
            public_numbers=_rsa_numbers(key),
        )
        return numbers.private_key()
    if spec in CURVES:
        return ec.derive_private_key(_number(key, Attribute.VALUE), CURVES[spec]())
    return ed25519.Ed25519PrivateKey.from_private_bytes(key[Attribute.VALUE])


def _rsa_numbers(key: Object) -> rsa.RSAPublicNumbers:
    return rsa.RSAPublicNumbers(_number(key, Attribute.PUBLIC_EXPONENT), _number(key, Attribute.MODULUS))


def _number(key: Object, attribute: Attribute) -> int:
    return int.from_bytes(key[attribute])
