"""FILES: which there are under a path, and their content. Regular files only, and none that is too large.

Names that begin with a dot are left alone, as version control's folders are. A symbolic link is followed
once: a folder that was met before is not read again, so that loops end.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from policy_engine.bundle.documents import SUFFIXES
from policy_engine.errors import BundleError, Diagnostic
from policy_engine.model.bundle import Skipped
from policy_engine.span import Source, Span
from policy_engine.syntax.json_limits import MAX_FILE_BYTES


@dataclass(slots=True)
class FoundFiles:
    """What stands under a path.

    Attributes:
        documents: JSON and YAML files by name, sorted; a file that was named is one whatever its name.
        skipped: what was met in a folder and is nothing to read.
        faults: what could not be looked at.
        named: whether the path is a file itself.
    """

    documents: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    faults: list[Diagnostic] = field(default_factory=list)
    named: bool = False


def file_span(name: str) -> Span:
    """The place of a file as a whole."""
    return Span(Source(name, ""), 0, 0)


def find_files(path: str | Path) -> FoundFiles:
    """The files at a path: the file itself, or every file beneath a folder."""
    found = FoundFiles()
    try:
        status = os.stat(path)  # noqa: PTH116 - keeps the path as the user wrote it
    except (OSError, ValueError) as error:
        found.faults.append(_unreadable(str(path), error))
        return found
    if stat.S_ISDIR(status.st_mode):
        _walk(Path(path), found, {(status.st_dev, status.st_ino)})
    elif stat.S_ISREG(status.st_mode):
        found.named = True
        found.documents.append(str(path))
    else:
        found.faults.append(_not_regular(str(path)))
    return found


def _walk(folder: Path, found: FoundFiles, seen: set[tuple[int, int]]) -> None:
    try:
        entries = sorted(os.listdir(folder))  # noqa: PTH208 - names alone are wanted, sorted
    except OSError as error:
        found.faults.append(_unreadable(str(folder), error))
        return
    for name in entries:
        if not name.startswith("."):
            _visit(folder / name, found, seen)


def _visit(path: Path, found: FoundFiles, seen: set[tuple[int, int]]) -> None:
    try:
        status = path.stat()
    except OSError as error:
        found.faults.append(_unreadable(str(path), error))
        return
    identity = (status.st_dev, status.st_ino)
    if stat.S_ISDIR(status.st_mode):
        if identity not in seen:
            seen.add(identity)
            _walk(path, found, seen)
    elif not stat.S_ISREG(status.st_mode):
        found.skipped.append(Skipped(str(path), "it is no regular file"))
    elif path.suffix.lower() in SUFFIXES:
        found.documents.append(str(path))
    else:
        found.skipped.append(Skipped(str(path), "it is neither JSON nor YAML by its name"))


def read_file(path: str | Path) -> bytes:
    """The content of a regular file.

    Raises:
        BundleError: it cannot be read, is no regular file, or is larger than 64 MiB.
    """
    name = str(path)
    try:
        # without blocking: a FIFO that took the file's place since must not hold the reader
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123 - a descriptor
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BundleError([_not_regular(name)])
            content = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise BundleError([_unreadable(name, error)]) from error
    if len(content) > MAX_FILE_BYTES:
        raise BundleError([_too_large(name)])
    return content


def identity_of(path: str | Path) -> str:
    """One name for a file however it is reached; a path that no file can have stays as it is."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return str(path)


class Contents:
    """The contents of files, each read once: one that changes meanwhile does not have two."""

    def __init__(self) -> None:
        self._read: dict[str, bytes] = {}

    def of(self, path: str | Path) -> bytes:
        """The content of a regular file, as it was when it was first asked for.

        Raises:
            BundleError: as `read_file` says.
        """
        identity = identity_of(path)
        if identity not in self._read:
            self._read[identity] = read_file(path)
        return self._read[identity]


def _unreadable(name: str, error: Exception) -> Diagnostic:
    reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    message = f"the file cannot be read: {reason[:1].lower()}{reason[1:]}"
    return Diagnostic("unreadable-file", message, file_span(name), "check the path and its permissions")


def _not_regular(name: str) -> Diagnostic:
    message = "this is neither a regular file nor a folder"
    return Diagnostic("not-a-regular-file", message, file_span(name), "name a file or a folder")


def _too_large(name: str) -> Diagnostic:
    message = f"the file has more than the {MAX_FILE_BYTES:,} bytes that are read"
    return Diagnostic("too-large", message, file_span(name), "split it by account or by key")
