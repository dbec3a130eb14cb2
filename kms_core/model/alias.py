"""An alias: a name that stands for a key of the same account and Region.

Not a lookup, and not what a name may look like.
https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "alias/"


@dataclass(frozen=True, slots=True)
class AliasReference:
    """One alias, named: its ARN, and the account that it is in."""

    arn: str
    account: str

    @classmethod
    def of(cls, partition: str, region: str, account: str, name: str) -> AliasReference:
        """The alias with this name (``alias/orders``) in this place."""
        return cls(f"arn:{partition}:kms:{region}:{account}:{name}", account)

    @property
    def name(self) -> str:
        """``alias/orders``."""
        return AliasRecord.name_in(self.arn)


@dataclass(frozen=True, slots=True)
class AliasRecord:
    """An alias as it is kept.

    Attributes:
        arn: its ARN.
        key_id: the id of the key that it stands for.
        creation_date: seconds since 1970.
        last_updated_date: when it was last made to stand for a key, in seconds since 1970.
    """

    arn: str
    key_id: str
    creation_date: float
    last_updated_date: float

    @property
    def name(self) -> str:
        """``alias/orders``."""
        return self.name_in(self.arn)

    @staticmethod
    def name_in(arn: str) -> str:
        """The name in an alias ARN."""
        return arn.rpartition(":")[2]
