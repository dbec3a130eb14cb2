"""How much there may be of what: the quotas that a service is run with.

Not the bounds of single parameters (`service.parameters`). Defaults are those of AWS KMS, but for the rate of
calls, which is bounded only where somebody asks for it:
https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quotas:
    """The quotas.

    Attributes:
        grants_per_key: how many grants a key may have.
        keys_per_account: how many keys an account may have in one Region.
        aliases_per_key: how many aliases a key may have.
        tags_per_key: how many tags a key may have.
        on_demand_rotations_per_key: how often a key may be rotated on demand.
        calls_per_second: how often an account may call, in each process; None for as often as it likes.
    """

    grants_per_key: int = 50_000
    keys_per_account: int = 100_000
    aliases_per_key: int = 50
    tags_per_key: int = 50
    on_demand_rotations_per_key: int = 25
    calls_per_second: float | None = None
