"""Which PKCS#11 module to load: the one that was named, else SoftHSM2 where distributions put it.

Finds a file; does not load it (`library`). Paths: the packages of Debian and Ubuntu, Fedora and RHEL, Alpine
and Arch, Homebrew.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from kms_core.errors import ConfigurationError

VARIABLE: Final = "KMSGATE_PKCS11_MODULE"
KNOWN_PATHS: Final = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/usr/lib/pkcs11/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)


def find_module(named: Path | None = None) -> Path:
    """Give the module's path: `named`, else ``$KMSGATE_PKCS11_MODULE``, else the first known path.

    Raises:
        ConfigurationError: it is not there; what was named is never replaced by another.
    """
    wanted = named or _from_environment()
    if wanted is None:
        return _first_known()
    if not _is_file(wanted):
        raise ConfigurationError(
            f"the PKCS#11 module `{wanted}` does not exist",
            help=f"set {VARIABLE} to the module's path, or unset it to use SoftHSM2's",
        )
    return wanted


def _from_environment() -> Path | None:
    value = os.environ.get(VARIABLE)
    return Path(value) if value else None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:  # for this user it is not there
        return False


def _first_known() -> Path:
    for path in KNOWN_PATHS:
        if path.is_file():
            return path
    raise ConfigurationError(
        "no PKCS#11 module was found",
        help=f"run `apt-get install -y --no-install-recommends softhsm2`, or set {VARIABLE} to its path",
    )
