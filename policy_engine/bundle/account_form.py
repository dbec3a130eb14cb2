"""The forms of `aws iam get-account-authorization-details`, as the AWS CLI prints it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html. Every field of
the API is here; those of type `Ignored` say nothing that a KMS decision rests on (trust policies decide who
gets a session, never what it may do), and a field that is not here is refused rather than read over.
"""

from typing import Any

from pydantic import Field

from policy_engine.bundle.placed import PolicyText
from policy_engine.bundle.validation import AwsForm

Ignored = Any


class TagForm(AwsForm):
    """A tag of IAM."""

    key: str
    value: str


class InlinePolicyForm(AwsForm):
    """A policy of one principal or group."""

    policy_name: str
    policy_document: PolicyText


class AttachedPolicyForm(AwsForm):
    """A managed policy by its ARN."""

    policy_name: str
    policy_arn: str


class BoundaryForm(AwsForm):
    """A permissions boundary by its ARN."""

    permissions_boundary_type: Ignored = None
    permissions_boundary_arn: str


class UserForm(AwsForm):
    """A user."""

    arn: str
    user_name: str
    user_id: str
    path: Ignored = None
    create_date: Ignored = None
    password_last_used: Ignored = None
    user_policy_list: list[InlinePolicyForm] = Field(default_factory=list)
    group_list: list[str] = Field(default_factory=list)
    attached_managed_policies: list[AttachedPolicyForm] = Field(default_factory=list)
    permissions_boundary: BoundaryForm | None = None
    tags: list[TagForm] = Field(default_factory=list)


class GroupDetailForm(AwsForm):
    """A group."""

    arn: str
    group_name: str
    group_id: Ignored = None
    path: Ignored = None
    create_date: Ignored = None
    group_policy_list: list[InlinePolicyForm] = Field(default_factory=list)
    attached_managed_policies: list[AttachedPolicyForm] = Field(default_factory=list)


class RoleForm(AwsForm):
    """A role."""

    arn: str
    role_name: str
    role_id: str
    path: str = "/"
    create_date: Ignored = None
    assume_role_policy_document: Ignored = None
    instance_profile_list: Ignored = None
    role_last_used: Ignored = None
    role_policy_list: list[InlinePolicyForm] = Field(default_factory=list)
    attached_managed_policies: list[AttachedPolicyForm] = Field(default_factory=list)
    permissions_boundary: BoundaryForm | None = None
    tags: list[TagForm] = Field(default_factory=list)


class PolicyVersionForm(AwsForm):
    """A version of a managed policy."""

    document: PolicyText
    version_id: str
    is_default_version: bool
    create_date: Ignored = None


class ManagedPolicyForm(AwsForm):
    """A managed policy; only its default version counts."""

    arn: str
    policy_name: str
    policy_id: Ignored = None
    path: Ignored = None
    default_version_id: Ignored = None
    attachment_count: Ignored = None
    permissions_boundary_usage_count: Ignored = None
    is_attachable: Ignored = None
    description: Ignored = None
    create_date: Ignored = None
    update_date: Ignored = None
    policy_version_list: list[PolicyVersionForm]


class AccountForm(AwsForm):
    """The users, groups, roles and managed policies of an account."""

    user_detail_list: list[UserForm] = Field(default_factory=list)
    group_detail_list: list[GroupDetailForm] = Field(default_factory=list)
    role_detail_list: list[RoleForm] = Field(default_factory=list)
    policies: list[ManagedPolicyForm] = Field(default_factory=list)
    is_truncated: bool = False
    marker: Ignored = None
    next_token: str | None = None
    response_metadata: Ignored = None
