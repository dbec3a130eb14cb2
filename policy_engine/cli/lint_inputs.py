"""PATHS → what there is to lint: documents, what was skipped or cannot be used, and the bundle of it all."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from policy_engine.bundle.files import file_span, find_files, read_file
from policy_engine.errors import BundleError, Diagnostic
from policy_engine.lint.documents import (
    UnrecognisedError,
    read_document,
    read_grants_document,
    speaks_of_policies,
)
from policy_engine.lint.forms import Role
from policy_engine.model.bundle import Skipped
from policy_engine.model.policy import PolicyKind
from policy_engine.syntax.json_limits import MAX_FILE_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_engine.lint.subject import Document
    from policy_engine.model.bundle import Bundle

STANDARD_INPUT = "-"
_STANDARD_INPUT_NAME = "<stdin>"
KINDS: dict[str, PolicyKind | None] = {
    "auto": None,
    "key": PolicyKind.KEY,
    "identity": PolicyKind.IDENTITY,
    "grant": None,
}
"""What `--type` may be, with the kind of a policy that stands alone."""


@dataclass(slots=True)
class Inputs:
    """What the paths of a run hold.

    Attributes:
        documents: files that hold something to lint.
        skipped: files of folders that do not, with the reason.
        faults: paths that cannot be used.
        loaded: the paths that a bundle can be loaded from.
    """

    type: str
    documents: list[Document] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    faults: list[Diagnostic] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    _seen: dict[Path, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to lint."""
        return not any(
            document.subjects or document.diagnostics or document.role is not Role.NONE
            for document in self.documents
        )

    def add(self, path: str) -> None:
        """Read a path: a file, a folder, or `-` for standard input."""
        if path == STANDARD_INPUT:
            content = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
            self._document(content, _STANDARD_INPUT_NAME, named=True)
            return
        short = _relative(path)
        found = find_files(short)
        self.faults += found.faults
        self.skipped += found.skipped
        known = len(self.documents)
        for file in found.documents:
            self._file(file, named=found.named)
        if any(document.role is Role.WHOLE for document in self.documents[known:]):
            self.loaded.append(short)

    def _file(self, file: str, *, named: bool, kind: PolicyKind | None = None) -> None:
        real = Path(file).resolve()
        if real in self._seen:
            # met by itself first, and now named by a document that says of which kind it is
            if kind is not None and self.documents[self._seen[real]].file == file:
                self._again(self._seen[real], file, kind)
            return
        try:
            content = read_file(file)
        except BundleError as error:
            self.faults += error.diagnostics
            return
        before = len(self.documents)
        self._document(content, file, named=named, kind=kind)
        if len(self.documents) > before:
            self._seen[real] = before

    def _again(self, index: int, file: str, kind: PolicyKind) -> None:
        self.documents[index] = read_document(read_file(file), file, kind)

    def _document(self, content: bytes, name: str, *, named: bool, kind: PolicyKind | None = None) -> None:
        try:
            document = (
                read_grants_document(content, name)
                if self.type == "grant"
                else read_document(content, name, kind or KINDS[self.type])
            )
        except UnrecognisedError as error:
            self._unrecognised(name, str(error), named=named)
            return
        if document.root is None and not named and not speaks_of_policies(content):
            self.skipped.append(Skipped(name, "it is not JSON, and does not speak of policies"))
            return
        self.documents.append(document)
        for reference in document.references:
            if Path(reference.path).is_file():  # loading the bundle says it of one that is not there
                self._file(reference.path, named=True, kind=reference.kind)

    def _unrecognised(self, name: str, reason: str, *, named: bool) -> None:
        if named:
            remedy = (
                "name a policy, what the AWS CLI prints about policies, or a bundle; --type says what it is"
            )
            message = f"there is nothing to lint in it: {reason}"
            self.faults.append(Diagnostic("unrecognised-file", message, file_span(name), remedy))
        else:
            self.skipped.append(Skipped(name, reason))

    def bundle(self) -> tuple[Bundle | None, tuple[Diagnostic, ...]]:
        """What the documents make together, without what is at fault, and the faults."""
        if not self.loaded:
            return None, ()
        from policy_engine.bundle import load_bundle  # noqa: PLC0415 - slow to import, and only bundles need it

        bundle = load_bundle(*self.loaded, strict=False)
        return bundle, bundle.diagnostics


def _relative(path: str) -> str:
    """A path below the working folder as seen from there, so that fingerprints do not depend on spelling."""
    if not Path(path).is_absolute():
        return os.path.normpath(path)
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


def read_inputs(paths: Sequence[str], type_name: str) -> Inputs:
    """Read everything that a user named."""
    inputs = Inputs(type_name)
    for path in dict.fromkeys(paths):
        inputs.add(path)
    return inputs
