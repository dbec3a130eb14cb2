"""What the core asks of an HSM, whatever its make: the `Hsm` protocol and the values that cross it.

INVARIANT: every operation takes a `Permit` first and checks it before anything else; `PERMITTED` says which
actions open which operation. Not here: sessions, mechanisms, how a token is found (the rooms beside it); what
a ciphertext looks like to a user (`kms_core.ciphertext`); authorization (the gate).

Backing keys follow the design of AWS KMS (AWS KMS Cryptographic Details, "Internal key hierarchies"): made in
the HSM, exported only wrapped under a domain key that never leaves it, and brought back for use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kms_core.permit import Permit

CHECK_ACTION: Final = "internal:CheckToken"
EVICT_ACTION: Final = "internal:EvictKeyMaterial"
CHECKPOINT_ACTION: Final = "internal:SignCheckpoint"
DISCARD_ACTION: Final = "internal:DiscardKeyMaterial"
MARKERS_ACTION: Final = "internal:DeriveMarkerKey"
ROTATE_ACTION: Final = "internal:RotateKeyMaterial"

_DATA_KEY: Final = ("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")
_DATA_KEY_PAIR: Final = ("kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext")

PERMITTED: Final[Mapping[str, frozenset[str]]] = {
    "random": frozenset({"kms:GenerateRandom", *_DATA_KEY}),
    "generate_backing_key": frozenset({"kms:CreateKey", "kms:RotateKeyOnDemand", ROTATE_ACTION}),
    "generate_data_key_pair": frozenset(_DATA_KEY_PAIR),
    "encrypt": frozenset({"kms:Encrypt", "kms:ReEncryptTo", *_DATA_KEY, *_DATA_KEY_PAIR}),
    "decrypt": frozenset({"kms:Decrypt", "kms:ReEncryptFrom"}),
    "decrypt_oaep": frozenset({"kms:Decrypt", "kms:ReEncryptFrom"}),
    "public_key": frozenset({"kms:GetPublicKey", "kms:Verify", "kms:Encrypt", "kms:ReEncryptTo"}),
    "sign": frozenset({"kms:Sign"}),
    "mac": frozenset({"kms:GenerateMac", "kms:VerifyMac"}),
    "agree": frozenset({"kms:DeriveSharedSecret"}),
    "discard": frozenset({DISCARD_ACTION}),
    "discard_unfiled": frozenset({"kms:CreateKey", DISCARD_ACTION}),
    "check_value": frozenset({CHECK_ACTION}),
    "checkpoint_mac": frozenset({CHECKPOINT_ACTION}),
    "marker_key": frozenset({MARKERS_ACTION}),
    "evict": frozenset({"kms:DisableKey", "kms:ScheduleKeyDeletion", EVICT_ACTION}),
}
"""Which actions a permit may be for, for each operation of an `Hsm`."""


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """What a wrapped backing key belongs to; its MAC covers all of it, and the domain key's id.

    Attributes:
        key_id: the KMS key's id, the last part of its ARN.
        backing_key_id: this backing key's own id.
        spec: AWS's KeySpec, ``SYMMETRIC_DEFAULT``.
        usage: AWS's KeyUsage, ``ENCRYPT_DECRYPT``.
    """

    key_id: str
    backing_key_id: str
    spec: str
    usage: str


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A backing key as it may be stored: usable only in the HSM that has the domain key.

    Attributes:
        blob: the key, wrapped under the domain key (RFC 5649); of a key pair the public key with it.
        mac: HMAC-SHA-256 over the binding, the domain key's id and the blob, by a key of the HSM.
        domain_key_id: which domain key wraps it.
    """

    blob: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    domain_key_id: str


class StoredKey(Protocol):
    """A backing key as a store gives it back: its binding and its wrapped form, by their names."""

    @property
    def id(self) -> str:
        """The backing key's own id."""
        ...

    @property
    def key_id(self) -> str:
        """The id of the KMS key it belongs to."""
        ...

    @property
    def spec(self) -> str:
        """AWS's KeySpec."""
        ...

    @property
    def usage(self) -> str:
        """AWS's KeyUsage."""
        ...

    @property
    def domain_key_id(self) -> str:
        """Which domain key wraps it."""
        ...

    @property
    def blob(self) -> bytes:
        """The key, wrapped."""
        ...

    @property
    def mac(self) -> bytes:
        """What holds all of this together."""
        ...


class Sealed(NamedTuple):
    """What AES-256-GCM gives: a 12-byte IV that the HSM drew, the ciphertext, and a 16-byte tag."""

    iv: bytes
    ciphertext: bytes
    tag: bytes


