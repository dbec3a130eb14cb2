"""What is done with private keys inside the token: sign, decrypt, agree. The mechanisms, as tables.

Digests are made outside and signed inside: not every token hashes and signs in one go. Functions take a
binding's key, so that the known-answer tests (`spec_answers`) try exactly what calls use. Truth: RFC 8017
(RSA), SEC 1 (ECDSA, ECDH), RFC 8032 (Ed25519); PKCS #11 v3.0, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11 import KDF, MGF, Attribute, KeyType, Mechanism

from kms_core.errors import UnsupportedOperationError
from kms_core.hsm import oaep
from kms_core.model.key_specs import ENCRYPTION_HASHES, SIGNING_ALGORITHMS, SigningScheme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kms_core.hsm.key_shapes import AgreementKey, DecryptingKey, SigningKey

_HASHES: Final[Mapping[str, tuple[Mechanism, MGF, int]]] = {
    "sha1": (Mechanism.SHA_1, MGF.SHA1, 20),
    "sha256": (Mechanism.SHA256, MGF.SHA256, 32),
    "sha384": (Mechanism.SHA384, MGF.SHA384, 48),
    "sha512": (Mechanism.SHA512, MGF.SHA512, 64),
}
"""By hash: its mechanism, its mask generation function, the length of its digest."""

_DIGEST_INFO: Final[Mapping[str, bytes]] = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
"""By hash: what stands before the digest in a DigestInfo (RFC 8017, section 9.2, note 1)."""

_BITS: Final = 8


def sign(key: SigningKey, algorithm: str, signed: bytes) -> bytes:
    """Sign a digest or, with Ed25519, a message."""
    facts = SIGNING_ALGORITHMS[algorithm]
    if facts.scheme is SigningScheme.PKCS1:
        return key.sign(_DIGEST_INFO[facts.hash] + signed, mechanism=Mechanism.RSA_PKCS)
    if facts.scheme is SigningScheme.PSS:
        return key.sign(signed, mechanism=Mechanism.RSA_PKCS_PSS, mechanism_param=_HASHES[facts.hash])
    if facts.scheme is SigningScheme.ECDSA:
        return _der(key.sign(signed, mechanism=Mechanism.ECDSA))
    if facts.scheme is SigningScheme.ED25519:
        return key.sign(signed, mechanism=Mechanism.EDDSA)
    raise UnsupportedOperationError(f"{algorithm} is not supported here.")


def decrypt_oaep(key: DecryptingKey, algorithm: str, ciphertext: bytes) -> bytes:
    """Decrypt, with the padding removed inside the token."""
    mechanism, mask, _ = _HASHES[ENCRYPTION_HASHES[algorithm]]
    return key.decrypt(ciphertext, mechanism=Mechanism.RSA_PKCS_OAEP, mechanism_param=(mechanism, mask, None))


def decrypt_oaep_outside(key: DecryptingKey, algorithm: str, ciphertext: bytes) -> bytes | None:
    """Decrypt, with the padding removed in this process, see `oaep`; None where it is wrong."""
    block = key.decrypt(ciphertext, mechanism=Mechanism.RSA_X_509)
    return oaep.unpad(block.rjust(len(ciphertext), b"\0"), ENCRYPTION_HASHES[algorithm])


def agree(key: AgreementKey, point: bytes) -> bytes:
    """Give the shared secret with the owner of an uncompressed point: the x coordinate, at full length."""
    length = (len(point) - 1) // 2
    secret = key.derive_key(
        KeyType.GENERIC_SECRET,
        length * _BITS,
        mechanism=Mechanism.ECDH1_DERIVE,
        mechanism_param=(KDF.NULL, None, point),
        template={Attribute.TOKEN: False, Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True},
    )
    try:
        value: bytes = secret[Attribute.VALUE]
        return value
    finally:
        secret.destroy()


def _der(signature: bytes) -> bytes:
    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
