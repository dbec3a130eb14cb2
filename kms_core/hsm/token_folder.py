"""The files of an embedded SoftHSM2 token, and what keeps them whole. Knows files, not PKCS#11.

SoftHSM2 rewrites `token.object`, which holds the wrapped master key, at every login: a process killed there
leaves it empty, and one that starts meanwhile reads half of it. So a login happens under one lock, the file
is kept read-only with a copy beside it, and a marker with the token's serial number is written last: without
it a token was never finished and holds nothing; with it a missing token is a fault, never a reason to make
another.

    softhsm2.conf        where SoftHSM2 finds its tokens
    token.json           the marker
    token.object.bak     the copy
    token.lock           held from C_Initialize to C_Login
    tokens/              SoftHSM2's own
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kms_core.errors import ConfigurationError, HsmFaultError
from kms_core.hsm import durable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SCHEMA: Final = "kmsgate/token/1"
_READ_ONLY: Final = 0o400
_UNREADABLE: Final = re.compile(r"[#=\r\n\ud800-\udfff]")
"""What SoftHSM2 cuts a line of its configuration at, and what is no UTF-8 (its SimpleConfigLoader.cpp)."""
_LONGEST_PATH: Final = 900
"""SoftHSM2 reads lines of 1,023 bytes; the names of the setting and of the folders below a home go off."""
_CONFIGURATION: Final = """\
directories.tokendir = {tokens}/
objectstore.backend = file
log.level = ERROR
slots.removable = false
library.reset_on_fork = true
"""


@dataclass(frozen=True, slots=True)
class TokenFolder:
    """The folder of one embedded token."""

    path: Path

    @property
    def tokens(self) -> Path:
        """What SoftHSM2 owns."""
        return self.path / "tokens"

    @property
    def configuration(self) -> Path:
        """SoftHSM2's configuration file."""
        return self.path / "softhsm2.conf"

    @property
    def is_finished(self) -> bool:
        """Whether a token was made here, and acknowledged."""
        return self._marker.exists()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder alone, among all processes and threads.

        Raises:
            ConfigurationError: the folder cannot be read and written, then or while it is held.
        """
        try:
            descriptor = os.open(self.path / "token.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
        except OSError as error:
            raise unusable(self.path, error) from error

    @contextmanager
    def growing(self) -> Iterator[None]:
        """Hold the folder while the token gets or loses an object; what changed is on disk afterwards.

        SoftHSM2 does not fsync, and its processes disturb each other where one writes while another starts.
        """
        with self.locked():
            before = set(self.tokens.rglob("*"))
            yield
            for path in set(self.tokens.rglob("*")) - before:
                durable.sync(path)
            durable.sync(self._master().parent)

    def prepare(self) -> None:
        """Make SoftHSM2's folder, and move aside a token that was never finished."""
        if self.tokens.exists() and any(self.tokens.iterdir()):
            self.tokens.rename(self.path / f"tokens.orphan-{os.getpid()}-{time.time_ns()}")
        self.tokens.mkdir(mode=0o700, exist_ok=True)
        # a copy of the orphan's file must not pass for one of the next token's
        self._copy.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove a token that could not be finished. The lock stays: others may be waiting for it."""
        shutil.rmtree(self.tokens, ignore_errors=True)
        for path in (self.configuration, self._copy):
            path.unlink(missing_ok=True)

    def configure(self) -> None:
        """Write SoftHSM2's configuration, where it is not already so; the folder may have been moved."""
        wanted = _CONFIGURATION.format(tokens=self.tokens.resolve()).encode()
        if not self.configuration.exists() or self.configuration.read_bytes() != wanted:
            durable.write(self.configuration, wanted)

    def finish(self, label: str, serial: bytes) -> None:
        """Acknowledge the token that was made: everything to disk, the copy, and the marker last."""
        durable.sync_tree(self.tokens)
        self.protect()
        marker = {"schema": _SCHEMA, "label": label, "serial": serial.decode("ascii")}
        durable.write(self._marker, json.dumps(marker).encode())

    def protect(self) -> None:
        """Copy the master key's file where there is no copy yet, and make it read-only."""
        master = self._master()
        if not self._copy.exists():
            durable.write(self._copy, master.read_bytes())
        # root may write it all the same: then the lock and the copy are what is left
        master.chmod(_READ_ONLY)

    def serial(self) -> bytes:
        """Give the serial number of the token that was made here.

        Raises:
            ConfigurationError: none was, or the folder cannot be read.
            HsmFaultError: the marker is damaged.
        """
        try:
            marker = json.loads(self._marker.read_bytes())
            return str(marker["serial"]).encode("ascii")
        except FileNotFoundError as error:
            raise ConfigurationError(
                f"`{self.path.parent}` holds no token", help="make one with `kmsgate init`"
            ) from error
        except OSError as error:
            raise unusable(self.path, error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(self._marker, "it cannot be read") from error

    def restore(self) -> None:
        """Put the master key's file back from its copy, if a process was killed while it logged in.

        INVARIANT: the longer of the two is kept. A killed login leaves a file that is too short, never one
        that is too long, so a copy that is shorter is itself what was damaged; the next login makes it anew.

        Raises:
            HsmFaultError: there is not exactly one token, or neither file holds anything.
        """
        master = self._master()
        copied = self._copy.read_bytes() if self._copy.exists() else b""
        size = master.stat().st_size
        if not size and not copied:
            raise _damaged(master, "it is empty, and so is its copy or there is none")
        if size < len(copied):
            durable.write(master, copied, _READ_ONLY)
        elif size > len(copied):
            self._copy.unlink(missing_ok=True)

    def _master(self) -> Path:
        found = list(self.tokens.glob("*/token.object"))
        if len(found) != 1:
            raise _damaged(self.tokens, f"it holds {len(found)} token.object files, not one")
        return found[0]

    @property
    def _marker(self) -> Path:
        return self.path / "token.json"

    @property
    def _copy(self) -> Path:
        return self.path / "token.object.bak"


def require_expressible(home: Path) -> None:
    """Check that SoftHSM2's configuration can name the folder of a home's token.

    Raises:
        ConfigurationError: SoftHSM2 would read another path.
    """
    path = os.path.realpath(home)
    found = _UNREADABLE.search(path)
    if found:
        character = found.group()
        why = f"holds `{character}`" if character.isprintable() else f"holds U+{ord(character):04X}"
    elif len(path.encode()) >= _LONGEST_PATH:
        why = f"has {_LONGEST_PATH} bytes or more"
    else:
        return
    raise ConfigurationError(
        f"the path of the home {why}, which SoftHSM2's configuration cannot express",
        help="give another folder with --home",
    )


def unusable(folder: Path, error: OSError) -> ConfigurationError:
    """Say that a folder cannot be used, and why."""
    return ConfigurationError(
        f"`{folder}` cannot be read and written ({(error.strerror or 'unknown error').lower()})",
        help="give another --home, or let this user read and write the folder",
    )


def _damaged(path: Path, why: str) -> HsmFaultError:
    return HsmFaultError(
        f"the token is damaged: `{path}`: {why}",
        help="put the folder back from a backup: it holds the only copy of the keys",
    )