class KeyPair(NamedTuple):
    """A data key pair: the private key as PKCS #8, the public key as SubjectPublicKeyInfo, both DER."""

    private: bytes
    public: bytes

    def __repr__(self) -> str:
        return "KeyPair(...)"


class Hsm(Protocol):
    """An open token. Safe for use by several threads; not across a fork.

    Every operation may raise `PermitError` (the permit does not cover it), `KMSInternalError` (the HSM does
    not answer, or stored material is not what it was; nothing was done) and `HsmFaultError` (used in a forked
    process, or after `close`).
    """

    def random(self, permit: Permit, length: int) -> bytes:
        """Draw `length` (at least 1) random bytes."""
        ...

    def generate_backing_key(self, permit: Permit, key_arn: str, binding: KeyBinding) -> WrappedKey:
        """Make a new key and give it back wrapped.

        The permit is for `key_arn`, which CreateKey chooses before its key exists.

        Raises:
            UnsupportedOperationError: this token cannot make keys of that spec and usage.
        """
        ...

    def encrypt(self, permit: Permit, key: StoredKey, plaintext: bytes, aad: bytes) -> Sealed:
        """Encrypt under a backing key, with a new random IV; `aad` is authenticated, not encrypted."""
        ...

    def decrypt(self, permit: Permit, key: StoredKey, sealed: Sealed, aad: bytes) -> bytes:
        """Give the plaintext back.

        Raises:
            InvalidCiphertextError: key, IV, ciphertext, tag and `aad` do not belong together.
        """
        ...

    def generate_data_key_pair(self, permit: Permit, spec: str) -> KeyPair:
        """Make a key pair that leaves the HSM in the clear; nothing of it stays.

        Raises:
            UnsupportedOperationError: this token cannot make pairs of that spec.
        """
        ...

    def decrypt_oaep(self, permit: Permit, key: StoredKey, algorithm: str, ciphertext: bytes) -> bytes:
        """Decrypt what was encrypted under an RSA public key.

        Raises:
            InvalidCiphertextError: it was not, or not by this algorithm; one answer for every fault.
            UnsupportedOperationError: this token cannot, or may not.
        """
        ...

    def public_key(self, permit: Permit, key: StoredKey, algorithm: str | None = None) -> bytes:
        """Give the public key of a key pair, as it was when the HSM made it, for use with `algorithm`.

        Raises:
            UnsupportedOperationError: this token does not do its part of the algorithm.
        """
        ...

    def sign(self, permit: Permit, key: StoredKey, algorithm: str, signed: bytes) -> bytes:
        """Sign a digest or, with Ed25519, a message; `algorithm` is a SigningAlgorithm of the API.

        Raises:
            UnsupportedOperationError: this token cannot do that with a key of that spec.
        """
        ...

    def mac(self, permit: Permit, key: StoredKey, algorithm: str, message: bytes) -> bytes:
        """Give the HMAC of a message.

        Raises:
            UnsupportedOperationError: this token cannot do that with a key of that spec.
        """
        ...

    def agree(self, permit: Permit, key: StoredKey, algorithm: str, point: bytes) -> bytes:
        """Give the secret that is shared with a peer: `point` is its uncompressed public key, on the curve.

        Raises:
            UnsupportedOperationError: this token cannot do that with a key of that spec.
        """
        ...

    def discard(self, permit: Permit, key: StoredKey) -> None:
        """Forget a backing key whose record is about to be deleted.

        A key that the record holds wrapped is gone with the record; one that lives in the HSM is destroyed.
        """
        ...

    def discard_unfiled(self, permit: Permit, key_id: str) -> None:
        """Destroy what lives in the HSM of a KMS key that was being made, and has no record of a backing key.

        INVARIANT: the caller has made sure that nobody goes on making it; a record that is filed after this
        would name what is no longer there.
        """
        ...

    def check_value(self, permit: Permit) -> bytes:
        """32 bytes that are the same as long as the token's own keys are the same, and say nothing of them.

        A store keeps it, and compares it at each start: another value is another or a damaged token.
        """
        ...

    def checkpoint_mac(self, permit: Permit, content: bytes) -> bytes:
        """32 bytes that only this token can make of a checkpoint of the audit log."""
        ...

    def marker_key(self, permit: Permit) -> bytes:
        """32 bytes that only this token can make, the same each time; they leave it, for page markers."""
        ...

    def evict(self, permit: Permit, key: StoredKey) -> None:
        """Drop a backing key from the HSM's memory, where it is there; its wrapped form stays usable."""
        ...

    def close(self) -> None:
        """Log out and let go of the token; a second time does nothing. Takes no permit: it touches no key."""
        ...
