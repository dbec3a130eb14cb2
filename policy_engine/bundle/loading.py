"""PATHS → BUNDLE: finds the files, recognises each by what it holds, reads them all, and joins the records.

A bundle is native files (kmsgate/bundle/1), authorization details of accounts, and folders with what the AWS
CLI prints about one key. Everything is read before anything is refused, so that one run tells all faults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

    from policy_engine.model.bundle import Bundle


def load_bundle(*paths: str | Path, strict: bool = True) -> Bundle:
    """Read what users have into a bundle.

    Args:
        paths: files, or folders whose JSON and YAML files are read, however deep.
        strict: refuse the whole where any part is at fault. Without it the faults are in the bundle's
            diagnostics, and whatever cannot be read is missing: that is for reports, and no engine takes it.

    Returns:
        The bundle. Its diagnostics are the milder findings, its `skipped` what was met in a folder and is
        nothing that a bundle knows.

    Raises:
        BundleError: a file cannot be read, was named and is not recognised, or is malformed; definitions
            contradict each other; or there is nothing to load. It carries all diagnostics.
    """
    # pydantic takes longer to import than a small bundle to read, so only who loads one waits for it
    from policy_engine.bundle.bundle_reader import BundleReader  # noqa: PLC0415

    reader = BundleReader()
    for path in paths:
        reader.read(path)
    bundle = reader.finish()
    if strict and bundle.faults:
        raise BundleError(bundle.diagnostics)
    return bundle
