"""What a key of each KeySpec and KeyUsage can do, as tables: the algorithms, and what they are made of.

Not how a token does it (`hsm`), and not whether this one can. Truth: the key spec reference of the developer
guide, https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html, and the
enumerations of the API model. A pair that is not in `ALGORITHMS` cannot be made.

The tables are keyed by the API's words, which are also the values of `key.KeySpec` and `key.KeyUsage`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SYMMETRIC_ALGORITHM: Final = "SYMMETRIC_DEFAULT"
"""The one encryption algorithm of a symmetric encryption key, as the API spells it: AES-256-GCM."""

KEY_AGREEMENT_ALGORITHM: Final = "ECDH"

_RSA_ENCRYPTION: Final = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")
_RSA_SIGNING: Final = (
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
)
_AGREEMENT: Final = (KEY_AGREEMENT_ALGORITHM,)

ALGORITHMS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"): (SYMMETRIC_ALGORITHM,),
    ("RSA_2048", "ENCRYPT_DECRYPT"): _RSA_ENCRYPTION,
    ("RSA_2048", "SIGN_VERIFY"): _RSA_SIGNING,
    ("RSA_3072", "ENCRYPT_DECRYPT"): _RSA_ENCRYPTION,
    ("RSA_3072", "SIGN_VERIFY"): _RSA_SIGNING,
    ("RSA_4096", "ENCRYPT_DECRYPT"): _RSA_ENCRYPTION,
    ("RSA_4096", "SIGN_VERIFY"): _RSA_SIGNING,
    ("ECC_NIST_P256", "SIGN_VERIFY"): ("ECDSA_SHA_256",),
    ("ECC_NIST_P256", "KEY_AGREEMENT"): _AGREEMENT,
    ("ECC_NIST_P384", "SIGN_VERIFY"): ("ECDSA_SHA_384",),
    ("ECC_NIST_P384", "KEY_AGREEMENT"): _AGREEMENT,
    ("ECC_NIST_P521", "SIGN_VERIFY"): ("ECDSA_SHA_512",),
    ("ECC_NIST_P521", "KEY_AGREEMENT"): _AGREEMENT,
    ("ECC_SECG_P256K1", "SIGN_VERIFY"): ("ECDSA_SHA_256",),
    ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY"): ("ED25519_SHA_512", "ED25519_PH_SHA_512"),
    ("HMAC_224", "GENERATE_VERIFY_MAC"): ("HMAC_SHA_224",),
    ("HMAC_256", "GENERATE_VERIFY_MAC"): ("HMAC_SHA_256",),
    ("HMAC_384", "GENERATE_VERIFY_MAC"): ("HMAC_SHA_384",),
    ("HMAC_512", "GENERATE_VERIFY_MAC"): ("HMAC_SHA_512",),
}
"""By KeySpec and KeyUsage: what the key can do, as DescribeKey and GetPublicKey list it."""

UNSUPPORTED_SPECS: Final = frozenset(
    {"SM2", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87", "ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"}
)
"""Specs of the API that no key here can have: no token does them, and nothing is done in plain software."""

RSA_BITS: Final[Mapping[str, int]] = {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}

ENCRYPTION_HASHES: Final[Mapping[str, str]] = {"RSAES_OAEP_SHA_1": "sha1", "RSAES_OAEP_SHA_256": "sha256"}
"""By RSA encryption algorithm: the hash of OAEP and of its mask (RFC 8017), as `hashlib` names it."""

MAC_HASHES: Final[Mapping[str, str]] = {
    "HMAC_SHA_384": "sha384",
    "HMAC_SHA_256": "sha256",
    "HMAC_SHA_224": "sha224",
    "HMAC_SHA_512": "sha512",
}
"""By MAC algorithm; in the order in which the service lists them."""


class SigningScheme(StrEnum):
    """How a signature is made of a digest or, for Ed25519, of a message."""

    PKCS1 = "RSASSA-PKCS1-v1_5"
    PSS = "RSASSA-PSS"
    ECDSA = "ECDSA"
    ED25519 = "Ed25519"
    ED25519PH = "Ed25519ph"


@dataclass(frozen=True, slots=True)
class SigningAlgorithm:
    """A scheme with its hash, as `hashlib` names it. PSS has salts as long as the digest."""

    scheme: SigningScheme
    hash: str


SIGNING_ALGORITHMS: Final[Mapping[str, SigningAlgorithm]] = {
    "RSASSA_PSS_SHA_256": SigningAlgorithm(SigningScheme.PSS, "sha256"),
    "RSASSA_PSS_SHA_384": SigningAlgorithm(SigningScheme.PSS, "sha384"),
    "RSASSA_PSS_SHA_512": SigningAlgorithm(SigningScheme.PSS, "sha512"),
    "RSASSA_PKCS1_V1_5_SHA_256": SigningAlgorithm(SigningScheme.PKCS1, "sha256"),
    "RSASSA_PKCS1_V1_5_SHA_384": SigningAlgorithm(SigningScheme.PKCS1, "sha384"),
    "RSASSA_PKCS1_V1_5_SHA_512": SigningAlgorithm(SigningScheme.PKCS1, "sha512"),
    "ECDSA_SHA_256": SigningAlgorithm(SigningScheme.ECDSA, "sha256"),
    "ECDSA_SHA_384": SigningAlgorithm(SigningScheme.ECDSA, "sha384"),
    "ECDSA_SHA_512": SigningAlgorithm(SigningScheme.ECDSA, "sha512"),
    "ED25519_SHA_512": SigningAlgorithm(SigningScheme.ED25519, "sha512"),
    "ED25519_PH_SHA_512": SigningAlgorithm(SigningScheme.ED25519PH, "sha512"),
}

UNSUPPORTED_ALGORITHMS: Final = frozenset({"SM2DSA", "ML_DSA_SHAKE_256", "SM2PKE"})
"""Algorithms of the API that no key here has."""

PAIR_SPECS: Final = (
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "ECC_NIST_EDWARDS25519",
)
"""The asymmetric ones; what GenerateDataKeyPair makes too."""
