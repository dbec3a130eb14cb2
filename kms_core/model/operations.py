"""The operations of the core, as a table: what each is authorised as, and what it asks of its key.

Not how an operation works (`service`). Facts: the KMS permissions reference,
https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html, and each
operation's page of the API reference. Which of them work across accounts is in the engine's catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from kms_core.model.key import KeyUsage
from policy_engine.calls.operations import OPERATIONS
from policy_engine.catalog.actions import ACTIONS


class Operation(StrEnum):
    """An API operation, as AWS names it."""

    CREATE_KEY = "CreateKey"
    DESCRIBE_KEY = "DescribeKey"
    ENCRYPT = "Encrypt"
    DECRYPT = "Decrypt"
    RE_ENCRYPT = "ReEncrypt"
    GENERATE_DATA_KEY = "GenerateDataKey"
    GENERATE_DATA_KEY_WITHOUT_PLAINTEXT = "GenerateDataKeyWithoutPlaintext"
    GENERATE_DATA_KEY_PAIR = "GenerateDataKeyPair"
    GENERATE_DATA_KEY_PAIR_WITHOUT_PLAINTEXT = "GenerateDataKeyPairWithoutPlaintext"
    GENERATE_RANDOM = "GenerateRandom"
    SIGN = "Sign"
    VERIFY = "Verify"
    GET_PUBLIC_KEY = "GetPublicKey"
    GENERATE_MAC = "GenerateMac"
    VERIFY_MAC = "VerifyMac"
    DERIVE_SHARED_SECRET = "DeriveSharedSecret"  # noqa: S105 - the name of an operation
    GET_KEY_POLICY = "GetKeyPolicy"
    PUT_KEY_POLICY = "PutKeyPolicy"
    LIST_KEY_POLICIES = "ListKeyPolicies"
    CREATE_GRANT = "CreateGrant"
    LIST_GRANTS = "ListGrants"
    LIST_RETIRABLE_GRANTS = "ListRetirableGrants"
    RETIRE_GRANT = "RetireGrant"
    REVOKE_GRANT = "RevokeGrant"
    LIST_KEYS = "ListKeys"
    ENABLE_KEY = "EnableKey"
    DISABLE_KEY = "DisableKey"
    SCHEDULE_KEY_DELETION = "ScheduleKeyDeletion"
    CANCEL_KEY_DELETION = "CancelKeyDeletion"
    UPDATE_KEY_DESCRIPTION = "UpdateKeyDescription"
    GET_KEY_LAST_USAGE = "GetKeyLastUsage"
    CREATE_ALIAS = "CreateAlias"
    UPDATE_ALIAS = "UpdateAlias"
    DELETE_ALIAS = "DeleteAlias"
    LIST_ALIASES = "ListAliases"
    TAG_RESOURCE = "TagResource"
    UNTAG_RESOURCE = "UntagResource"
    LIST_RESOURCE_TAGS = "ListResourceTags"
    ENABLE_KEY_ROTATION = "EnableKeyRotation"
    DISABLE_KEY_ROTATION = "DisableKeyRotation"
    GET_KEY_ROTATION_STATUS = "GetKeyRotationStatus"
    ROTATE_KEY_ON_DEMAND = "RotateKeyOnDemand"
    LIST_KEY_ROTATIONS = "ListKeyRotations"

    def carries(self, condition_key: str) -> bool:
        """Whether an action that it is authorised as has a condition key of its own, ``kms:RequestAlias``."""
        return _carries(self.value, condition_key)

    @property
    def takes_alias(self) -> bool:
        """Whether a key may be named by an alias: so it is where policies can ask for that alias."""
        return self.carries("kms:RequestAlias")

    @property
    def action(self) -> str:
        """The action that it is authorised as, ``kms:Decrypt``; ReEncrypt has two others instead."""
        return f"kms:{self.value}"


@cache
def _carries(operation: str, condition_key: str) -> bool:
    actions = [ACTIONS[f"kms:{step.action}".lower()] for step in OPERATIONS[operation]]
    return any(condition_key in action.condition_keys for action in actions)


@dataclass(frozen=True, slots=True)
class OperationFacts:
    """What an operation asks of its key.

    Attributes:
        changes_access: it changes who may use the key, or whether it can be used and with what: state,
            policy, grants, the tags and aliases that policies ask for, the current backing key. So it runs
            alone on that key.
        usage: the key usage that it needs; None where any will do.
    """

    changes_access: bool = False
    usage: KeyUsage | None = None


_CRYPTOGRAPHIC = OperationFacts(usage=KeyUsage.ENCRYPT_DECRYPT)
_SIGNATURES = OperationFacts(usage=KeyUsage.SIGN_VERIFY)
_MACS = OperationFacts(usage=KeyUsage.GENERATE_VERIFY_MAC)
_READING = OperationFacts()
_CHANGING_ACCESS = OperationFacts(changes_access=True)

FACTS: dict[Operation, OperationFacts] = {
    Operation.DESCRIBE_KEY: _READING,
    Operation.ENCRYPT: _CRYPTOGRAPHIC,
    # a ciphertext that names another key is refused for that first
    Operation.DECRYPT: _READING,
    Operation.RE_ENCRYPT: _READING,
    Operation.GENERATE_DATA_KEY: _CRYPTOGRAPHIC,
    Operation.GENERATE_DATA_KEY_WITHOUT_PLAINTEXT: _CRYPTOGRAPHIC,
    Operation.GENERATE_DATA_KEY_PAIR: _CRYPTOGRAPHIC,
    Operation.GENERATE_DATA_KEY_PAIR_WITHOUT_PLAINTEXT: _CRYPTOGRAPHIC,
    Operation.SIGN: _SIGNATURES,
    Operation.VERIFY: _SIGNATURES,
    Operation.GET_PUBLIC_KEY: _READING,
    Operation.GENERATE_MAC: _MACS,
    Operation.VERIFY_MAC: _MACS,
    Operation.DERIVE_SHARED_SECRET: OperationFacts(usage=KeyUsage.KEY_AGREEMENT),
    Operation.GET_KEY_POLICY: _READING,
    Operation.PUT_KEY_POLICY: _CHANGING_ACCESS,
    Operation.LIST_KEY_POLICIES: _READING,
    Operation.CREATE_GRANT: _CHANGING_ACCESS,
    Operation.LIST_GRANTS: _READING,
    Operation.RETIRE_GRANT: _CHANGING_ACCESS,
    Operation.REVOKE_GRANT: _CHANGING_ACCESS,
    Operation.ENABLE_KEY: _CHANGING_ACCESS,
    Operation.DISABLE_KEY: _CHANGING_ACCESS,
    Operation.SCHEDULE_KEY_DELETION: _CHANGING_ACCESS,
    Operation.CANCEL_KEY_DELETION: _CHANGING_ACCESS,
    Operation.UPDATE_KEY_DESCRIPTION: _READING,
    Operation.GET_KEY_LAST_USAGE: _READING,
    Operation.CREATE_ALIAS: _CHANGING_ACCESS,
    Operation.UPDATE_ALIAS: _CHANGING_ACCESS,
    Operation.DELETE_ALIAS: _CHANGING_ACCESS,
    Operation.TAG_RESOURCE: _CHANGING_ACCESS,
    Operation.UNTAG_RESOURCE: _CHANGING_ACCESS,
    Operation.LIST_RESOURCE_TAGS: _READING,
    Operation.ENABLE_KEY_ROTATION: _READING,
    Operation.DISABLE_KEY_ROTATION: _READING,
    Operation.GET_KEY_ROTATION_STATUS: _READING,
    # so that what begins after it is under the new backing key, and no two pass the limit together
    Operation.ROTATE_KEY_ON_DEMAND: _CHANGING_ACCESS,
    Operation.LIST_KEY_ROTATIONS: _READING,
}
