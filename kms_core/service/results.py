"""What the operations answer. Names follow the API's response elements, in snake_case.

INVARIANT: a plaintext is never in a repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kms_core.model.alias import AliasRecord
    from kms_core.model.key import KeyState
    from kms_core.model.last_use import LastUse
    from kms_core.model.rotation import KeyMaterialState, RotationType
    from policy_engine.model.grant import Grant


@dataclass(frozen=True, slots=True)
class Encrypted:
    """Encrypt's answer; `key_id` is the key's ARN."""

    ciphertext_blob: bytes = field(repr=False)
    key_id: str
    encryption_algorithm: str


@dataclass(frozen=True, slots=True)
class Decrypted:
    """Decrypt's answer; `key_id` is the ARN of the key that the ciphertext was made under."""

    plaintext: bytes = field(repr=False)
    key_id: str
    encryption_algorithm: str


@dataclass(frozen=True, slots=True)
class DataKey:
    """GenerateDataKey's answer: the data key twice, plain and encrypted under the key with ARN `key_id`."""

    ciphertext_blob: bytes = field(repr=False)
    plaintext: bytes = field(repr=False)
    key_id: str


@dataclass(frozen=True, slots=True)
class EncryptedDataKey:
    """GenerateDataKeyWithoutPlaintext's answer."""

    ciphertext_blob: bytes = field(repr=False)
    key_id: str


@dataclass(frozen=True, slots=True)
class ReEncrypted:
    """ReEncrypt's answer; `key_id` is the ARN of the key that the ciphertext is under now."""

    ciphertext_blob: bytes = field(repr=False)
    source_key_id: str
    key_id: str
    source_encryption_algorithm: str
    destination_encryption_algorithm: str


@dataclass(frozen=True, slots=True)
class DataKeyPair:
    """GenerateDataKeyPair's answer: PKCS #8 and SubjectPublicKeyInfo, DER; the private key twice."""

    private_key_ciphertext_blob: bytes = field(repr=False)
    private_key_plaintext: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    key_id: str
    key_pair_spec: str


@dataclass(frozen=True, slots=True)
class EncryptedDataKeyPair:
    """GenerateDataKeyPairWithoutPlaintext's answer."""

    private_key_ciphertext_blob: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    key_id: str
    key_pair_spec: str


@dataclass(frozen=True, slots=True)
class RandomBytes:
    """GenerateRandom's answer."""

    plaintext: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signed:
    """Sign's answer; `key_id` is the key's ARN. ECDSA signatures are DER."""

    key_id: str
    signature: bytes = field(repr=False)
    signing_algorithm: str


@dataclass(frozen=True, slots=True)
class Verified:
    """Verify's answer; a signature that is not valid is an error instead."""

    key_id: str
    signature_valid: bool
    signing_algorithm: str


@dataclass(frozen=True, slots=True)
class PublicKey:
    """GetPublicKey's answer: SubjectPublicKeyInfo, DER, and what the key is for."""

    key_id: str
    public_key: bytes = field(repr=False)
    key_spec: str
    key_usage: str
    encryption_algorithms: tuple[str, ...]
    signing_algorithms: tuple[str, ...]
    key_agreement_algorithms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mac:
    """GenerateMac's answer."""

    key_id: str
    mac: bytes = field(repr=False)
    mac_algorithm: str


@dataclass(frozen=True, slots=True)
class MacVerified:
    """VerifyMac's answer; a code that is not valid is an error instead."""

    key_id: str
    mac_valid: bool
    mac_algorithm: str


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """DeriveSharedSecret's answer."""

    key_id: str
    shared_secret: bytes = field(repr=False)
    key_agreement_algorithm: str
    key_origin: str


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key: its id and its ARN."""

    key_id: str
    key_arn: str


@dataclass(frozen=True, slots=True)
class KeyPage:
    """ListKeys' answer: a page of keys; `next_marker` asks for the next one, where there is one."""

    keys: tuple[ListedKey, ...]
    truncated: bool
    next_marker: str | None = None


@dataclass(frozen=True, slots=True)
class ScheduledDeletion:
    """ScheduleKeyDeletion's answer: the key's ARN, and when it is to be deleted (seconds since 1970)."""

    key_id: str
    deletion_date: float
    key_state: KeyState
    pending_window_in_days: int


@dataclass(frozen=True, slots=True)
class CancelledDeletion:
    """CancelKeyDeletion's answer: the key's ARN."""

    key_id: str


@dataclass(frozen=True, slots=True)
class KeyLastUsage:
    """GetKeyLastUsage's answer; times are seconds since 1970.

    `last_use` is None where no use is known since `tracking_start_date`.
    """

    key_id: str
    last_use: LastUse | None
    tracking_start_date: float
    key_creation_date: float


@dataclass(frozen=True, slots=True)
class AliasPage:
    """ListAliases' answer: a page of aliases; `next_marker` asks for the next one, where there is one."""

    aliases: tuple[AliasRecord, ...]
    truncated: bool
    next_marker: str | None = None


@dataclass(frozen=True, slots=True)
class TagPage:
    """ListResourceTags' answer: a page of tags by name; `next_marker` asks for the next one, if any."""

    tags: Mapping[str, str]
    truncated: bool
    next_marker: str | None = None


@dataclass(frozen=True, slots=True)
class KeyRotationStatus:
    """GetKeyRotationStatus' answer; `key_id` is the key's id. A period and a date has what rotates by itself.

    A rotation on demand is over when its call returns, so there is no OnDemandRotationStartDate.
    """

    key_id: str
    key_rotation_enabled: bool
    rotation_period_in_days: int | None = None
    next_rotation_date: float | None = None


@dataclass(frozen=True, slots=True)
class RotatedKey:
    """RotateKeyOnDemand's answer: the key's id."""

    key_id: str


@dataclass(frozen=True, slots=True)
class ListedRotation:
    """A backing key of the key with id `key_id`; when and why it was made, if by a rotation."""

    key_id: str
    key_material_id: str
    key_material_state: KeyMaterialState
    rotation_date: float | None
    rotation_type: RotationType | None


@dataclass(frozen=True, slots=True)
class RotationPage:
    """ListKeyRotations' answer: a page of rotations; `next_marker` asks for the next one, if there is one."""

    rotations: tuple[ListedRotation, ...]
    truncated: bool
    next_marker: str | None = None


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """GetKeyPolicy's answer: the text as it was put."""

    policy: str
    policy_name: str


@dataclass(frozen=True, slots=True)
class PolicyNames:
    """ListKeyPolicies' answer; it is never truncated."""

    policy_names: tuple[str, ...]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class CreatedGrant:
    """CreateGrant's answer. Whoever holds the token can use the grant at once, so it is not in the repr."""

    grant_id: str
    grant_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ListedGrant:
    """A grant, and the ARN of the key that it is on."""

    key_id: str
    grant: Grant


@dataclass(frozen=True, slots=True)
class GrantPage:
    """What ListGrants and ListRetirableGrants answer: a page of grants.

    `next_marker` asks for the next page, where there is one.
    """

    grants: tuple[ListedGrant, ...]
    truncated: bool
    next_marker: str | None = None
