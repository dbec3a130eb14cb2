"""Reads accounts' authorization details into records.

That happens once all files are there: a managed policy or group may stand in another file than who has it.

What is missing fails closed: a customer managed policy, a boundary or a group could deny, so that a decision
without it would be a guess. Only of an AWS managed policy that is not in the dump a warning says that its
permissions are unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.bundle.account_form import AccountForm
from policy_engine.bundle.validation import validate
from policy_engine.model.bundle import GroupRecord, PrincipalRecord
from policy_engine.model.policy import PolicyKind
from policy_engine.syntax.arn import parse_arn
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.bundle.account_form import (
        AttachedPolicyForm,
        BoundaryForm,
        GroupDetailForm,
        InlinePolicyForm,
        ManagedPolicyForm,
        RoleForm,
        TagForm,
        UserForm,
    )
    from policy_engine.bundle.collection import Collection
    from policy_engine.bundle.placed import PolicyText
    from policy_engine.model.policy import Policy
    from policy_engine.span import Span
    from policy_engine.syntax.json_document import JsonDocument

_SERVICE_LINKED_PATH = "/aws-service-role/"
_DUMP = "aws iam get-account-authorization-details"


class AccountReader:
    """Reads authorization details: `add` for each file, then `finish`."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._forms: list[AccountForm] = []
        self._managed: dict[str, PolicyText] = {}
        self._groups: dict[tuple[str, str], str] = {}

    def add(self, document: JsonDocument) -> None:
        """Take a file; nothing is resolved yet."""
        form, faults = validate(AccountForm, document.root, document.source)
        self._collection.report(*faults)
        if form is not None:
            self._take(form)

    def _take(self, form: AccountForm) -> None:
        if form.is_truncated or form.next_token is not None:
            message = "the output was cut off, so users, groups or policies are missing"
            self._collection.error(
                "incomplete-dump", message, form.place, f"run `{_DUMP}` without --max-items"
            )
        self._forms.append(form)
        for policy in form.policies:
            self._add_managed(policy)
        for group in form.group_detail_list:
            self._groups[_account(group.arn), group.group_name] = group.arn

    def finish(self) -> None:
        """Make the records."""
        for form in self._forms:
            for user in form.user_detail_list:
                self._user(user)
            for role in form.role_detail_list:
                self._role(role)
            for group in form.group_detail_list:
                self._group(group)

    def _add_managed(self, form: ManagedPolicyForm) -> None:
        defaults = [version for version in form.policy_version_list if version.is_default_version]
        if len(defaults) != 1:
            message = (
                f"the managed policy `{printable(form.policy_name)}` has {len(defaults)} default versions"
            )
            self._collection.error(
                "no-default-version", message, form.place, "exactly one version is the default"
            )
        for version in defaults:
            self._managed.setdefault(form.arn, version.document)

    def _user(self, form: UserForm) -> None:
        groups = [self._group_arn(form, name) for name in form.group_list]
        record = PrincipalRecord(
            arn=form.arn,
            id=form.user_id,
            tags=self._tags(form.tags),
            groups=tuple(arn for arn in groups if arn is not None),
            identity_policies=self._policies(
                form.user_name, form.user_policy_list, form.attached_managed_policies
            ),
            permissions_boundary=self._boundary(form.user_name, form.permissions_boundary),
        )
        self._collection.add_principal(record, form.place)

    def _role(self, form: RoleForm) -> None:
        record = PrincipalRecord(
            arn=form.arn,
            id=form.role_id,
            tags=self._tags(form.tags),
            identity_policies=self._policies(
                form.role_name, form.role_policy_list, form.attached_managed_policies
            ),
            permissions_boundary=self._boundary(form.role_name, form.permissions_boundary),
            service_linked=form.path.startswith(_SERVICE_LINKED_PATH),
        )
        self._collection.add_principal(record, form.place)

    def _group(self, form: GroupDetailForm) -> None:
        policies = self._policies(form.group_name, form.group_policy_list, form.attached_managed_policies)
        self._collection.add_group(GroupRecord(form.arn, policies), form.place)

    def _group_arn(self, form: UserForm, name: str) -> str | None:
        arn = self._groups.get((_account(form.arn), name))
        if arn is None:
            message = f"the group `{printable(name)}` of `{printable(form.user_name)}` is not in the dump"
            self._collection.error("unknown-group", message, form.place, "take the dump without --filter")
        return arn

    def _policies(
        self, holder: str, inline: list[InlinePolicyForm], attached: list[AttachedPolicyForm]
    ) -> tuple[Policy, ...]:
        """Identity policies in their order: inline ones, then attached ones."""
        read = [self._read(form.policy_document, f"{holder}/{form.policy_name}") for form in inline]
        for form in attached:
            document = self._managed.get(form.policy_arn)
            if document is None:
                self._missing(form.policy_arn, holder, form.place)
            else:
                read.append(self._read(document, f"{holder}/{form.policy_name}"))
        return tuple(policy for policy in read if policy is not None)

    def _boundary(self, holder: str, form: BoundaryForm | None) -> Policy | None:
        if form is None:
            return None
        arn = form.permissions_boundary_arn
        document = self._managed.get(arn)
        if document is None:
            message = f"the permissions boundary `{printable(arn)}` is not in the dump"
            self._collection.error("unresolved-policy", message, form.place, "take the dump without --filter")
            return None
        return self._read(document, f"{holder}/{arn.rpartition('/')[2]}", PolicyKind.BOUNDARY)

    def _read(self, text: PolicyText, name: str, kind: PolicyKind = PolicyKind.IDENTITY) -> Policy | None:
        return self._collection.reader.read(text, kind, name)

    def _missing(self, arn: str, holder: str, place: Span) -> None:
        message = f"the policy `{printable(arn)}` of `{printable(holder)}` is not in the dump"
        if _account(arn) == "aws":
            message += ", so its permissions are unknown"
            self._collection.warn("unresolved-policy", message, place, "take the dump without --filter")
        else:
            self._collection.error("unresolved-policy", message, place, "take the dump without --filter")

    def _tags(self, forms: list[TagForm]) -> dict[str, str]:
        tags = {}
        for form in forms:
            if form.key in tags:
                message = f"the tag `{printable(form.key)}` stands twice"
                self._collection.error("duplicate-key", message, form.place, "keep one of them")
            tags[form.key] = form.value
        return tags


def _account(arn: str) -> str:
    parsed = parse_arn(arn)
    return parsed.account if parsed else ""
