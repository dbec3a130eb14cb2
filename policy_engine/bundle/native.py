"""Reads a native bundle file into records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy_engine.bundle.grant_form import read_grants
from policy_engine.bundle.names import is_group_arn, is_key_arn, key_name, short_name
from policy_engine.bundle.native_form import NativeForm
from policy_engine.bundle.validation import validate
from policy_engine.calls.principals import parse_principal
from policy_engine.errors import RequestError
from policy_engine.model.bundle import GroupRecord, Organization, PrincipalRecord, VpcEndpoint
from policy_engine.model.policy import PolicyKind
from policy_engine.model.principal import PrincipalKind
from policy_engine.syntax.arn import is_account_id
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.bundle.collection import Collection
    from policy_engine.bundle.native_form import (
        GroupForm,
        KeyForm,
        NamedPolicyForm,
        OrganizationForm,
        PrincipalRecordForm,
    )
    from policy_engine.bundle.placed import PolicyText
    from policy_engine.bundle.references import References
    from policy_engine.model.bundle import PolicyLevels
    from policy_engine.model.policy import Policy
    from policy_engine.span import Span
    from policy_engine.syntax.json_document import JsonDocument

_WITH_POLICIES = frozenset({PrincipalKind.USER, PrincipalKind.ROLE})
_SESSIONS = frozenset({PrincipalKind.ASSUMED_ROLE, PrincipalKind.FEDERATED_USER})


@dataclass(frozen=True, slots=True)
class NativeReader:
    """Reads native files into a collection, with the files that they name."""

    collection: Collection
    references: References

    def add(self, document: JsonDocument, file: str) -> None:
        """Read a file."""
        form, faults = validate(NativeForm, document.root, document.source)
        self.collection.report(*faults)
        if form is not None:
            _FileReader(self.collection, self.references, file).read(form)


@dataclass(frozen=True, slots=True)
class _FileReader:
    """Reads one native file."""

    collection: Collection
    references: References
    file: str

    def read(self, form: NativeForm) -> None:
        """Read everything; whether groups exist is asked once all files are read."""
        for key in form.keys:
            self._key(key)
        for principal in form.principals:
            self._principal(principal)
        for group in form.groups:
            self._group(group)
        if form.organization is not None:
            self._organization(form.organization)
        for name, text in form.vpc_endpoints.items():
            self._endpoint(name, text)

    def _key(self, form: KeyForm) -> None:
        if not is_key_arn(form.arn):
            self._no_arn("a KMS key", form.arn, form.place)
        for alias in form.aliases or ():
            if not alias.startswith("alias/"):
                message = f"`{printable(alias)}` is no alias name"
                self.collection.error(
                    "invalid-alias", message, form.place, "write a name such as alias/orders"
                )
        text = self._either(form.policy, form.policy_file, "Policy", form.place)
        grants, faults = read_grants(form.grants, form.arn)
        self.collection.report(*faults)
        record = form.record(form.arn)
        policy = self._policy(text, PolicyKind.KEY, key_name(form.arn, form.aliases or ()))
        record = replace(record, policy=policy, grants=grants, key_state=form.key_state)
        self.collection.add_key(record, form.place)

    def _principal(self, form: PrincipalRecordForm) -> None:
        try:
            principal = parse_principal(form.arn)
        except RequestError as error:
            self.collection.error("invalid-arn", str(error), form.place, error.help)
            return
        held = form.identity_policies or form.permissions_boundary or form.groups
        if held and principal.kind not in _WITH_POLICIES:
            message = f"a principal of the kind {principal.kind} has no policies and groups of its own"
            remedy = "put them at the user or role that it belongs to"
            self.collection.error("misplaced-policies", message, form.place, remedy)
        if form.role_arn is not None and principal.kind not in _SESSIONS:
            message = f"a principal of the kind {principal.kind} is no session, and has no RoleArn"
            self.collection.error("misplaced-policies", message, form.place, "put it at the session")
        name = short_name(form.arn)
        boundary = form.permissions_boundary
        record = PrincipalRecord(
            arn=form.arn,
            id=form.id,
            tags=form.tags,
            groups=tuple(form.groups),
            identity_policies=self._named(form.identity_policies, name, PolicyKind.IDENTITY),
            permissions_boundary=self._policy(boundary, PolicyKind.BOUNDARY, f"{name}/permissions boundary"),
            session_policies=self._named(form.session_policies, name, PolicyKind.SESSION),
            role_arn=form.role_arn,
            service_linked=form.service_linked or principal.service_linked,
        )
        self.collection.add_principal(record, form.place)

    def _group(self, form: GroupForm) -> None:
        if not is_group_arn(form.arn):
            self._no_arn("a group", form.arn, form.place)
        policies = self._named(form.identity_policies, short_name(form.arn), PolicyKind.IDENTITY)
        self.collection.add_group(GroupRecord(form.arn, policies), form.place)

    def _named(self, forms: list[NamedPolicyForm], holder: str, kind: PolicyKind) -> tuple[Policy, ...]:
        read = []
        for form in forms:
            text = self._either(form.policy_document, form.policy_document_file, "PolicyDocument", form.place)
            policy = self._policy(text, kind, f"{holder}/{form.policy_name}")
            if policy is not None:
                read.append(policy)
        return tuple(read)

    def _organization(self, form: OrganizationForm) -> None:
        account = form.management_account_id
        if account is not None:
            self._account(account, form.place)
        organization = Organization(
            id=form.id,
            management_account_id=account,
            service_control_policies=self._levels(form.service_control_policies, PolicyKind.SCP, form.place),
            resource_control_policies=self._levels(
                form.resource_control_policies, PolicyKind.RCP, form.place
            ),
        )
        self.collection.add_organization(organization, form.place)

    def _levels(
        self, levels: Mapping[str, list[list[PolicyText]]], kind: PolicyKind, place: Span
    ) -> dict[str, PolicyLevels]:
        for account in levels:
            self._account(account, place)
        return {
            account: tuple(
                tuple(
                    policy
                    for j, text in enumerate(level)
                    if (policy := self._policy(text, kind, f"{account}/{kind}[{i}][{j}]"))
                )
                for i, level in enumerate(of_account)
            )
            for account, of_account in levels.items()
        }

    def _endpoint(self, name: str, text: PolicyText) -> None:
        policy = self._policy(text, PolicyKind.ENDPOINT, name)
        if not name.startswith("vpce-"):
            message = f"`{printable(name)}` is no VPC endpoint's id"
            self.collection.error("invalid-id", message, text.span, "write an id such as vpce-0abc")
        elif policy is not None:
            self.collection.add_endpoint(VpcEndpoint(name, policy), text.span)

    def _either(self, text: PolicyText | None, file: str | None, name: str, place: Span) -> PolicyText | None:
        """The policy that stands here, or in a file; one of them must."""
        if text is not None and file is not None:
            message = f"there are both {name} and {name}File"
            self.collection.error("element-conflict", message, place, "keep one of them")
        if text is None and file is None:
            message = f"there is neither {name} nor {name}File"
            self.collection.error(
                "missing-field", message, place, f"add {name}, or a file's name as {name}File"
            )
        return text if file is None else self.references.policy(file, self.file, place)

    def _policy(self, text: PolicyText | None, kind: PolicyKind, name: str) -> Policy | None:
        return self.collection.reader.read(text, kind, name)

    def _account(self, account: str, place: Span) -> None:
        if not is_account_id(account):
            message = f"`{printable(account)}` is no account id"
            self.collection.error("invalid-account", message, place, "write its twelve digits, in quotes")

    def _no_arn(self, what: str, arn: str, place: Span) -> None:
        message = f"`{printable(arn)}` is not the ARN of {what}"
        self.collection.error("invalid-arn", message, place, "write the full ARN")
