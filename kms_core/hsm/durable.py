"""Writing to disk so that a crash leaves the old file or the new one, and a power cut loses neither.

SoftHSM2 itself does not fsync; `sync_tree` makes up for it where it matters, after the token's keys are made.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put `content` at `path` in one step, on disk when this returns.

    Raises:
        OSError: the folder cannot be written; `path` is as it was.
    """
    draft = path.with_name(path.name + ".tmp")
    # a draft that a crash left may be read-only
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Bring one file, or the names in one folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Bring everything below `folder` to the disk, names last."""
    for path in sorted(folder.rglob("*"), reverse=True):
        sync(path)
    sync(folder)
