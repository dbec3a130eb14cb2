from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pkcs11
import pytest
from cryptography.hazmat.primitives import keywrap
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pkcs11 import Attribute, Mechanism

from kms_core.errors import HsmFaultError
from kms_core.hsm import capabilities

if TYPE_CHECKING:
    from kms_core.hsm.token import Pkcs11Hsm


@dataclass
class FakeKey:
    """A key that does everything as `cryptography` does, except by the mechanisms that are broken."""

    value: bytes
    broken: frozenset[Mechanism]

    def encrypt(self, data: bytes, *, mechanism: Mechanism, mechanism_param: pkcs11.GCMParams) -> bytes:
        answer = AESGCM(self.value).encrypt(mechanism_param.nonce, data, mechanism_param.aad)
        return self._answer(answer, mechanism)

    def sign(self, data: bytes, *, mechanism: Mechanism) -> bytes:
        return self._answer(hmac.digest(self.value, data, "sha256"), mechanism)

    def wrap_key(self, key: FakeKey, *, mechanism: Mechanism) -> bytes:
        return self._answer(keywrap.aes_key_wrap_with_padding(self.value, key.value), mechanism)

    def destroy(self) -> None:
        self.value = b""

    def _answer(self, right: bytes, mechanism: Mechanism) -> bytes:
        return bytes(len(right)) if mechanism in self.broken else right


ALL = frozenset(
    {Mechanism.AES_GCM, Mechanism.SHA256_HMAC, Mechanism.AES_KEY_WRAP_PAD, Mechanism.AES_KEY_WRAP_KWP}
)


@dataclass
class FakeSession:
    """A session of a module with these mechanisms."""

    present: frozenset[Mechanism] = ALL
    broken: frozenset[Mechanism] = frozenset()
    refused: frozenset[Attribute] = frozenset()
    made: list[FakeKey] = field(default_factory=list)

    @property
    def token(self) -> FakeSession:
        return self

    @property
    def slot(self) -> FakeSession:
        return self

    def get_mechanisms(self) -> frozenset[Mechanism]:
        return self.present

    def create_object(self, template: dict[Attribute, Any]) -> FakeKey:
        if self.refused & set(template):
            raise pkcs11.TemplateIncomplete
        self.made.append(FakeKey(template[Attribute.VALUE], self.broken))
        return self.made[-1]


def answers(session: FakeSession) -> tuple[capabilities.Answer, ...]:
    return capabilities.examine(session)  # type: ignore[arg-type]  # stands in for one


def test_the_known_answers_are_known_elsewhere_too() -> None:
    assert AESGCM(capabilities._GCM_KEY).encrypt(
        capabilities._GCM_IV, capabilities._GCM_PLAINTEXT, capabilities._GCM_AAD
    ) == (capabilities._GCM_ANSWER)
    assert hmac.digest(capabilities._HMAC_KEY, capabilities._HMAC_DATA, "sha256") == capabilities._HMAC_ANSWER
    assert (
        keywrap.aes_key_wrap_with_padding(capabilities._KWP_KEY, capabilities._KWP_DATA)
        == capabilities._KWP_ANSWER
    )


def test_the_token_gives_every_known_answer(hsm: Pkcs11Hsm) -> None:
    with hsm._lanes._login.session() as session:
        found = capabilities.require(capabilities.examine(session))
    assert (found.gcm, found.mac) == (Mechanism.AES_GCM, Mechanism.SHA256_HMAC)
    assert found.wrap in {Mechanism.AES_KEY_WRAP_PAD, Mechanism.AES_KEY_WRAP_KWP}


@pytest.mark.parametrize(
    ("session", "chosen"),
    [
        (FakeSession(), Mechanism.AES_KEY_WRAP_PAD),
        (FakeSession(broken=frozenset({Mechanism.AES_KEY_WRAP_PAD})), Mechanism.AES_KEY_WRAP_KWP),
        (FakeSession(present=ALL - {Mechanism.AES_KEY_WRAP_PAD}), Mechanism.AES_KEY_WRAP_KWP),
        (FakeSession(broken=frozenset({Mechanism.AES_KEY_WRAP_KWP})), Mechanism.AES_KEY_WRAP_PAD),
    ],
)
def test_key_wrapping_is_chosen_by_its_answer(session: FakeSession, chosen: Mechanism) -> None:
    assert capabilities.require(answers(session)).wrap is chosen
    assert all(key.value == b"" for key in session.made)  # nothing is left in the session


@pytest.mark.parametrize(
    ("session", "said"),
    [
        (FakeSession(present=ALL - {Mechanism.AES_GCM}), "AES-GCM (AES_GCM absent)"),
        (FakeSession(broken=frozenset({Mechanism.SHA256_HMAC})), "HMAC-SHA-256 (SHA256_HMAC wrong)"),
        (
            FakeSession(present=frozenset({Mechanism.AES_GCM, Mechanism.SHA256_HMAC})),
            "AES key wrap, padded (AES_KEY_WRAP_PAD absent, AES_KEY_WRAP_KWP absent)",
        ),
        (
            FakeSession(refused=frozenset({Attribute.ENCRYPT})),
            "AES-GCM (AES_GCM failed (TemplateIncomplete))",
        ),
    ],
)
def test_a_module_without_what_is_needed_is_refused(session: FakeSession, said: str) -> None:
    with pytest.raises(HsmFaultError) as raised:
        capabilities.require(answers(session))
    assert raised.value.message == f"the PKCS#11 module cannot do {said}"
