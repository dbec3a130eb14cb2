"""Is a key for this? The KeyUsage that an operation needs, and the algorithm that a call names.

Which key has which is a table (`model.key_specs`); here are the refusals, in the words that the service was
recorded with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.errors import InvalidKeyUsageError
from kms_core.model.key_specs import ALGORITHMS

if TYPE_CHECKING:
    from kms_core.model.key import KeyMetadata, KeyUsage
    from kms_core.model.operations import Operation


def require_usage(operation: Operation, key: KeyMetadata, usage: KeyUsage | None) -> None:
    """Check that a key is for what an operation does; None is for any.

    Raises:
        InvalidKeyUsageError: it is for something else.
    """
    if usage is not None and key.usage is not usage:
        raise InvalidKeyUsageError(f"{key.arn} key usage is {key.usage} which is not valid for {operation}.")


def require_algorithm(key: KeyMetadata, algorithm: str) -> None:
    """Check that keys like this one have an algorithm.

    Raises:
        InvalidKeyUsageError: they have not.
    """
    if algorithm not in ALGORITHMS.get((key.spec, key.usage), ()):
        raise InvalidKeyUsageError(f"Algorithm {algorithm} is incompatible with key spec {key.spec}.")
