"""Key pairs and MAC keys in a real token: made, stored, brought back, used, discarded."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pkcs11
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from pkcs11 import Attribute, ObjectClass

from kms_core import public_keys
from kms_core.errors import (
    InvalidCiphertextError,
    KMSInternalError,
    PermitError,
    UnsupportedOperationError,
)
from kms_core.hsm import KeyBinding, pair_blob, stored_keys
from kms_core.hsm.resident_keys import made_for
from kms_core.model.backing_key import BackingKeyRecord
from kms_core.model.key_specs import ALGORITHMS, PAIR_SPECS, SIGNING_ALGORITHMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.hsm import Hsm
    from kms_core.hsm.token import Pkcs11Hsm
    from kms_core.permit import Permit

    PermitFor = Callable[..., Permit]
    Make = Callable[[str, str], BackingKeyRecord]

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"
PAIRS = [(spec, usage) for spec, usage in ALGORITHMS if spec in PAIR_SPECS and "RSA_4" not in spec]
ED25519 = ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY")


@pytest.fixture(scope="session")
def new_record(hsm: Hsm, permit_for: PermitFor) -> Make:
    """Makes a backing key of a spec and usage; a new one each time."""
    count = iter(range(1000))

    def make(spec: str, usage: str) -> BackingKeyRecord:
        binding = KeyBinding(KEY_ID, f"pair-{next(count)}", spec, usage)
        made = hsm.generate_backing_key(permit_for("kms:CreateKey"), ARN, binding)
        return BackingKeyRecord(
            binding.backing_key_id, KEY_ID, spec, usage, made.domain_key_id, made.blob, made.mac, 0.0
        )

    return make


@pytest.fixture(scope="session")
def record(new_record: Make) -> Make:
    """One backing key of each spec and usage for the whole run: RSA keys take their time."""
    made: dict[tuple[str, str], BackingKeyRecord] = {}

    def give(spec: str, usage: str) -> BackingKeyRecord:
        if (spec, usage) not in made:
            made[spec, usage] = new_record(spec, usage)
        return made[spec, usage]

    return give


def _residents(hsm: Pkcs11Hsm) -> int:
    return len(made_for(hsm._lanes._lanes[0].session, KEY_ID))


@pytest.mark.parametrize(("spec", "usage"), PAIRS)
def test_the_public_key_is_one_of_its_spec(
    hsm: Hsm, record: Make, permit_for: PermitFor, spec: str, usage: str
) -> None:
    der = hsm.public_key(permit_for("kms:GetPublicKey"), record(spec, usage))
    key = serialization.load_der_public_key(der)
    if spec.startswith("RSA"):
        assert isinstance(key, rsa.RSAPublicKey)
        assert (key.key_size, key.public_numbers().e) == (int(spec[4:]), 65537)
    elif spec == ED25519[0]:
        assert isinstance(key, ed25519.Ed25519PublicKey)
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert isinstance(key.curve, public_keys.CURVES[spec])


@pytest.mark.parametrize(
    ("spec", "algorithm"),
    [(spec, name) for spec, usage in PAIRS for name in ALGORITHMS[spec, usage] if usage == "SIGN_VERIFY" and "_PH_" not in name],
)  # fmt: skip
def test_what_it_signs_is_verified_outside(
    hsm: Hsm, record: Make, permit_for: PermitFor, spec: str, algorithm: str
) -> None:
    key = record(spec, "SIGN_VERIFY")
    signed = hashlib.new(SIGNING_ALGORITHMS[algorithm].hash, b"message").digest()
    signature = hsm.sign(permit_for("kms:Sign"), key, algorithm, signed)
    public = hsm.public_key(permit_for("kms:Verify"), key, algorithm)
    assert public_keys.verify(public, algorithm, signed, signature)
    assert not public_keys.verify(public, algorithm, signed[::-1], signature)


@pytest.mark.parametrize(
    ("spec", "usage"),
    [(spec, usage) for spec, usage in PAIRS if spec in {"RSA_2048", "ECC_NIST_P256", ED25519[0]}],
)
def test_a_private_key_in_the_token_cannot_leave_it_or_do_anything_else(
    hsm: Pkcs11Hsm, record: Make, spec: str, usage: str
) -> None:
    key = record(spec, usage)
    lane = hsm._lanes._lanes[0]
    with lane.lock:
        from kms_core.hsm.handles import identity  # noqa: PLC0415 - behind the curtain

        held = stored_keys._bring_back(lane, identity(key))
        handle = getattr(held, "_key", held)
        may = {
            "SIGN_VERIFY": Attribute.SIGN,
            "ENCRYPT_DECRYPT": Attribute.DECRYPT,
            "KEY_AGREEMENT": Attribute.DERIVE,
        }
        assert handle[Attribute.SENSITIVE]
        assert not handle[Attribute.EXTRACTABLE]
        assert {each for each in may.values() if handle[each]} == {may[usage]}
        assert not handle[Attribute.UNWRAP]
        with pytest.raises(pkcs11.PKCS11Error):
            _ = handle[Attribute.PRIVATE_EXPONENT if spec == "RSA_2048" else Attribute.VALUE]
        with pytest.raises(pkcs11.PKCS11Error):
            lane.token_keys.domain_key.wrap_key(handle, mechanism=lane.capabilities.wrap)
        held.destroy()


@pytest.mark.parametrize("algorithm", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])
def test_what_was_encrypted_outside_is_decrypted_inside(
    hsm: Hsm, record: Make, permit_for: PermitFor, algorithm: str
) -> None:
    key = record("RSA_2048", "ENCRYPT_DECRYPT")
    public = hsm.public_key(permit_for("kms:Encrypt"), key, algorithm)
    for length in (1, public_keys.capacity("RSA_2048", algorithm)):
        message = bytes(range(length))
        ciphertext = public_keys.encrypt(public, algorithm, message)
        assert hsm.decrypt_oaep(permit_for("kms:Decrypt"), key, algorithm, ciphertext) == message


@pytest.mark.parametrize("algorithm", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])
def test_every_fault_of_an_rsa_ciphertext_is_one_answer(
    hsm: Hsm, record: Make, permit_for: PermitFor, algorithm: str
) -> None:
    key = record("RSA_2048", "ENCRYPT_DECRYPT")
    public = hsm.public_key(permit_for("kms:Encrypt"), key)
    other = "RSAES_OAEP_SHA_256" if algorithm.endswith("_1") else "RSAES_OAEP_SHA_1"
    good = public_keys.encrypt(public, algorithm, b"m")
    wrong = [
        public_keys.encrypt(public, other, b"m"),
        good[:-1] + bytes([good[-1] ^ 1]),
        good[:-1],
        good + b"\0",
        b"",
        bytes(256),
        bytes(255) + b"\1",
        b"\xff" * 256,
    ]
    for each in wrong:
        with pytest.raises(InvalidCiphertextError) as refused:
            hsm.decrypt_oaep(permit_for("kms:Decrypt"), key, algorithm, each)
        assert str(refused.value) == "InvalidCiphertextException"


@pytest.mark.parametrize("spec", [spec for spec, usage in PAIRS if usage == "KEY_AGREEMENT"])
def test_a_secret_is_shared_with_a_peer(hsm: Hsm, record: Make, permit_for: PermitFor, spec: str) -> None:
    key = record(spec, "KEY_AGREEMENT")
    peer = ec.generate_private_key(public_keys.CURVES[spec]())
    ours = serialization.load_der_public_key(pair_blob.decode(key.blob).public)
    der = peer.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    point = public_keys.agreement_point(spec, der)
    assert isinstance(ours, ec.EllipticCurvePublicKey)
    assert hsm.agree(permit_for("kms:DeriveSharedSecret"), key, "ECDH", point) == peer.exchange(
        ec.ECDH(), ours
    )


@pytest.mark.parametrize(
    ("spec", "usage", "operation", "action", "arguments"),
    [
        (*ED25519, "sign", "kms:Sign", ("ED25519_PH_SHA_512", bytes(64))),
        (*ED25519, "public_key", "kms:Verify", ("ED25519_PH_SHA_512",)),
        ("ECC_NIST_P256", "SIGN_VERIFY", "sign", "kms:Sign", ("ECDSA_SHA_384", bytes(48))),
        ("ECC_NIST_P256", "SIGN_VERIFY", "mac", "kms:GenerateMac", ("HMAC_SHA_256", b"m")),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "sign", "kms:Sign", ("RSASSA_PSS_SHA_256", bytes(32))),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "mac", "kms:GenerateMac", ("HMAC_SHA_512", b"m")),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "agree", "kms:DeriveSharedSecret", ("ECDH", b"")),
    ],
)  # fmt: skip
def test_an_algorithm_that_is_not_the_specs_or_the_tokens_is_refused(
    hsm: Hsm,
    record: Make,
    permit_for: PermitFor,
    *,
    spec: str,
    usage: str,
    operation: str,
    action: str,
    arguments: tuple[object, ...],
) -> None:
    with pytest.raises(UnsupportedOperationError):
        getattr(hsm, operation)(permit_for(action), record(spec, usage), *arguments)


@pytest.mark.parametrize(("spec", "usage"), [("ECC_NIST_P256", "SIGN_VERIFY"), ED25519])
def test_a_changed_record_gives_no_public_key_and_signs_nothing(
    hsm: Hsm, record: Make, permit_for: PermitFor, spec: str, usage: str
) -> None:
    key = record(spec, usage)
    algorithm = ALGORITHMS[spec, usage][0]
    place = len(key.blob) - 1
    changed = [
        replace(key, blob=key.blob[:place] + bytes([key.blob[place] ^ 1])),
        replace(key, blob=record("ECC_NIST_P384", "SIGN_VERIFY").blob),
        replace(key, spec="ECC_NIST_P521" if spec != "ECC_NIST_P521" else spec),
        replace(key, mac=bytes(32)),
    ]
    for each in changed:
        with pytest.raises((KMSInternalError, UnsupportedOperationError)):
            hsm.public_key(permit_for("kms:GetPublicKey"), each)
        with pytest.raises((KMSInternalError, UnsupportedOperationError)):
            hsm.sign(permit_for("kms:Sign"), each, algorithm, bytes(32))


class TestResidentKeys:
    def test_letting_go_of_one_leaves_it_in_the_token(
        self, hsm: Pkcs11Hsm, record: Make, permit_for: PermitFor
    ) -> None:
        key = record(*ED25519)
        first = hsm.sign(permit_for("kms:Sign"), key, "ED25519_SHA_512", b"m")
        hsm.evict(permit_for("kms:DisableKey"), key)
        assert hsm.sign(permit_for("kms:Sign"), key, "ED25519_SHA_512", b"m") == first

    def test_one_that_is_discarded_is_gone(
        self, hsm: Pkcs11Hsm, new_record: Make, permit_for: PermitFor
    ) -> None:
        before = _residents(hsm)
        key = new_record(*ED25519)
        hsm.sign(permit_for("kms:Sign"), key, "ED25519_SHA_512", b"m")
        assert _residents(hsm) == before + 1
        for _ in range(2):
            hsm.discard(permit_for("internal:DiscardKeyMaterial"), key)
        assert _residents(hsm) == before
        with pytest.raises(KMSInternalError):
            hsm.sign(permit_for("kms:Sign"), key, "ED25519_SHA_512", b"m")

    def test_one_that_was_never_filed_is_found_by_its_key(
        self, hsm: Pkcs11Hsm, new_record: Make, permit_for: PermitFor
    ) -> None:
        other = f"{ARN[:-1]}c"
        binding = KeyBinding(other.rpartition("/")[2], "unfiled", *ED25519)
        kept, before = new_record(*ED25519), _residents(hsm)
        hsm.generate_backing_key(permit_for("kms:CreateKey", other), other, binding)
        session = hsm._lanes._lanes[0].session
        assert len(made_for(session, binding.key_id)) == 1
        with pytest.raises(PermitError):
            hsm.discard_unfiled(permit_for("kms:CreateKey"), binding.key_id)
        for action in ("kms:CreateKey", "internal:DiscardKeyMaterial"):
            hsm.discard_unfiled(permit_for(action, other), binding.key_id)
            assert made_for(session, binding.key_id) == []
        assert _residents(hsm) == before
        assert hsm.sign(permit_for("kms:Sign"), kept, "ED25519_SHA_512", b"m")

    def test_a_pair_that_cannot_be_bound_leaves_nothing(
        self, hsm: Pkcs11Hsm, new_record: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise pkcs11.FunctionFailed

        before = _residents(hsm)
        monkeypatch.setattr("kms_core.hsm.backing_keys.bindings.backing_key", fail)
        with pytest.raises(KMSInternalError):
            new_record(*ED25519)
        assert _residents(hsm) == before

    def test_other_pairs_leave_nothing_in_the_token(self, hsm: Pkcs11Hsm, new_record: Make) -> None:
        session = hsm._lanes._lanes[0].session
        wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}
        before = len(list(session.get_objects(wanted)))
        new_record("ECC_NIST_P256", "SIGN_VERIFY")
        assert len(list(session.get_objects(wanted))) == before


def test_a_resident_key_survives_the_process_that_made_it(processes: object) -> None:
    made = processes.run(  # type: ignore[attr-defined]  # the fixture's own type
        """
        create_token(home, PIN)
        with open_token(home, PIN) as hsm:
            binding = KeyBinding(KEY_ID, "b-1", "ECC_NIST_EDWARDS25519", "SIGN_VERIFY")
            made = hsm.generate_backing_key(permit("kms:CreateKey"), ARN, binding)
            print(made.domain_key_id, made.blob.hex(), made.mac.hex())
        """
    )
    signed = processes.run(  # type: ignore[attr-defined]  # the fixture's own type
        f"""
        domain, blob, mac = "{made}".split()
        key = BackingKeyRecord("b-1", KEY_ID, "ECC_NIST_EDWARDS25519", "SIGN_VERIFY", domain,
                               bytes.fromhex(blob), bytes.fromhex(mac), 0.0)
        with open_token(home, PIN) as hsm:
            print(hsm.sign(permit("kms:Sign"), key, "ED25519_SHA_512", b"m").hex())
        """
    )
    public = pair_blob.decode(bytes.fromhex(made.split()[1])).public
    assert public_keys.verify(public, "ED25519_SHA_512", b"m", bytes.fromhex(signed))
