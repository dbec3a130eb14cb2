"""A home: the folder that holds a token and the database that goes with it.

Not what is in them. INVARIANT: a home is there whole or not at all. `create_home` builds it beside its place,
to the last file, and then renames it; what fails on the way is removed.

    token/        the embedded token (`hsm`)
    kmsgate.db    the database (`store`)
    kmsgate.locks the locks of keys between processes (`store.locks`): made at need, always empty
    pin           the token's PIN, only where nobody gave one; it protects nothing against who can read the
    folder
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kms_core.audit.log import AuditLog
from kms_core.errors import ConfigurationError
from kms_core.gate import Gate
from kms_core.hsm import create_token, open_token, require_expressible
from kms_core.hsm.protocol import CHECK_ACTION
from kms_core.store.database import Database
from kms_core.store.settings import Settings, write_settings
from kms_core.store.versions import bring_up_to_date
from policy_engine import PolicyEngine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kms_core.hsm import Hsm
    from kms_core.model.sources import Sources

ENVIRONMENT = "KMSGATE_HOME"
_PIN_BYTES = 24
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Home:
    """A home's folder, and where things are in it."""

    path: Path

    @property
    def database(self) -> Path:
        """The database file."""
        return self.path / "kmsgate.db"

    @property
    def pin(self) -> Path:
        """The file of a generated PIN."""
        return self.path / "pin"

    def require(self) -> None:
        """Check that it is there.

        Raises:
            ConfigurationError: it is not.
        """
        try:
            there = self.database.is_file()
        except OSError as error:
            raise _unusable(self.path, "looked at", error) from error
        if not there:
            raise ConfigurationError(
                f"there is no kmsgate home at `{self.path}`", help="make one with `kmsgate init`"
            )


def default_home(environment: Mapping[str, str]) -> Path:
    """``$KMSGATE_HOME``, else ``kmsgate`` in the user's data folder (XDG Base Directory Specification).

    Raises:
        ConfigurationError: this user has no folder.
    """
    if environment.get(ENVIRONMENT):
        return Path(environment[ENVIRONMENT])
    data = Path(environment.get("XDG_DATA_HOME", ""))
    # the specification has a relative path ignored
    return (data if data.is_absolute() else _user_folder() / ".local" / "share") / "kmsgate"


def create_home(path: Path, pin: str | None, sources: Sources, *, module: Path | None = None) -> Home:
    """Make a home: a token with its keys, and an empty database.

    Args:
        path: where; nothing may be there, or an empty folder.
        pin: the token's PIN; without one it is made up and kept in the home.
        sources: time and ids, for the first records of the audit log.
        module: the PKCS#11 module; else where `hsm` finds it.

    Raises:
        ConfigurationError: there is something already, no module, or the folder cannot be written.
        HsmFaultError: the module does not do what it must.
    """
    path = path.absolute()
    with _building_site(path) as site:
        _fill(Home(site), pin, sources, module)
        site.rename(path)
        _sync(path.parent)
    return Home(path)


def check_value(hsm: Hsm, database: Database, sources: Sources) -> str:
    """What the token's own keys make of a constant, in hexadecimal; recorded as an internal job.

    Raises:
        KMSInternalError: the HSM or the store fails.
    """
    gate = Gate(PolicyEngine(), AuditLog(database, sources), sources)
    with gate.serve("kmsgate", CHECK_ACTION, "whether token and database belong together") as permit:
        return hsm.check_value(permit).hex()


@contextmanager
def _building_site(path: Path) -> Iterator[Path]:
    try:
        with ExitStack() as on_failure:
            _require_free(path)
            require_expressible(path)
            for folder in reversed([each for each in path.parents if not each.exists()]):
                on_failure.callback(_remove_empty, folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            site = Path(tempfile.mkdtemp(prefix=".kmsgate-new-", dir=path.parent))
            on_failure.callback(shutil.rmtree, site, ignore_errors=True)
            yield site
            on_failure.pop_all()
    except OSError as error:
        raise _unusable(path, "made", error) from error


def _require_free(path: Path) -> None:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ConfigurationError(
            f"there is something at `{path}` already", help="give another folder with --home"
        )


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # it was not made after all, or somebody else has put something there
        folder.rmdir()


def _user_folder() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise ConfigurationError(
            "this user has no folder of its own", help=f"give the home with --home or in {ENVIRONMENT}"
        ) from None


def _fill(site: Home, pin: str | None, sources: Sources, module: Path | None) -> None:
    if pin is None:
        pin = secrets.token_urlsafe(_PIN_BYTES)
        descriptor = os.open(site.pin, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{pin}\n")
            file.flush()
            os.fsync(file.fileno())
    create_token(site.path, pin, module=module)
    with Database.create(site.database) as database:
        site.database.chmod(_PRIVATE)
        bring_up_to_date(database)
        hsm = open_token(site.path, pin, module=module)
        try:
            value = check_value(hsm, database, sources)
        finally:
            hsm.close()
        with database.write() as connection:
            write_settings(connection, Settings(value))
    _sync(site.path)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(path: Path, what: str, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"`{path}` cannot be {what} ({(error.strerror or 'unknown error').lower()})",
        help="give another folder with --home, or let this user read and write it and its parent",
    )
