"""Key pairs that the whole world knows, with which a token is tried. They guard nothing.

Nothing in the service reaches this: it takes a session of the token.
"""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from pkcs11 import Attribute, KeyType, ObjectClass
from pkcs11.util.ec import decode_ec_private_key
from pkcs11.util.rsa import decode_rsa_private_key

from kms_core.hsm.specs import PAIR_SPECS
from kms_core.public_keys import CURVES

if TYPE_CHECKING:
    from pkcs11.types import Object, Session

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_SEED: Final = b"kmsgate: no secret, only a check"
_RSA_2048: Final = (
    "MIIEowIBAAKCAQEApc4J68sJpXsbbQ2pKHy56fb4N9b4P9QJC0SEGloOQBNYcUepGgqq60Uttze5KGzOtzBlQXcM4oZmoJFmQvm8"
    "0HG/dAVtb5QF223Bqv2/ilgkK/Eo577nd5nQGg3mPcv5OrvDRZBDSjapqc2+mXI2/Cx2jf1ffcdSefRXP6RN6+lNxRt+OMaNe/60"
    "XxnQBOGgr5W8RXSyU1kD0wUTDIWaYC/t7B/+wGXI1tXTFVMnae6UQpxS5fphcfNh4Rz98xqm42AocBePzkFFIzKLitcrc0D37Ogd"
    "qBPqRSDn/mHvlViQQgE2Bks3gzyIRxMF5wx82wOhYWP8W8Ws0tCB+sqTpQIDAQABAoIBAB2c7AayD7n/f8l9bB3wEOBpnLGUcmgr"
    "/aWGijWOqgblraEl1FzzVM2KYHzdtfMzY8QyH5OOqL14lbHN5j7GDeQIvNIC+iW4gUdMlg9tHJ2f2m4Ct3SUkxC4ZwOQQfP9jzjf"
    "OiQdfPcvRiQuvAD59joZ0t7PRxPW2rMvYbnbJZOhoH5+LjdOfP0xJ5fynAGz+ICi/+1a06llpaQxbAtTYoQIHZLPaysAMDkREE3D"
    "GbVAmoMMukDjvVdS0yOa950jcG29QW0i0vW84sa5PgEJ2BbWWeOypfvUx1oq/WYGs83Bx5eOrjxADIz1WiNVlTfghAA+WSbRvInk"
    "AbsJY1bmNOECgYEA6Mu48HwtM1msHZxpX2j3I4GwYNuJLh+65+PkeP7s2i7VBIXjiU/QvaA7yNSVkMZHQmUGOpeCvcOTNSRTlfIY"
    "8Oa8hbkpSHvEA94Yxl5rAqRKGY37rp5PChJediecSZJ0lIxgibBUjFqRjWAKoX2rekkTW+dH7y0f7va1WC1L1j0CgYEAtlTmfGHi"
    "ddoDkt1/pY1I5s2LD7BIy7ycW80HcedKiyWCVPZo8eBmm1Zq8ZYShmzWi187eg5t4T8i3DiNaMn6ZMEMMnxmBSwLHvDlnSS6K6ME"
    "EBUee0aCjxR18w1s6+w9xyVngca+/UjG0duDS45eXccDBy9Klcvug8T8YfB0cYkCgYBaxk2oIJOziUzvAvWnyZNM2h4/tntIbAEC"
    "uT922tjavxY7PEYcXe4kcx280wA7QsW4oxIJuNi3TFLTjwW024FUNnTeo/PwGqq1Y14/w8NwdUWbr1yrm3lwkPcalZmAqsYgwphG"
    "OGbPj+VfvkqG7Cz4cxREauwG3I6uLK9L4eXHdQKBgHTVDiOhbUTq/+M5vzNLxuztxC+3W84A+4fvZtfbxu5GiK78fd6PVfAvfbNz"
    "4Eb2srr3uNrLKClvFV1bd3EwCxxIfxJSl+S0hiO7ZMY+5HRVrqLHhZKkacBY8gNeFO9Pn35eP2bu/S67VXrfV9AwV9NrVEtkSDyY"
    "Qit5K+dt9o9RAoGBAI3e0pPS9tWlrAyuJGtBxssr6rNWRNY8/TYFkMl8P06Bl2/gUKZ/Pl7nIQacoo4jHHe76/5fxfP0U0rhjjIp"
    "7CwGpGb07sFp8TYy31VOgVq+zK7v0jzd3IyaP+m346BG8XDgAKeQUb2w0L1lFUSoP46r0EU+bqS7zwQKi0UbOQW9"
)
"""RSAPrivateKey of RFC 8017, DER."""


@cache
def known_key(spec: str) -> PrivateKey:
    """The known key of a spec; of RSA there is one, of 2,048 bits."""
    if spec in CURVES:
        return ec.derive_private_key(int.from_bytes(_SEED) >> 1, CURVES[spec]())
    if PAIR_SPECS[spec].bits:
        der = base64.b64decode(_RSA_2048)
        key = serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - it stands above
        return key
    return ed25519.Ed25519PrivateKey.from_private_bytes(_SEED)


def brought_in(session: Session, key: PrivateKey, capability: Attribute) -> Object:
    """Make a session object of a private key, which can leave again."""
    template = {
        **_template(key),
        Attribute.TOKEN: False,
        Attribute.EXTRACTABLE: True,
        Attribute.SENSITIVE: False,
        capability: True,
    }
    return session.create_object(template)


def _template(key: PrivateKey) -> dict[Attribute, object]:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {
            Attribute.CLASS: ObjectClass.PRIVATE_KEY,
            Attribute.KEY_TYPE: KeyType.EC_EDWARDS,
            Attribute.EC_PARAMS: PAIR_SPECS["ECC_NIST_EDWARDS25519"].curve,
            Attribute.VALUE: key.private_bytes_raw(),
        }
    der = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    if isinstance(key, rsa.RSAPrivateKey):
        return decode_rsa_private_key(der, 0)
    return decode_ec_private_key(der)
