"""Reads files into a collection: each as what it is, and at the end what spans several files.

The readers of the three families are imported when the first file of a family is met: their forms take longer
to build than a small file to read, and few bundles have all three.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from policy_engine.bundle.collection import Collection
from policy_engine.bundle.documents import parse_document
from policy_engine.bundle.files import Contents, file_span, find_files, identity_of
from policy_engine.bundle.recognition import FileKind, hint, recognise
from policy_engine.bundle.references import References
from policy_engine.errors import BundleError, PolicySyntaxError
from policy_engine.model.bundle import Skipped

if TYPE_CHECKING:
    from pathlib import Path

    from policy_engine.bundle.account import AccountReader
    from policy_engine.bundle.key_folder import KeyFolders
    from policy_engine.bundle.native import NativeReader
    from policy_engine.model.bundle import Bundle
    from policy_engine.syntax.json_document import JsonDocument

_FORMS = (
    'a bundle file has "schema": "kmsgate/bundle/1", or is what aws iam get-account-authorization-details or '
    "aws kms describe-key, get-key-policy, list-grants, list-aliases and list-resource-tags print"
)


class BundleReader:
    """Reads paths, one after the other, then joins what was read."""

    def __init__(self) -> None:
        self._collection = Collection()
        self._contents = Contents()
        self._references = References(self._collection, self._contents)
        self._seen: set[str] = set()
        self._unrecognised: list[tuple[str, str]] = []
        self._anything = False

    def read(self, path: str | Path) -> None:
        """Read a file, or every file beneath a folder; a file that was read before is not read again."""
        found = find_files(path)
        if found.faults:
            self._collection.report(*found.faults)
            self._anything = True
        for skipped in found.skipped:
            self._skip(skipped)
        for file in found.documents:
            identity = identity_of(file)
            if identity not in self._seen:
                self._seen.add(identity)
                self._file(file, named=found.named)

    def finish(self) -> Bundle:
        """The bundle of all files."""
        # those that were not needed stay unmade
        for reader in ("_accounts", "_folders"):
            if reader in self.__dict__:
                self.__dict__[reader].finish()
        self._collection.check_groups()
        referenced = self._references.files
        for file, reason in self._unrecognised:
            if identity_of(file) not in referenced:
                self._skip(Skipped(file, reason))
        if not self._anything:
            skipped = self._collection.skipped
            place = file_span(skipped[0].file if skipped else "<bundle>")
            remedy = "name bundle files, or a folder that holds some"
            self._collection.error("nothing-to-load", "there is nothing that a bundle knows", place, remedy)
        return self._collection.bundle()

    @cached_property
    def _native(self) -> NativeReader:
        from policy_engine.bundle.native import NativeReader  # noqa: PLC0415 - see the module's head

        return NativeReader(self._collection, self._references)

    @cached_property
    def _accounts(self) -> AccountReader:
        from policy_engine.bundle.account import AccountReader  # noqa: PLC0415 - see the module's head

        return AccountReader(self._collection)

    @cached_property
    def _folders(self) -> KeyFolders:
        from policy_engine.bundle.key_folder import KeyFolders  # noqa: PLC0415 - see the module's head

        return KeyFolders(self._collection)

    def _file(self, file: str, *, named: bool) -> None:
        try:
            document = parse_document(self._contents.of(file), file)
        except BundleError as error:
            self._anything = True
            self._collection.report(*error.diagnostics)
            return
        except PolicySyntaxError as error:
            self._anything = True
            self._collection.report(error.diagnostic)
            return
        kind = recognise(document.root)
        if kind is not None:
            self._anything = True
            self._collection.report(*document.diagnostics)
            self._take(kind, document, file)
        elif named:
            self._anything = True
            message = f"the file is not recognised: {hint(document.root)}"
            self._collection.error("unrecognised-file", message, file_span(file), _FORMS)
        else:
            self._unrecognised.append((file, hint(document.root)))

    def _take(self, kind: FileKind, document: JsonDocument, file: str) -> None:
        if kind is FileKind.NATIVE:
            self._native.add(document, file)
        elif kind is FileKind.ACCOUNT:
            self._accounts.add(document)
        else:
            self._folders.add(kind, document, file)

    def _skip(self, skipped: Skipped) -> None:
        self._collection.skipped.append(skipped)
        self._collection.warn("unrecognised-file", f"not read: {skipped.reason}", file_span(skipped.file))
