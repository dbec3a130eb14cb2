"""The forms of what the AWS CLI prints about one key.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html. Every field of the API is here; those
of type `Ignored` say nothing that policies can ask about, and a field that is not here is refused.
"""

from typing import Any

from pydantic import Field

from policy_engine.bundle.grant_form import GrantForm
from policy_engine.bundle.placed import PolicyText
from policy_engine.bundle.validation import AwsForm

Ignored = Any


class KeyMetadataForm(AwsForm):
    """KeyMetadata of DescribeKey."""

    aws_account_id: Ignored = Field(default=None, alias="AWSAccountId")
    key_id: str
    arn: str
    key_usage: str | None = None
    key_state: str | None = None
    origin: str | None = None
    key_manager: str | None = None
    key_spec: str | None = None
    customer_master_key_spec: str | None = None
    multi_region: bool | None = None
    creation_date: Ignored = None
    enabled: Ignored = None
    description: Ignored = None
    deletion_date: Ignored = None
    pending_deletion_window_in_days: Ignored = None
    valid_to: Ignored = None
    expiration_model: Ignored = None
    custom_key_store_id: Ignored = None
    cloud_hsm_cluster_id: Ignored = None
    xks_key_configuration: Ignored = None
    current_key_material_id: Ignored = None
    multi_region_configuration: Ignored = None
    encryption_algorithms: Ignored = None
    signing_algorithms: Ignored = None
    mac_algorithms: Ignored = None
    key_agreement_algorithms: Ignored = None
    key_encapsulation_algorithms: Ignored = None


class DumpForm(AwsForm):
    """What every response may carry."""

    response_metadata: Ignored = None


class PagedForm(DumpForm):
    """A list that may have been cut off."""

    truncated: bool = False
    next_marker: str | None = None
    next_token: str | None = None

    @property
    def incomplete(self) -> bool:
        """Whether there is more than was printed."""
        return self.truncated or self.next_marker is not None or self.next_token is not None


class DescribeKeyForm(DumpForm):
    """`aws kms describe-key`."""

    key_metadata: KeyMetadataForm


class KeyPolicyForm(DumpForm):
    """`aws kms get-key-policy`."""

    policy: PolicyText
    policy_name: str = "default"


class GrantsForm(PagedForm):
    """`aws kms list-grants`."""

    grants: list[GrantForm]


class AliasForm(AwsForm):
    """An alias; one without a target has no key yet."""

    alias_name: str
    alias_arn: Ignored = None
    target_key_id: str | None = None
    creation_date: Ignored = None
    last_updated_date: Ignored = None


class AliasesForm(PagedForm):
    """`aws kms list-aliases`, of one key or of the whole account."""

    aliases: list[AliasForm]


class KeyTagForm(AwsForm):
    """A tag of a key."""

    tag_key: str
    tag_value: str


class TagsForm(PagedForm):
    """`aws kms list-resource-tags`."""

    tags: list[KeyTagForm]
