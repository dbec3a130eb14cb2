"""A KMS key as DescribeKey shows it, and the names of what it can be.

Not the key's material (`backing_key`) and not its policy. Spelling and meaning:
https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kms_core.model.key_specs import ALGORITHMS

if TYPE_CHECKING:
    from kms_core.model.rotation import RotationSchedule


class KeyState(StrEnum):
    """Where a key stands in its life; what it may do there is `key_states`."""

    CREATING = "Creating"
    ENABLED = "Enabled"
    DISABLED = "Disabled"
    PENDING_DELETION = "PendingDeletion"
    PENDING_REPLICA_DELETION = "PendingReplicaDeletion"
    PENDING_IMPORT = "PendingImport"
    UNAVAILABLE = "Unavailable"
    UPDATING = "Updating"


class KeyUsage(StrEnum):
    """What a key is for: one purpose, chosen when it is made."""

    ENCRYPT_DECRYPT = "ENCRYPT_DECRYPT"
    SIGN_VERIFY = "SIGN_VERIFY"
    GENERATE_VERIFY_MAC = "GENERATE_VERIFY_MAC"
    KEY_AGREEMENT = "KEY_AGREEMENT"


class KeySpec(StrEnum):
    """The kind of key material; what each can do is in `key_specs`."""

    SYMMETRIC_DEFAULT = "SYMMETRIC_DEFAULT"
    RSA_2048 = "RSA_2048"
    RSA_3072 = "RSA_3072"
    RSA_4096 = "RSA_4096"
    ECC_NIST_P256 = "ECC_NIST_P256"
    ECC_NIST_P384 = "ECC_NIST_P384"
    ECC_NIST_P521 = "ECC_NIST_P521"
    ECC_SECG_P256K1 = "ECC_SECG_P256K1"
    ECC_NIST_EDWARDS25519 = "ECC_NIST_EDWARDS25519"
    HMAC_224 = "HMAC_224"
    HMAC_256 = "HMAC_256"
    HMAC_384 = "HMAC_384"
    HMAC_512 = "HMAC_512"


class KeyOrigin(StrEnum):
    """Where the material comes from. AWS_KMS means that this service made it, in its HSM.

    The others are imported material, a custom key store and an external one; no operation makes such keys.
    """

    AWS_KMS = "AWS_KMS"
    EXTERNAL = "EXTERNAL"
    AWS_CLOUDHSM = "AWS_CLOUDHSM"
    EXTERNAL_KEY_STORE = "EXTERNAL_KEY_STORE"


class KeyManager(StrEnum):
    """Who rules over the key."""

    AWS = "AWS"
    CUSTOMER = "CUSTOMER"


@dataclass(frozen=True, slots=True)
class KeyMetadata:
    """What is known of a key besides its material and its policy.

    Attributes:
        key_id: its id, a UUID.
        arn: its ARN.
        account: the account that owns it.
        creation_date: seconds since 1970.
        description: the owner's words.
        state: where it stands in its life.
        usage: what it is for.
        spec: the kind of material.
        origin: where the material comes from.
        manager: who rules over it.
        multi_region: whether it is a multi-Region key.
        current_backing_key_id: the backing key that new ciphertext is made with; rotation moves it on, and
            the older ones stay for decryption. None while the key is being made.
        deletion_date: when it is to be deleted, in seconds since 1970; None unless that is pending.
        uses_known_since: since when its last use is kept.
        rotation: when it rotates by itself; None where that is not enabled. The rotations that there were
            are kept beside the key (`store.rotation`): no other call needs them.
    """

    key_id: str
    arn: str
    account: str
    creation_date: float
    description: str = ""
    state: KeyState = KeyState.CREATING
    usage: KeyUsage = KeyUsage.ENCRYPT_DECRYPT
    spec: KeySpec = KeySpec.SYMMETRIC_DEFAULT
    origin: KeyOrigin = KeyOrigin.AWS_KMS
    manager: KeyManager = KeyManager.CUSTOMER
    multi_region: bool = False
    current_backing_key_id: str | None = None
    deletion_date: float | None = None
    uses_known_since: float = 0.0
    rotation: RotationSchedule | None = None

    @property
    def enabled(self) -> bool:
        """Whether it can be used in cryptographic operations; `Updating` counts, as the service has it."""
        return self.state in {KeyState.ENABLED, KeyState.UPDATING}

    @property
    def encryption_algorithms(self) -> tuple[str, ...]:
        """The algorithms that it can encrypt with."""
        return self._algorithms(KeyUsage.ENCRYPT_DECRYPT)

    @property
    def signing_algorithms(self) -> tuple[str, ...]:
        """The algorithms that it can sign with."""
        return self._algorithms(KeyUsage.SIGN_VERIFY)

    @property
    def mac_algorithms(self) -> tuple[str, ...]:
        """The algorithms that it can make message authentication codes with."""
        return self._algorithms(KeyUsage.GENERATE_VERIFY_MAC)

    @property
    def key_agreement_algorithms(self) -> tuple[str, ...]:
        """The algorithms that it can derive shared secrets with."""
        return self._algorithms(KeyUsage.KEY_AGREEMENT)

    def _algorithms(self, usage: KeyUsage) -> tuple[str, ...]:
        return ALGORITHMS.get((self.spec, self.usage), ()) if self.usage is usage else ()
