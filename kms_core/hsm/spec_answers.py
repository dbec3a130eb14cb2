"""What a token can do with each KeySpec, by trying it: as `capabilities`, with keys that the world knows.

A known key is brought in, wrapped, brought back as calls do it, and used by each algorithm; what comes out is
judged by `cryptography`, which shares no code with the token. An algorithm that fails is not offered, and a
spec without one cannot be made: a list of mechanisms would not say which curves and hashes they take. OAEP
with a hash that the token does not know is tried once more with the padding removed outside.
"""

from __future__ import annotations

import hashlib
import hmac
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass

from kms_core import public_keys
from kms_core.hsm import private_keys
from kms_core.hsm.known_keys import brought_in, known_key
from kms_core.hsm.specs import MAC_MECHANISMS, PAIR_SPECS, PRIVATE_CAPABILITIES, SECRET_SPECS
from kms_core.hsm.stored_keys import NOT_TO_LEAVE, unwrap_private
from kms_core.model.key_specs import ALGORITHMS, MAC_HASHES, RSA_BITS, SIGNING_ALGORITHMS, SigningScheme
from kms_core.public_keys import CURVES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pkcs11.types import Object, Session

    from kms_core.hsm.key_shapes import AgreementKey, DecryptingKey, DomainKey, MacKey, SigningKey

_KNOWN: Final = b"kmsgate: no secret, only a check"
_BITS: Final = 8

_MAY: Final = {
    "ENCRYPT_DECRYPT": Attribute.DECRYPT,
    "SIGN_VERIFY": Attribute.SIGN,
    "KEY_AGREEMENT": Attribute.DERIVE,
}
RIGHT: Final = "right"
OUTSIDE: Final = "right, with the padding removed outside"


@dataclass(frozen=True, slots=True)
class SpecAnswer:
    """What a token said to one algorithm with one spec.

    Attributes:
        spec: the KeySpec.
        algorithm: the algorithm, as the API names it.
        verdict: `RIGHT`, `OUTSIDE`, or why it is not offered.
    """

    spec: str
    algorithm: str
    verdict: str

    @property
    def is_right(self) -> bool:
        """Whether the algorithm can be offered."""
        return self.verdict in {RIGHT, OUTSIDE}


def examine_specs(session: Session, wrap: Mechanism) -> tuple[SpecAnswer, ...]:
    """Try every algorithm with every spec. Never raises: what fails is an answer too.

    Args:
        session: logged in.
        wrap: the mechanism of RFC 5649, as `capabilities` found it.
    """
    trial = _Trial(session, wrap)
    told = tuple(answer for pair in ALGORITHMS for answer in _answers(trial, *pair))
    trial.close()
    return told


def able(answers: Iterable[SpecAnswer]) -> Mapping[str, frozenset[str]]:
    """By KeySpec: the algorithms that were answered well; a spec without one is left out."""
    found: dict[str, frozenset[str]] = {}
    for answer in answers:
        if answer.is_right:
            found[answer.spec] = found.get(answer.spec, frozenset()) | {answer.algorithm}
    return found


def outside(answers: Iterable[SpecAnswer]) -> frozenset[str]:
    """The algorithms whose padding is removed outside the token."""
    return frozenset(answer.algorithm for answer in answers if answer.verdict == OUTSIDE)


class _Trial:
    """A session with a known key that wraps and unwraps."""

    def __init__(self, session: Session, wrap: Mechanism) -> None:
        self._present = session.token.slot.get_mechanisms()
        self._session = session
        self._wrap = wrap
        self._verdicts: dict[tuple[str, str], dict[str, str]] = {}
        self._wrapping = _secret(session, KeyType.AES, _KNOWN, Attribute.WRAP, Attribute.UNWRAP)

    def close(self) -> None:
        self._wrapping.destroy()

    @contextmanager
    def _key(self, spec: str, usage: str) -> Iterator[Object]:
        key = self._made(spec, usage)
        try:
            yield key
        finally:
            key.destroy()

    def makes(self, spec: str) -> bool:
        """Whether the token can generate keys of a spec."""
        if spec not in PAIR_SPECS:
            return Mechanism.GENERIC_SECRET_KEY_GEN in self._present
        facts = PAIR_SPECS[spec]
        if facts.mechanism not in self._present:
            return False
        longest = self._session.token.slot.get_mechanism_info(facts.mechanism).max_key_length
        return facts.bits <= (longest or 0)

    def verdicts(self, spec: str, usage: str) -> dict[str, str]:
        """What the known key of a spec does with each algorithm, tried once."""
        if (spec, usage) not in self._verdicts:
            self._verdicts[spec, usage] = self._tried(spec, usage)
        return self._verdicts[spec, usage]

    def _tried(self, spec: str, usage: str) -> dict[str, str]:
        algorithms = ALGORITHMS[spec, usage]
        try:
            with self._key(spec, usage) as key:
                return {algorithm: _verdict(key, spec, algorithm) for algorithm in algorithms}
        except Exception as error:  # noqa: BLE001 - whatever it is, the token does not do it
            return dict.fromkeys(algorithms, f"failed ({type(error).__name__})")

    def _made(self, spec: str, usage: str) -> Object:
        secret = SECRET_SPECS.get((spec, usage))
        if secret is not None:
            value = _mac_key(spec, usage)
            key = _secret(self._session, secret.key_type, value, Attribute.SIGN, Attribute.EXTRACTABLE)
            return self._domain.unwrap_key(
                ObjectClass.SECRET_KEY,
                secret.key_type,
                self._wrapped(key),
                mechanism=self._wrap,
                capabilities=secret.capabilities,
                template=NOT_TO_LEAVE,
            )
        capability = PRIVATE_CAPABILITIES[usage]
        key = brought_in(self._session, known_key(spec), _MAY[usage])
        facts = PAIR_SPECS[spec]
        if facts.resident:
            return key
        return unwrap_private(self._domain, facts.key_type, self._wrapped(key), self._wrap, capability)

    def _wrapped(self, key: Object) -> bytes:
        try:
            return self._domain.wrap_key(key, mechanism=self._wrap)
        finally:
            key.destroy()

    @property
    def _domain(self) -> DomainKey:
        return cast("DomainKey", self._wrapping)


