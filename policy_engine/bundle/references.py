"""Files that a native file names: policies that stand on their own, read once each."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from policy_engine.bundle.documents import parse_document
from policy_engine.bundle.files import identity_of
from policy_engine.bundle.placed import PolicyText
from policy_engine.errors import BundleError, PolicySyntaxError
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.bundle.collection import Collection
    from policy_engine.bundle.files import Contents
    from policy_engine.span import Span


class References:
    """Reads the files that bundle files name, relative to the file that names them."""

    def __init__(self, collection: Collection, contents: Contents) -> None:
        self._collection = collection
        self._contents = contents
        self._read: dict[str, PolicyText | None] = {}

    def policy(self, name: str, from_file: str, place: Span) -> PolicyText | None:
        """The policy in a file; None, with the reason reported, where there is none to read."""
        if not name or PurePath(name).is_absolute():
            message = f"`{printable(name)}` is no path relative to this file"
            self._collection.error("absolute-path", message, place, "name a file relative to this one")
            return None
        path = Path(from_file).parent / name
        identity = identity_of(path)
        if identity not in self._read:
            self._read[identity] = self._parse(str(path), place)
        return self._read[identity]

    @property
    def files(self) -> frozenset[str]:
        """The files that were named, by their identities."""
        return frozenset(self._read)

    def _parse(self, file: str, place: Span) -> PolicyText | None:
        try:
            document = parse_document(self._contents.of(file), file)
        except BundleError as error:
            for fault in error.diagnostics:
                message = f"`{printable(file)}`: {fault.message}"
                self._collection.error(fault.code, message, place, fault.help)
            return None
        except PolicySyntaxError as error:
            self._collection.report(error.diagnostic)
            return None
        self._collection.report(*document.diagnostics)
        return PolicyText(document.root, document.source)
