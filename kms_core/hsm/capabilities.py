"""What a token can do, by asking it: its list of mechanisms, then a known answer for each one that is used.

The same mechanism number means different paddings to different makers, so the one for RFC 5649 is chosen by
its answer, never by its name. Answers: AES-256-GCM, McGrew and Viega, "The Galois/Counter Mode of Operation",
test case 16; HMAC-SHA-256, RFC 4231, test case 6; key wrapping, RFC 5649 on the inputs of RFC 3394, section
4.6 (the tests derive the answer anew). RFC 5649's own examples have lengths that are no multiple of eight:
SoftHSM2 2.6 fills such keys with zeros before it wraps them, which no key here needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass

from kms_core.errors import HsmFaultError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pkcs11.types import Object, Session

    from kms_core.hsm.key_shapes import CipherKey, DomainKey, MacKey

_GCM_KEY: Final = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
_GCM_IV: Final = bytes.fromhex("cafebabefacedbaddecaf888")
_GCM_AAD: Final = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
_GCM_PLAINTEXT: Final = bytes.fromhex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
_GCM_ANSWER: Final = bytes.fromhex(
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
)
_HMAC_KEY: Final = b"\xaa" * 131
_HMAC_DATA: Final = b"Test Using Larger Than Block-Size Key - Hash Key First"
_HMAC_ANSWER: Final = bytes.fromhex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
_KWP_KEY: Final = bytes(range(32))
_KWP_DATA: Final = bytes.fromhex("00112233445566778899aabbccddeeff") + bytes(range(16))
_KWP_ANSWER: Final = bytes.fromhex(
    "4a8029243027353b0694cf1bd8fc745bb0ce8a739b19b1960b12426d4c39cfeda926d103ab34e9f6"
)
_KWP_CANDIDATES: Final = (Mechanism.AES_KEY_WRAP_PAD, Mechanism.AES_KEY_WRAP_KWP)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a token said to one known-answer test.

    Attributes:
        name: what was asked for: ``AES-GCM``.
        mechanism: the mechanism that was asked, or that was chosen; None where none answered well.
        detail: one line for a reader.
    """

    name: str
    mechanism: Mechanism | None
    detail: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a token does as it is defined.

    Attributes:
        gcm: AES-256-GCM.
        mac: HMAC-SHA-256.
        wrap: RFC 5649.
        algorithms: by KeySpec, what can be done with keys of it; a spec that is left out cannot be made.
        oaep_outside: the RSA encryption algorithms whose padding is removed outside the token.
    """

    gcm: Mechanism
    mac: Mechanism
    wrap: Mechanism
    algorithms: Mapping[str, frozenset[str]] = field(default_factory=dict)
    oaep_outside: frozenset[str] = frozenset()


def examine(session: Session) -> tuple[Answer, Answer, Answer]:
    """Run the known-answer tests: GCM, HMAC, key wrapping. Never raises: what fails is an answer too."""
    present = session.token.slot.get_mechanisms()
    return (
        _first_right("AES-GCM", present, (Mechanism.AES_GCM,), lambda each: _gcm(session, each)),
        _first_right("HMAC-SHA-256", present, (Mechanism.SHA256_HMAC,), lambda each: _hmac(session, each)),
        _first_right("AES key wrap, padded", present, _KWP_CANDIDATES, lambda each: _kwp(session, each)),
    )


def require(answers: Sequence[Answer]) -> Capabilities:
    """Give the capabilities that `examine` found.

    Raises:
        HsmFaultError: one is missing, without which there is no KMS.
    """
    for answer in answers:
        if answer.mechanism is None:
            raise HsmFaultError(
                f"the PKCS#11 module cannot do {answer.name} ({answer.detail})",
                help="use SoftHSM2 2.6 or newer, or another module that can",
            )
    gcm, mac, wrap = (cast("Mechanism", answer.mechanism) for answer in answers)
    return Capabilities(gcm, mac, wrap)


def _first_right(
    name: str,
    present: Collection[Mechanism],
    candidates: Sequence[Mechanism],
    is_right: Callable[[Mechanism], bool],
) -> Answer:
    told = []
    for candidate in candidates:
        verdict = _verdict(candidate, present, is_right)
        told.append(f"{candidate.name} {verdict}")
        if verdict == "right":
            return Answer(name, candidate, f"{candidate.name} gives the known answer")
    return Answer(name, None, ", ".join(told))


def _verdict(
    candidate: Mechanism, present: Collection[Mechanism], is_right: Callable[[Mechanism], bool]
) -> str:
    if candidate not in present:
        return "absent"
    try:
        return "right" if is_right(candidate) else "wrong"
    except pkcs11.PKCS11Error as error:
        return f"failed ({type(error).__name__})"


def _gcm(session: Session, mechanism: Mechanism) -> bool:
    key = _known(session, KeyType.AES, _GCM_KEY, Attribute.ENCRYPT)
    try:
        params = GCMParams(_GCM_IV, _GCM_AAD, 128)
        cipher = cast("CipherKey", key)
        return cipher.encrypt(_GCM_PLAINTEXT, mechanism=mechanism, mechanism_param=params) == _GCM_ANSWER
    finally:
        key.destroy()


def _hmac(session: Session, mechanism: Mechanism) -> bool:
    key = _known(session, KeyType.GENERIC_SECRET, _HMAC_KEY, Attribute.SIGN)
    try:
        return cast("MacKey", key).sign(_HMAC_DATA, mechanism=mechanism) == _HMAC_ANSWER
    finally:
        key.destroy()


def _kwp(session: Session, mechanism: Mechanism) -> bool:
    wrapping = _known(session, KeyType.AES, _KWP_KEY, Attribute.WRAP)
    wrapped = _known(session, KeyType.GENERIC_SECRET, _KWP_DATA, Attribute.EXTRACTABLE)
    try:
        return cast("DomainKey", wrapping).wrap_key(wrapped, mechanism=mechanism) == _KWP_ANSWER
    finally:
        wrapping.destroy()
        wrapped.destroy()


def _known(session: Session, key_type: KeyType, value: bytes, may: Attribute) -> Object:
    """Make a session key of a published value, which guards nothing."""
    return session.create_object(
        {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: key_type,
            Attribute.VALUE: value,
            Attribute.TOKEN: False,
            may: True,
        }
    )
