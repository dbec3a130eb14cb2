"""TREE → WHAT IT IS: files are recognised by what they hold, never by their names.

The table goes from the members of a file's object to the family and form that it is read by. The first that
fits is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from policy_engine.syntax.json_tree import JsonArray, JsonObject, JsonString

if TYPE_CHECKING:
    from policy_engine.syntax.json_tree import JsonNode

NATIVE_SCHEMA = "kmsgate/bundle/"


class FileKind(Enum):
    """What a file is; the values are the commands that print it, where one does."""

    NATIVE = "kmsgate/bundle/1"
    ACCOUNT = "get-account-authorization-details"
    KEY = "describe-key"
    KEY_POLICY = "get-key-policy"
    GRANTS = "list-grants"
    ALIASES = "list-aliases"
    TAGS = "list-resource-tags"


@dataclass(frozen=True, slots=True)
class _Mark:
    """What tells a kind: the member `name` is there, and its items have `item`, where that is given.

    An empty list has no items to tell it by: then the member `beside` must be there, where that is given.
    """

    kind: FileKind
    name: str
    item: str | None = None
    beside: str | None = None

    def fits(self, root: JsonObject) -> bool:
        """Whether the mark is on a file."""
        value = root.get(self.name)
        if value is None or self.item is None:
            return value is not None
        if not isinstance(value, JsonArray):
            return False
        if not value.items:
            return self.beside is None or root.get(self.beside) is not None
        first = value.items[0]
        return isinstance(first, JsonObject) and first.get(self.item) is not None


_MARKS = (
    _Mark(FileKind.ACCOUNT, "UserDetailList"),
    _Mark(FileKind.ACCOUNT, "RoleDetailList"),
    _Mark(FileKind.ACCOUNT, "GroupDetailList"),
    _Mark(FileKind.ACCOUNT, "Policies", item="PolicyVersionList", beside="IsTruncated"),
    _Mark(FileKind.KEY, "KeyMetadata"),
    _Mark(FileKind.KEY_POLICY, "Policy"),
    _Mark(FileKind.GRANTS, "Grants"),
    _Mark(FileKind.ALIASES, "Aliases", item="AliasName"),
    _Mark(FileKind.TAGS, "Tags", item="TagKey"),
)


def recognise(root: JsonNode) -> FileKind | None:
    """What a file is, or None where it is nothing that a bundle knows."""
    if not isinstance(root, JsonObject):
        return None
    schema = root.get("schema")
    if schema is not None:
        # one of another version is recognised too, and then refused by its form
        native = isinstance(schema, JsonString) and schema.value.startswith(NATIVE_SCHEMA)
        return FileKind.NATIVE if native else None
    return next((mark.kind for mark in _MARKS if mark.fits(root)), None)


def hint(root: JsonNode) -> str:
    """What an unrecognised file seems to be."""
    if isinstance(root, JsonObject):
        if root.get("Statement") is not None:
            return "it is a policy document, and no file names it as PolicyFile or PolicyDocumentFile"
        if root.get("keys") is not None or root.get("principals") is not None:
            return 'it has no "schema": "kmsgate/bundle/1"'
    return "it is nothing that a bundle knows"
