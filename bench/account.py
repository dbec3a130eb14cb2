"""The account that the benchmarks ask about: how big it is, and what its keys, roles and tenants are called.

Everything is a function of a number, so that an account of any size costs nothing until it is looked at. Not
the policies (`policies`) and not the requests (`stream`). The sizes are this project's own, so that figures
taken at different times compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

ACCOUNT = "111122223333"
REGION = "us-east-1"
ORGANIZATION = "o-a1b2c3d4e5"
TENANTS = 50


@dataclass(frozen=True, slots=True)
class Size:
    """How big an account is.

    Attributes:
        name: how reports call it.
        keys: keys, each with a key policy.
        principals: roles, each with two identity policies.
        hot_grants: grants on key 0, the hot one.
        grants: grants on every other key.
        hot_share: the share of requests that go to the hot key on purpose.
        requests: how many; a multiple of four, so that the outcomes can be shared out exactly.
    """

    name: str
    keys: int
    principals: int
    hot_grants: int
    grants: int
    hot_share: float
    requests: int = 10_000

    def __post_init__(self) -> None:
        if self.requests % 4:
            raise ValueError(f"{self.requests} requests cannot be half allowed and a quarter each denied")


SMALL = Size("small", keys=1, principals=1, hot_grants=2, grants=0, hot_share=0.0)
MEDIUM = Size("medium", keys=100, principals=100, hot_grants=20, grants=20, hot_share=0.0)
LARGE = Size("large", keys=10_000, principals=2_000, hot_grants=1_000, grants=2, hot_share=0.1)
SIZES = {size.name: size for size in (SMALL, MEDIUM, LARGE)}


@cache
def key_arn(key: int) -> str:
    """The ARN of a key, one object each time: a stream that spreads it would flatter slow decisions."""
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key:08x}-12ab-34cd-56ef-{key:012x}"


@cache
def role_arn(principal: int) -> str:
    """The ARN of a role, one object each time."""
    return f"arn:aws:iam::{ACCOUNT}:role/app-{principal:04d}"


def tenant(number: int) -> str:
    """The tenant of a key or a role, by its number."""
    return f"tenant-{number % TENANTS:02d}"


def neighbour(key: int) -> str:
    """The tenant that a key's grants are for, besides the key's own."""
    return tenant(key + 1)


def users_of(key: int, size: Size, limit: int = 4) -> list[str]:
    """The roles that a key policy names as users: those of the key's tenant, up to a limit."""
    return [role_arn(principal) for principal in range(key % TENANTS, size.principals, TENANTS)][:limit]
