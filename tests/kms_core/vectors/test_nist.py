"""NIST's vectors (CAVP, from `cryptography-vectors`) against Verify's function and the token.

The limits that valid vectors meet: tags have 16 bytes (`Sealed`); PSS has salts as long as the digest, and NIST's
have ten bytes; SoftHSM2 fills a secret up with zeros to wrap it. Of the files only what KMS has is read: AES-256
with IVs of 12 bytes, its RSA moduli, its curves each with its hash. And no ECDH in which our own pair is broken
(CAVP's cases 5 to 7): ours is made in the token, of one private key.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pkcs11
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from kms_core import public_keys
from kms_core.errors import InvalidCiphertextError, ValidationError
from kms_core.hsm import Sealed
from kms_core.hsm.known_keys import known_key
from kms_core.model.key_specs import RSA_BITS, SIGNING_ALGORITHMS
from tests.kms_core.vectors.nist import SECTION, responses
from tests.kms_core.vectors.wycheproof import Vector, judge, sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.hsm import Hsm
    from kms_core.hsm.known_keys import PrivateKey
    from kms_core.model.backing_key import BackingKeyRecord
    from kms_core.permit import Permit

    BringIn = Callable[[str, str, bytes | PrivateKey], BackingKeyRecord]
    PermitFor = Callable[..., Permit]

_DER = serialization.Encoding.DER
_SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
TAG_BITS = "128"


@pytest.mark.parametrize(
    ("file", "whole"), [("gcmEncryptExtIV256", True), ("gcmDecrypt256", True), ("gcmDecrypt256", False)]
)
def test_aes_gcm(hsm: Hsm, bring_in: BringIn, permit_for: PermitFor, file: str, whole: bool) -> None:
    """With whole tags; and with tags cut off, which are easier to guess: good as they are, none is taken."""

    def accepts(case: Vector) -> bool:
        key = bring_in("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", case.bytes("Key"))
        sealed = Sealed(case.bytes("IV"), case.bytes("CT"), case.bytes("Tag"))
        try:
            plaintext = hsm.decrypt(permit_for("kms:Decrypt"), key, sealed, case.bytes("AAD"))
        except InvalidCiphertextError:
            return False
        return case.result == "invalid" or plaintext == case.bytes("PT")

    cases = [
        case
        for case in responses(f"ciphers/AES/GCM/{file}.rsp", "Tag")
        if case.group["IVlen"] == "96" and (case.group["Taglen"] == TAG_BITS) is whole
    ]
    limit = "" if whole else "tag of another length"
    judge(f"nist {file}" + ("" if whole else " cut tags"), sample(cases), accepts, lambda _: limit)


def test_key_wrap_with_padding(wrapped_by: Callable[[bytes, bytes], bytes]) -> None:
    def accepts(case: Vector) -> bool:
        return wrapped_by(case.bytes("K"), case.bytes("P")) == case.bytes("C")

    def limit(case: Vector) -> str:
        return "no multiple of eight bytes" if len(case.bytes("P")) % 8 else ""

    judge("nist KWP_AE_256", sample(responses("keywrap/kwtestvectors/KWP_AE_256.txt", "C")), accepts, limit)


def test_key_unwrap_with_padding(unwrapped_by: Callable[[bytes, bytes], bytes]) -> None:
    def accepts(case: Vector) -> bool:
        try:
            secret = unwrapped_by(case.bytes("K"), case.bytes("C"))
        except pkcs11.PKCS11Error:
            return False
        return case.result == "invalid" or secret == case.bytes("P")

    judge(
        "nist KWP_AD_256",
        sample(responses("keywrap/kwtestvectors/KWP_AD_256.txt", "C")),
        accepts,
        lambda _: "",
    )


HASHES = {"SHA256": "SHA_256", "SHA384": "SHA_384", "SHA512": "SHA_512"}
SCHEMES = {"SigVer15": "RSASSA_PKCS1_V1_5", "SigVerPSS": "RSASSA_PSS"}


@pytest.mark.parametrize("file", SCHEMES)
def test_rsa_signatures(file: str) -> None:
    def accepts(case: Vector) -> bool:
        numbers = rsa.RSAPublicNumbers(int(case.test["e"], 16), int(case.group["n"], 16))
        algorithm = f"{SCHEMES[file]}_{HASHES[case.test['SHAAlg']]}"
        digest = hashlib.new(SIGNING_ALGORITHMS[algorithm].hash, case.bytes("Msg")).digest()
        return public_keys.verify(
            numbers.public_key().public_bytes(_DER, _SPKI), algorithm, digest, case.bytes("S")
        )

    def limit(case: Vector) -> str:
        salted = file == "SigVerPSS" and len(case.bytes("SaltVal")) == 10
        return "salt shorter than the digest" if salted else ""

    cases = [
        case
        for case in responses(f"asymmetric/RSA/FIPS_186-2/{file}_186-3.rsp", "S")
        if case.test["SHAAlg"] in HASHES and int(case.group["mod"]) in RSA_BITS.values()
    ]
    judge(f"nist {file}", sample(cases), accepts, limit)


def _public_key(spec: str, x: str, y: str) -> bytes:
    """Of a point that may be off the curve: as the known key of the spec is written, but for the point."""
    known = known_key(spec).public_key()
    assert isinstance(known, ec.EllipticCurvePublicKey)
    size = -(-known.curve.key_size // 8)
    return known.public_bytes(_DER, _SPKI)[: -2 * size] + b"".join(
        int(part, 16).to_bytes(size) for part in (x, y)
    )


ECDSA = {
    "P-256,SHA-256": ("ECC_NIST_P256", "ECDSA_SHA_256"),
    "P-384,SHA-384": ("ECC_NIST_P384", "ECDSA_SHA_384"),
    "P-521,SHA-512": ("ECC_NIST_P521", "ECDSA_SHA_512"),
}


def test_ecdsa_signatures() -> None:
    def accepts(case: Vector) -> bool:
        spec, algorithm = ECDSA[case.group[SECTION]]
        digest = hashlib.new(SIGNING_ALGORITHMS[algorithm].hash, case.bytes("Msg")).digest()
        signature = encode_dss_signature(int(case.test["R"], 16), int(case.test["S"], 16))
        return public_keys.verify(
            _public_key(spec, case.test["Qx"], case.test["Qy"]), algorithm, digest, signature
        )

    found = responses("asymmetric/ECDSA/FIPS_186-3/SigVer.rsp", "R")
    judge(
        "nist ECDSA", sample([case for case in found if case.group[SECTION] in ECDSA]), accepts, lambda _: ""
    )


ECDH = {"EC - SHA256": "ECC_NIST_P256", "ED - SHA384": "ECC_NIST_P384", "EE - SHA512": "ECC_NIST_P521"}
OUR_PAIR = ("F (5 ", "F (6 ", "F (7 ")


def test_ecdh(hsm: Hsm, bring_in: BringIn, permit_for: PermitFor) -> None:
    def accepts(case: Vector) -> bool:
        spec = ECDH[case.group[SECTION]]
        try:
            point = public_keys.agreement_point(
                spec, _public_key(spec, case.test["QsCAVSx"], case.test["QsCAVSy"])
            )
        except ValidationError:
            return False
        private = ec.derive_private_key(int(case.test["dsIUT"], 16), public_keys.CURVES[spec]())
        key = bring_in(spec, "KEY_AGREEMENT", private)
        return hsm.agree(permit_for("kms:DeriveSharedSecret"), key, "ECDH", point) == case.bytes("Z")

    found = [
        case
        for role in ("init", "resp")
        for case in responses(f"asymmetric/ECDH/KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_{role}.fax", "Z")
    ]
    wanted = [
        case for case in found if case.group[SECTION] in ECDH and not case.test["Result"].startswith(OUR_PAIR)
    ]
    judge("nist ECDH", sample(wanted), accepts, lambda _: "")
