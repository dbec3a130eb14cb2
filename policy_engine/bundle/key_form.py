"""What a key's record says besides its policy and grants: what policies can ask about.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html. What is left out is not known.
"""

from pydantic import Field

from policy_engine.bundle.validation import AwsForm
from policy_engine.model.bundle import KeyRecord


class KeyFields(AwsForm):
    """The fields of a key; `AwsManaged` says that AWS owns its policy."""

    key_spec: str | None = None
    key_usage: str | None = None
    origin: str | None = None
    multi_region: bool | None = None
    aliases: list[str] | None = Field(default=None, description="alias names, such as alias/orders")
    tags: dict[str, str] | None = None
    aws_managed: bool = False

    def record(self, arn: str) -> KeyRecord:
        """The record of a key without policy and grants."""
        return KeyRecord(
            arn=arn,
            aliases=None if self.aliases is None else tuple(self.aliases),
            tags=self.tags,
            key_spec=self.key_spec,
            key_usage=self.key_usage,
            origin=self.origin,
            multi_region=self.multi_region,
            aws_managed=self.aws_managed,
        )
