"""FOLDER → KEY: the files of one folder that say what the AWS CLI printed about one key."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

from policy_engine.bundle.dump_form import (
    AliasesForm,
    DescribeKeyForm,
    DumpForm,
    GrantsForm,
    KeyMetadataForm,
    KeyPolicyForm,
    PagedForm,
    TagsForm,
)
from policy_engine.bundle.grant_form import read_grants
from policy_engine.bundle.names import is_key_arn, key_name
from policy_engine.bundle.recognition import FileKind
from policy_engine.bundle.validation import validate
from policy_engine.model.bundle import KeyRecord
from policy_engine.model.policy import PolicyKind
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.bundle.collection import Collection
    from policy_engine.model.policy import Policy
    from policy_engine.syntax.json_document import JsonDocument

AnyDump = TypeVar("AnyDump", bound=DumpForm)
_FORMS: dict[FileKind, type[DumpForm]] = {
    FileKind.KEY: DescribeKeyForm,
    FileKind.KEY_POLICY: KeyPolicyForm,
    FileKind.GRANTS: GrantsForm,
    FileKind.ALIASES: AliasesForm,
    FileKind.TAGS: TagsForm,
}
_COMMANDS = {form: kind.value for kind, form in _FORMS.items()}
_DEFAULT, _SHARED = "default", "AWS_RAM"


@dataclass(slots=True)
class KeyFolders:
    """The dumps by folder: `add` for each file, then `finish`."""

    collection: Collection
    _dumps: dict[PurePath, list[DumpForm]] = field(default_factory=dict)
    _faulty: set[PurePath] = field(default_factory=set)

    def add(self, kind: FileKind, document: JsonDocument, file: str) -> None:
        """Take a file."""
        form, faults = validate(_FORMS[kind], document.root, document.source)
        self.collection.report(*faults)
        if form is None:
            self._faulty.add(PurePath(file).parent)
            return
        self._dumps.setdefault(PurePath(file).parent, []).append(form)
        if isinstance(form, PagedForm) and form.incomplete:
            command = _COMMANDS[type(form)]
            message = f"the output of {command} was cut off"
            remedy = f"run `aws kms {command}` without --max-items"
            self.collection.error("incomplete-dump", message, form.place, remedy)

    def finish(self) -> None:
        """Make the records."""
        for folder, dumps in self._dumps.items():
            described = [form for form in dumps if isinstance(form, DescribeKeyForm)]
            if folder in self._faulty:
                # what is wrong was said, and the rest would only follow from it
                continue
            if len(described) == 1:
                _FolderReader(self.collection, dumps, described[0].key_metadata).read()
            elif described:
                self._several(described)
            else:
                self._none(dumps[0])

    def _several(self, described: list[DescribeKeyForm]) -> None:
        for form in described[1:]:
            message = f"a second describe-key in one folder: the first is {described[0].place}"
            remedy = "give each key a folder of its own"
            self.collection.error("several-keys-in-folder", message, form.place, remedy)

    def _none(self, form: DumpForm) -> None:
        message = f"the folder has a {_COMMANDS[type(form)]}, but no describe-key that says of which key"
        remedy = "add what `aws kms describe-key` prints for the key"
        self.collection.error("no-key-in-folder", message, form.place, remedy)


@dataclass(slots=True)
class _FolderReader:
    """Reads the dumps of one key."""

    collection: Collection
    dumps: list[DumpForm]
    metadata: KeyMetadataForm

    def read(self) -> None:
        """Add the key's record."""
        key, place = self.metadata, self.metadata.place
        if not is_key_arn(key.arn):
            message = f"`{printable(key.arn)}` is not the ARN of a KMS key"
            self.collection.error("invalid-arn", message, place, "describe the key itself")
        tags, grants = self._one(TagsForm), self._one(GrantsForm)
        aliases = self._aliases()
        granted, faults = read_grants(grants.grants if grants else (), key.arn)
        self.collection.report(*faults)
        name = key_name(key.arn, aliases or ())
        policies = self._policies(name)
        record = KeyRecord(
            arn=key.arn,
            policy=policies.get(_DEFAULT),
            shared_policy=policies.get(_SHARED),
            grants=granted,
            aliases=aliases,
            tags={tag.tag_key: tag.tag_value for tag in tags.tags} if tags else None,
            key_spec=key.key_spec or key.customer_master_key_spec,
            key_usage=key.key_usage,
            origin=key.origin,
            key_state=key.key_state,
            multi_region=key.multi_region,
            aws_managed=key.key_manager == "AWS",
        )
        self.collection.add_key(record, place)

    def _aliases(self) -> tuple[str, ...] | None:
        """The key's own aliases: the list may be the whole account's."""
        form = self._one(AliasesForm)
        if form is None:
            return None
        return tuple(a.alias_name for a in form.aliases if a.target_key_id == self.metadata.key_id)

    def _policies(self, name: str) -> dict[str, Policy]:
        """The key's policies by their name; without the default one a decision would be a guess."""
        forms = self._of(KeyPolicyForm)
        read: dict[str, Policy] = {}
        for form in forms:
            if form.policy_name not in {_DEFAULT, _SHARED}:
                message = f"a key has no policy of the name `{printable(form.policy_name)}`"
                self.collection.error("unknown-policy-name", message, form.place, "the name is default")
            policy = self.collection.reader.read(form.policy, PolicyKind.KEY, name)
            if form.policy_name in read:
                self._twice(form)
            elif policy is not None:
                read[form.policy_name] = policy
        if all(form.policy_name != _DEFAULT for form in forms):
            message = "the folder has no get-key-policy, so the key's policy is unknown"
            remedy = "add what `aws kms get-key-policy` prints for the key"
            self.collection.error("missing-policy", message, self.metadata.place, remedy)
        return read

    def _of(self, kind: type[AnyDump]) -> list[AnyDump]:
        return [form for form in self.dumps if isinstance(form, kind)]

    def _one(self, kind: type[AnyDump]) -> AnyDump | None:
        """The only dump of a kind, if there is one."""
        forms = self._of(kind)
        for form in forms[1:]:
            self._twice(form)
        return forms[0] if forms else None

    def _twice(self, form: DumpForm) -> None:
        message = f"a second {_COMMANDS[type(form)]} in one folder"
        self.collection.error("duplicate-definition", message, form.place, "keep one of them")
