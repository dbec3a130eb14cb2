"""Vectors with secret keys against the `Hsm`, the keys brought into the token for the test.

The limits that valid vectors meet: IVs have 12 bytes (`Sealed`); HMAC keys are exactly as long as the digest, and
the token takes none that is shorter; OAEP has no label in the API.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

import pkcs11
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from kms_core import public_keys
from kms_core.errors import InvalidCiphertextError, KMSInternalError, ValidationError
from kms_core.hsm import Sealed
from tests.kms_core.vectors.wycheproof import Vector, judge, rfc_4231, vectors

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.hsm import Hsm
    from kms_core.hsm.known_keys import PrivateKey
    from kms_core.model.backing_key import BackingKeyRecord
    from kms_core.permit import Permit

    BringIn = Callable[[str, str, bytes | PrivateKey], BackingKeyRecord]
    PermitFor = Callable[..., Permit]

CIPHER = "Cipher/wycheproof/"
CURVES = {
    "ECC_NIST_P256": "secp256r1",
    "ECC_NIST_P384": "secp384r1",
    "ECC_NIST_P521": "secp521r1",
}


def test_aes_gcm(hsm: Hsm, bring_in: BringIn, permit_for: PermitFor) -> None:
    def accepts(case: Vector) -> bool:
        key = bring_in("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", case.bytes("key"))
        sealed = Sealed(case.bytes("iv"), case.bytes("ct"), case.bytes("tag"))
        try:
            return hsm.decrypt(permit_for("kms:Decrypt"), key, sealed, case.bytes("aad")) == case.bytes("msg")
        except InvalidCiphertextError:
            return False

    def limit(case: Vector) -> str:
        return "" if case.group["ivSize"] == 96 else "IV of another length"

    judge("aes_gcm", vectors(CIPHER + "aes_gcm"), accepts, limit)


def test_aes_key_wrap_with_padding(unwrapped_by: Callable[[bytes, bytes], bytes]) -> None:
    def accepts(case: Vector) -> bool:
        try:
            return unwrapped_by(case.bytes("key"), case.bytes("ct")) == case.bytes("msg")
        except pkcs11.PKCS11Error:
            return False

    judge("aes_kwp", vectors(CIPHER + "aes_kwp"), accepts, lambda _: "")


@pytest.mark.parametrize("bits", [224, 256, 384, 512])
def test_hmac(hsm: Hsm, bring_in: BringIn, permit_for: PermitFor, bits: int) -> None:
    cases = [
        Vector(f"rfc-4231-sha{bits}#{number}", "valid", {"key": key.hex(), "msg": message.hex(), "mac": code.hex()}, {})
        for number, (key, message, code) in enumerate(rfc_4231(f"sha{bits}"), 1)
    ]  # fmt: skip

    def accepts(case: Vector) -> bool:
        key = bring_in(f"HMAC_{bits}", "GENERATE_VERIFY_MAC", case.bytes("key"))
        try:
            code = hsm.mac(permit_for("kms:GenerateMac"), key, f"HMAC_SHA_{bits}", case.bytes("msg"))
        except KMSInternalError:
            return False
        return code == case.bytes("mac")

    def limit(case: Vector) -> str:
        # SoftHSM2 2.6 fills a key up with zeros to wrap it; that changes no HMAC but one by a key longer than a block
        length = len(case.bytes("key"))
        filled = length + -length % 8
        if filled < bits // 8:
            return "key shorter than the digest"
        return "key longer than a block, and no multiple of eight" if length > 128 and filled > length else ""

    judge(f"rfc-4231-sha{bits}", cases, accepts, limit)


@pytest.mark.parametrize("bits", [256, 384, 512])
def test_hmac_within_hkdf(hsm: Hsm, bring_in: BringIn, permit_for: PermitFor, bits: int) -> None:
    """RFC 5869: every block of the output is an HMAC under a key as long as the digest, which the token makes."""
    name = f"sha{bits}"

    def accepts(case: Vector) -> bool:
        extracted = hmac.digest(case.bytes("salt") or bytes(bits // 8), case.bytes("ikm"), name)
        key = bring_in(f"HMAC_{bits}", "GENERATE_VERIFY_MAC", extracted)
        output = block = b""
        while len(output) < case.test["size"]:
            number = len(output) // (bits // 8) + 1
            message = block + case.bytes("info") + bytes([number])
            block = hsm.mac(permit_for("kms:GenerateMac"), key, f"HMAC_SHA_{bits}", message)
            output += block
        return output[: case.test["size"]] == case.bytes("okm")

    cases = [case for case in vectors(f"Protocol/wycheproof/hkdf_{name}") if case.result == "valid"]
    judge(f"hkdf_{name}", cases, accepts, lambda _: "")


OAEP = {
    "RSAES_OAEP_SHA_1": ("SHA-1", ["rsa_oaep_2048_sha1_mgf1sha1", "rsa_oaep_misc"]),
    "RSAES_OAEP_SHA_256": (
        "SHA-256",
        [
            "rsa_oaep_2048_sha256_mgf1sha256",
            "rsa_oaep_3072_sha256_mgf1sha256",
            "rsa_oaep_4096_sha256_mgf1sha256",
            "rsa_oaep_misc",
        ],
    ),
}


@pytest.mark.parametrize("algorithm", OAEP)
def test_oaep(hsm: Hsm, bring_in: BringIn, permit_for: PermitFor, algorithm: str) -> None:
    name, files = OAEP[algorithm]
    keys: dict[str, rsa.RSAPrivateKey] = {}

    def wanted(group: dict[str, Any]) -> bool:
        return (group["sha"], group["mgfSha"]) == (name, name) and group["keySize"] in {2048, 3072, 4096}

    def accepts(case: Vector) -> bool:
        written = case.group["privateKeyPkcs8"]
        if written not in keys:
            key = serialization.load_der_private_key(bytes.fromhex(written), None)
            assert isinstance(key, rsa.RSAPrivateKey)
            keys[written] = key
        key = bring_in(f"RSA_{case.group['keySize']}", "ENCRYPT_DECRYPT", keys[written])
        try:
            plaintext = hsm.decrypt_oaep(permit_for("kms:Decrypt"), key, algorithm, case.bytes("ct"))
        except InvalidCiphertextError:
            return False
        return plaintext == case.bytes("msg")

    def limit(case: Vector) -> str:
        return "a label" if case.test["label"] else ""

    judge(algorithm, vectors(*(CIPHER + file for file in files), only=wanted), accepts, limit)


@pytest.mark.parametrize("spec", CURVES)
def test_ecdh(hsm: Hsm, bring_in: BringIn, permit_for: PermitFor, spec: str) -> None:
    keys: dict[str, ec.EllipticCurvePrivateKey] = {}

    def accepts(case: Vector) -> bool:
        written = case.test["private"]
        if written not in keys:
            keys[written] = ec.derive_private_key(int(written, 16), public_keys.CURVES[spec]())
        key = bring_in(spec, "KEY_AGREEMENT", keys[written])
        try:
            point = public_keys.agreement_point(spec, case.bytes("public"))
        except ValidationError:
            return False
        return hsm.agree(permit_for("kms:DeriveSharedSecret"), key, "ECDH", point) == case.bytes("shared")

    judge(
        f"ecdh_{CURVES[spec]}",
        vectors(f"Protocol/wycheproof/ecdh_{CURVES[spec]}"),
        accepts,
        lambda _: "",
    )
