"""Which PKCS#11 key stands behind which AWS KeySpec and KeyUsage: a table.

Truth: AWS KMS Developer Guide, "Key spec reference". A pair that is not here is answered
UnsupportedOperationException, never done in software.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pkcs11 import KeyType, MechanismFlag

from kms_core.errors import UnsupportedOperationError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class SecretSpec:
    """A secret key: its type, its length in bits, and what it may be used for."""

    key_type: KeyType
    bits: int
    capabilities: MechanismFlag


SECRET_SPECS: Final[Mapping[tuple[str, str], SecretSpec]] = {
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"): SecretSpec(
        KeyType.AES, 256, MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT
    ),
}


def secret_spec(spec: str, usage: str) -> SecretSpec:
    """Give the row of the table.

    Raises:
        UnsupportedOperationError: there is none.
    """
    row = SECRET_SPECS.get((spec, usage))
    if row is None:
        raise UnsupportedOperationError(f"KeySpec {spec} with KeyUsage {usage} is not supported here.")
    return row
