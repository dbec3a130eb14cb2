"""What is done with a public key: verify, encrypt, read a peer's. In this process, by `cryptography`.

A public key is no secret, so none of it needs the HSM; that the key is the one that the HSM made is for the
caller to see to (`Hsm.public_key`). Public keys are DER-encoded SubjectPublicKeyInfo (RFC 5280). Signatures
by ECDSA are DER-encoded (RFC 3279, section 2.2.3), as the API has them.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from kms_core.errors import ValidationError
from kms_core.model.key_specs import ENCRYPTION_HASHES, RSA_BITS, SIGNING_ALGORITHMS, SigningScheme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

CURVES: Final[Mapping[str, type[ec.EllipticCurve]]] = {
    "ECC_NIST_P256": ec.SECP256R1,
    "ECC_NIST_P384": ec.SECP384R1,
    "ECC_NIST_P521": ec.SECP521R1,
    "ECC_SECG_P256K1": ec.SECP256K1,
}
"""By KeySpec: the curve."""

_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - RSAES_OAEP_SHA_1 is an algorithm of the API
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_BITS: Final = 8


def verify(public_key: bytes, algorithm: str, signed: bytes, signature: bytes) -> bool:
    """Say whether a signature is good.

    Args:
        public_key: of a spec that has the algorithm.
        algorithm: a SigningAlgorithm of the API.
        signed: the digest; for Ed25519 the message.
        signature: what is to be judged.
    """
    key = serialization.load_der_public_key(public_key)
    facts = SIGNING_ALGORITHMS[algorithm]
    try:
        if isinstance(key, ed25519.Ed25519PublicKey) and facts.scheme is SigningScheme.ED25519:
            key.verify(signature, signed)
        elif isinstance(key, ec.EllipticCurvePublicKey) and facts.scheme is SigningScheme.ECDSA:
            key.verify(signature, signed, ec.ECDSA(Prehashed(_HASHES[facts.hash])))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, _padding(facts.scheme, facts.hash), Prehashed(_HASHES[facts.hash]))
        else:
            raise ValueError(f"no key for {algorithm}")
    except InvalidSignature:
        return False
    return True


def capacity(spec: str, algorithm: str) -> int:
    """The most bytes that an RSA key can encrypt (RFC 8017, section 7.1.1)."""
    digest = hashlib.new(ENCRYPTION_HASHES[algorithm], usedforsecurity=False).digest_size
    return RSA_BITS[spec] // _BITS - 2 * digest - 2


def encrypt(public_key: bytes, algorithm: str, plaintext: bytes) -> bytes:
    """Encrypt under an RSA public key, up to its `capacity`."""
    key = serialization.load_der_public_key(public_key)
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("only RSA keys encrypt")
    digest = _HASHES[ENCRYPTION_HASHES[algorithm]]
    return key.encrypt(plaintext, padding.OAEP(padding.MGF1(digest), digest, label=None))


def agreement_point(spec: str, public_key: bytes) -> bytes:
    """Read a peer's public key for a key agreement: its uncompressed point (SEC 1, section 2.3.3).

    Raises:
        ValidationError: it is no public key, or none on the curve of `spec`.
    """
    key = _loaded(public_key)
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, CURVES[spec]):
        raise ValidationError(f"The public key is not a public key of key spec {spec}.")
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _loaded(public_key: bytes) -> PublicKeyTypes | None:
    try:
        return serialization.load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm):
        return None


def _padding(scheme: SigningScheme, name: str) -> padding.AsymmetricPadding:
    if scheme is SigningScheme.PKCS1:
        return padding.PKCS1v15()
    if scheme is SigningScheme.PSS:
        digest = _HASHES[name]
        return padding.PSS(padding.MGF1(digest), salt_length=digest.digest_size)
    raise ValueError(f"RSA keys do not do {scheme}")
