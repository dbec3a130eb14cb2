"""The values that a parameter or a condition key can have, where AWS lists them.

By the name of the shape in the KMS API model (`KeySpec`, `SigningAlgorithmSpec`, `GrantOperation`); three
lists are no shapes: GrantConstraintType, PolicyName, and RecipientAttestation, the names after that prefix.
https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from policy_engine.catalog.data import CATALOG

VALUES: dict[str, tuple[str, ...]] = {name: tuple(values) for name, values in CATALOG["values"].items()}
"""In the order of the API model."""
