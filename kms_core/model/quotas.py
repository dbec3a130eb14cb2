"""How much there may be of what: the quotas that a service is run with.

Not the bounds of single parameters (`service.parameters`). Defaults are those of AWS KMS:
https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quotas:
    """The quotas.

    Attributes:
        grants_per_key: how many grants a key may have.
    """

    grants_per_key: int = 50_000
