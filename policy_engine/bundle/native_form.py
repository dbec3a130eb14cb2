"""The forms of the native bundle file, kmsgate/bundle/1. A field that is left out is not known."""

from typing import Literal

from pydantic import Field

from policy_engine.bundle.grant_form import GrantForm
from policy_engine.bundle.key_form import KeyFields
from policy_engine.bundle.placed import PolicyText
from policy_engine.bundle.validation import AwsForm, Form

Levels = list[list[PolicyText]]


class KeyForm(KeyFields):
    """A key with its policy, here or in a file, and its grants."""

    arn: str
    policy: PolicyText | None = None
    policy_file: str | None = Field(default=None, description="a file relative to this one")
    grants: list[GrantForm] = Field(default_factory=list)
    key_state: str | None = None


class NamedPolicyForm(AwsForm):
    """An identity policy, here or in a file."""

    policy_name: str
    policy_document: PolicyText | None = None
    policy_document_file: str | None = Field(default=None, description="a file relative to this one")


class PrincipalRecordForm(AwsForm):
    """A user, role or session; tags that are left out are not known."""

    arn: str
    id: str | None = None
    tags: dict[str, str] | None = None
    groups: list[str] = Field(default_factory=list, description="ARNs of groups")
    identity_policies: list[NamedPolicyForm] = Field(default_factory=list)
    permissions_boundary: PolicyText | None = None
    session_policies: list[NamedPolicyForm] = Field(default_factory=list, description="of a session")
    role_arn: str | None = Field(
        default=None, description="of a session: its role, or the user's who federated"
    )
    service_linked: bool = False


class GroupForm(AwsForm):
    """A group of users."""

    arn: str
    identity_policies: list[NamedPolicyForm] = Field(default_factory=list)


class OrganizationForm(AwsForm):
    """An organization; policies by account, in levels from the root over the units to the account."""

    id: str | None = None
    management_account_id: str | None = None
    service_control_policies: dict[str, Levels] = Field(default_factory=dict)
    resource_control_policies: dict[str, Levels] = Field(default_factory=dict)


class NativeForm(Form):
    """A native bundle file."""

    schema_: Literal["kmsgate/bundle/1"] = Field(alias="schema")
    keys: list[KeyForm] = Field(default_factory=list)
    principals: list[PrincipalRecordForm] = Field(default_factory=list)
    groups: list[GroupForm] = Field(default_factory=list)
    organization: OrganizationForm | None = None
    vpc_endpoints: dict[str, PolicyText] = Field(default_factory=dict)
