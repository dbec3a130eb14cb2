"""What a token can do is what it does, not what it lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pkcs11
from pkcs11 import Mechanism

from kms_core.hsm import private_keys, spec_answers
from kms_core.hsm.specs import PAIR_SPECS
from kms_core.model.key_specs import ALGORITHMS

if TYPE_CHECKING:
    import pytest

    from kms_core.hsm.spec_answers import SpecAnswer
    from kms_core.hsm.token import Pkcs11Hsm


def examine(hsm: Pkcs11Hsm) -> dict[tuple[str, str], SpecAnswer]:
    lane = hsm._lanes._lanes[0]
    with hsm._lanes._login.session() as session:
        before = len(list(session.get_objects()))
        answers = spec_answers.examine_specs(session, lane.capabilities.wrap)
        assert len(list(session.get_objects())) == before  # nothing is left in the token
    return {(answer.spec, answer.algorithm): answer for answer in answers}


def test_every_algorithm_of_every_spec_is_tried(hsm: Pkcs11Hsm) -> None:
    answers = examine(hsm)
    assert set(answers) == {(spec, name) for (spec, _), names in ALGORITHMS.items() for name in names}
    wrong = {pair for pair, answer in answers.items() if not answer.is_right}
    assert wrong == {("ECC_NIST_EDWARDS25519", "ED25519_PH_SHA_512")}


def test_a_mechanism_that_fails_takes_its_algorithms_with_it(
    hsm: Pkcs11Hsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise pkcs11.MechanismInvalid

    monkeypatch.setattr(private_keys, "agree", fail)
    answers = examine(hsm)
    assert answers["ECC_NIST_P256", "ECDH"].verdict == "failed (MechanismInvalid)"
    assert answers["ECC_NIST_P256", "ECDSA_SHA_256"].is_right
    assert "ECDH" not in spec_answers.able(answers.values())["ECC_NIST_P256"]


def test_a_wrong_answer_is_no_answer(hsm: Pkcs11Hsm, monkeypatch: pytest.MonkeyPatch) -> None:
    right = private_keys.sign

    def wrong(key: object, algorithm: str, signed: bytes) -> bytes:
        return right(key, algorithm, signed[::-1])  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(private_keys, "sign", wrong)
    answers = examine(hsm)
    assert answers["RSA_2048", "RSASSA_PSS_SHA_256"].verdict == "wrong"
    assert "ECC_SECG_P256K1" not in spec_answers.able(answers.values())


def test_a_spec_that_cannot_be_generated_is_not_offered(
    hsm: Pkcs11Hsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = spec_answers._Trial.__init__

    def without_rsa(self: object, *given: object) -> None:
        original(self, *given)  # type: ignore[arg-type]  # passed on
        self._present -= {Mechanism.RSA_PKCS_KEY_PAIR_GEN}  # type: ignore[attr-defined]  # one of its own

    monkeypatch.setattr(spec_answers._Trial, "__init__", without_rsa)
    able = spec_answers.able(examine(hsm).values())
    assert set(PAIR_SPECS) - set(able) == {"RSA_2048", "RSA_3072", "RSA_4096"}


def test_oaep_is_unpadded_outside_only_where_the_token_cannot(hsm: Pkcs11Hsm) -> None:
    outside = spec_answers.outside(examine(hsm).values())
    assert "RSAES_OAEP_SHA_1" not in outside
    assert outside == hsm._lanes._lanes[0].capabilities.oaep_outside


def test_unpadding_outside_can_be_refused(processes: object) -> None:
    answer = processes.run(  # type: ignore[attr-defined]  # the fixture's own type
        """
        create_token(home, PIN)
        with open_token(home, PIN, oaep_outside=False) as hsm:
            binding = KeyBinding(KEY_ID, "b-1", "RSA_2048", "ENCRYPT_DECRYPT")
            made = hsm.generate_backing_key(permit("kms:CreateKey"), ARN, binding)
            key = BackingKeyRecord("b-1", KEY_ID, "RSA_2048", "ENCRYPT_DECRYPT", made.domain_key_id,
                                   made.blob, made.mac, 0.0)
            hsm.public_key(permit("kms:Encrypt"), key, "RSAES_OAEP_SHA_1")
            for work in (
                lambda: hsm.public_key(permit("kms:Encrypt"), key, "RSAES_OAEP_SHA_256"),
                lambda: hsm.decrypt_oaep(permit("kms:Decrypt"), key, "RSAES_OAEP_SHA_256", bytes(256)),
            ):
                try:
                    work()
                except UnsupportedOperationError as error:
                    print(error.message)
        """
    )
    assert answer.split("\n") == ["RSAES_OAEP_SHA_256 with KeySpec RSA_2048 is not supported here."] * 2
