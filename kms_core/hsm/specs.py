"""Which PKCS#11 key stands behind which AWS KeySpec and KeyUsage: tables.

Truth: AWS KMS Developer Guide, "Key spec reference"; curves by their object identifiers (RFC 5480, SEC 2),
the Edwards curve by its name (PKCS #11 v3.0, section 2.3.10). A pair that is not here is answered
UnsupportedOperationException, never done in software.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pkcs11 import KeyType, Mechanism, MechanismFlag
from pkcs11.util.ec import encode_named_curve_parameters

from kms_core.errors import UnsupportedOperationError
from kms_core.model.key_specs import ALGORITHMS, MAC_HASHES, RSA_BITS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class SecretSpec:
    """A secret key: its type, its length in bits, and what it may be used for."""

    key_type: KeyType
    bits: int
    capabilities: MechanismFlag


@dataclass(frozen=True, slots=True)
class PairSpec:
    """A key pair.

    Attributes:
        key_type: RSA, EC or EC_EDWARDS.
        mechanism: what generates it.
        bits: the length of an RSA modulus; 0 for a curve.
        curve: CKA_EC_PARAMS; empty for RSA.
        resident: whether the private key stays in the token as an object of its own. SoftHSM2 2.6 can neither
            wrap nor unwrap a key on an Edwards curve.
    """

    key_type: KeyType
    mechanism: Mechanism
    bits: int = 0
    curve: bytes = b""
    resident: bool = False


_MAC: Final = MechanismFlag.SIGN

SECRET_SPECS: Final[Mapping[tuple[str, str], SecretSpec]] = {
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"): SecretSpec(
        KeyType.AES, 256, MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT
    ),
    ("HMAC_224", "GENERATE_VERIFY_MAC"): SecretSpec(KeyType.GENERIC_SECRET, 224, _MAC),
    ("HMAC_256", "GENERATE_VERIFY_MAC"): SecretSpec(KeyType.GENERIC_SECRET, 256, _MAC),
    ("HMAC_384", "GENERATE_VERIFY_MAC"): SecretSpec(KeyType.GENERIC_SECRET, 384, _MAC),
    ("HMAC_512", "GENERATE_VERIFY_MAC"): SecretSpec(KeyType.GENERIC_SECRET, 512, _MAC),
}


def _rsa(bits: int) -> PairSpec:
    return PairSpec(KeyType.RSA, Mechanism.RSA_PKCS_KEY_PAIR_GEN, bits=bits)


def _curve(name: str) -> PairSpec:
    return PairSpec(KeyType.EC, Mechanism.EC_KEY_PAIR_GEN, curve=encode_named_curve_parameters(name))


PAIR_SPECS: Final[Mapping[str, PairSpec]] = {
    **{spec: _rsa(bits) for spec, bits in RSA_BITS.items()},
    "ECC_NIST_P256": _curve("secp256r1"),
    "ECC_NIST_P384": _curve("secp384r1"),
    "ECC_NIST_P521": _curve("secp521r1"),
    "ECC_SECG_P256K1": _curve("secp256k1"),
    "ECC_NIST_EDWARDS25519": PairSpec(
        KeyType.EC_EDWARDS,
        Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
        curve=b"\x13\x0cedwards25519",
        resident=True,
    ),
}
"""By KeySpec; what the private key may do follows from the KeyUsage."""

PRIVATE_CAPABILITIES: Final[Mapping[str, MechanismFlag]] = {
    "ENCRYPT_DECRYPT": MechanismFlag.DECRYPT,
    "SIGN_VERIFY": MechanismFlag.SIGN,
    "KEY_AGREEMENT": MechanismFlag.DERIVE,
}
"""By KeyUsage: the one thing that a private key may do."""

MAC_MECHANISMS: Final[Mapping[str, Mechanism]] = {
    algorithm: Mechanism[f"{name.upper()}_HMAC"] for algorithm, name in MAC_HASHES.items()
}


def secret_spec(spec: str, usage: str) -> SecretSpec | None:
    """Give the secret key behind a spec and usage; None where a key pair is behind them.

    Raises:
        UnsupportedOperationError: nothing is.
    """
    require_known(spec, usage)
    return SECRET_SPECS.get((spec, usage))


def require_known(spec: str, usage: str) -> None:
    """Check that there are keys of this spec and usage.

    Raises:
        UnsupportedOperationError: there are none.
    """
    if (spec, usage) not in ALGORITHMS:
        raise UnsupportedOperationError(f"KeySpec {spec} with KeyUsage {usage} is not supported here.")
