"""The last use of a key, and which operations count as one.

https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyLastUsageData.html
"""

from __future__ import annotations

from dataclasses import dataclass

USES = frozenset(
    {
        "Decapsulate",
        "Decrypt",
        "DeriveSharedSecret",
        "Encapsulate",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "ReEncrypt",
        "Sign",
        "Verify",
        "VerifyMac",
    }
)
"""The operations that use a key, by their API names."""


@dataclass(frozen=True, slots=True)
class LastUse:
    """A successful cryptographic operation.

    Attributes:
        operation: its API name.
        time: when it was, in seconds since 1970.
        call_id: the call, as the audit log has it.
    """

    operation: str
    time: float
    call_id: str