def _answers(trial: _Trial, spec: str, usage: str) -> Iterator[SpecAnswer]:
    algorithms = ALGORITHMS[spec, usage]
    if spec == "SYMMETRIC_DEFAULT":  # `capabilities` has tried it
        verdicts = dict.fromkeys(algorithms, RIGHT)
    elif not trial.makes(spec):
        verdicts = dict.fromkeys(algorithms, "cannot be generated")
    else:
        verdicts = trial.verdicts(_known_name(spec), usage)
    for algorithm, verdict in verdicts.items():
        yield SpecAnswer(spec, algorithm, verdict)


def _verdict(key: Object, spec: str, algorithm: str) -> str:
    try:
        if algorithm in SIGNING_ALGORITHMS:
            return _signing(cast("SigningKey", key), spec, algorithm)
        if algorithm in MAC_HASHES:
            return _mac(cast("MacKey", key), spec, algorithm)
        if spec in CURVES:
            return _agreement(cast("AgreementKey", key), spec)
        return _oaep(cast("DecryptingKey", key), spec, algorithm)
    except Exception as error:  # noqa: BLE001 - whatever it is, the token does not do it
        return f"failed ({type(error).__name__})"


def _signing(key: SigningKey, spec: str, algorithm: str) -> str:
    facts = SIGNING_ALGORITHMS[algorithm]
    plain = facts.scheme is SigningScheme.ED25519
    signed = _KNOWN if plain else hashlib.new(facts.hash, _KNOWN).digest()
    signature = private_keys.sign(key, algorithm, signed)
    return _judged(public_keys.verify(_public(spec), algorithm, signed, signature))


def _mac(key: MacKey, spec: str, algorithm: str) -> str:
    expected = hmac.digest(_mac_key(spec, "GENERATE_VERIFY_MAC"), _KNOWN, MAC_HASHES[algorithm])
    return _judged(key.sign(_KNOWN, mechanism=MAC_MECHANISMS[algorithm]) == expected)


def _agreement(key: AgreementKey, spec: str) -> str:
    ours, peer = known_key(spec), ec.derive_private_key(1 + int.from_bytes(_KNOWN[1:]), CURVES[spec]())
    assert isinstance(ours, ec.EllipticCurvePrivateKey)  # noqa: S101 - the curves' known keys are
    point = peer.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return _judged(private_keys.agree(key, point) == peer.exchange(ec.ECDH(), ours.public_key()))


def _oaep(key: DecryptingKey, spec: str, algorithm: str) -> str:
    ciphertext = public_keys.encrypt(_public(spec), algorithm, _KNOWN)
    try:
        if private_keys.decrypt_oaep(key, algorithm, ciphertext) == _KNOWN:
            return RIGHT
    except Exception:  # noqa: BLE001, S110 - whatever it is, there is the other way
        pass
    return OUTSIDE if private_keys.decrypt_oaep_outside(key, algorithm, ciphertext) == _KNOWN else "wrong"


def _judged(right: bool) -> str:  # noqa: FBT001 - an answer, not a switch
    return RIGHT if right else "wrong"


def _public(spec: str) -> bytes:
    return (
        known_key(spec)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _known_name(spec: str) -> str:
    """The spec whose known key is tried: one RSA key stands for all lengths."""
    return "RSA_2048" if spec in RSA_BITS else spec


def _mac_key(spec: str, usage: str) -> bytes:
    return (_KNOWN * 2)[: SECRET_SPECS[spec, usage].bits // _BITS]


def _secret(session: Session, key_type: KeyType, value: bytes, *may: Attribute) -> Object:
    return session.create_object(
        {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: key_type,
            Attribute.VALUE: value,
            Attribute.TOKEN: False,
            **dict.fromkeys(may, True),
        }
    )
