"""GRANT OPERATIONS: what a grant on a key of each KeySpec and KeyUsage may allow, as a table.

"The operation must be supported on the KMS key": a grant on a symmetric encryption key cannot allow Sign, nor
one on an asymmetric key GenerateDataKey. Which are grant operations at all is the API's enumeration; which
operation a key supports is the developer guide's key type reference. Not who may, nor what a constraint asks.
https://docs.aws.amazon.com/kms/latest/developerguide/grants.html#terms-grant-operations and
https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-compare.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kms_core.model.key import KeySpec, KeyUsage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kms_core.model.key import KeyMetadata

GRANT_OPERATIONS: Final = (
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "Sign",
    "Verify",
    "GetPublicKey",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateMac",
    "VerifyMac",
    "DeriveSharedSecret",
    "Encapsulate",
    "Decapsulate",
)
"""Every operation that a grant can name, in the API's order; no key here supports the last two."""

_ANY_KEY: Final = frozenset({"CreateGrant", "RetireGrant", "DescribeKey"})
_CIPHER: Final = frozenset({"Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo"})
_DATA_KEYS: Final = frozenset(
    {
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
    }
)
_OF_PAIRS: Final = _ANY_KEY | {"GetPublicKey"}

_OF_SYMMETRIC_ENCRYPTION: Final = _ANY_KEY | _CIPHER | _DATA_KEYS
_OF_OTHERS: Final[Mapping[KeyUsage, frozenset[str]]] = {
    KeyUsage.ENCRYPT_DECRYPT: _OF_PAIRS | _CIPHER,
    KeyUsage.SIGN_VERIFY: _OF_PAIRS | {"Sign", "Verify"},
    KeyUsage.KEY_AGREEMENT: _OF_PAIRS | {"DeriveSharedSecret"},
    KeyUsage.GENERATE_VERIFY_MAC: _ANY_KEY | {"GenerateMac", "VerifyMac"},
}
"""By the usage of a key that is no symmetric encryption key."""


def takes_encryption_context(key: KeyMetadata) -> bool:
    """Whether calls with a key can bring an encryption context, so that a constraint can ask for one."""
    return key.spec is KeySpec.SYMMETRIC_DEFAULT


def supported(key: KeyMetadata) -> frozenset[str]:
    """The grant operations that a key supports."""
    return _OF_SYMMETRIC_ENCRYPTION if takes_encryption_context(key) else _OF_OTHERS[key.usage]
