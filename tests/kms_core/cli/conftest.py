"""The command in a process of its own, since a process can hold one token; and homes to run it on."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Forked

PIN = "pin-of-a-throw-away-token"
NOBODY = 65_534


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    output: str
    errors: str

    def refused(self, status: int, message: str) -> None:
        """Check that it ended with this status and one clear line, and perhaps one of help."""
        assert self.status == status, self.errors
        lines = self.errors.splitlines()
        assert lines[0].startswith("kmsgate: ")
        assert message in lines[0]
        assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("  help: ")), lines
        assert self.output == ""


_COMMAND = f"""
import os, sys, warnings
from kms_core.cli.kmsgate import main
warnings.simplefilter("error")
if sys.argv[1] == "unprivileged" and os.geteuid() == 0:
    os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY})
main(sys.argv[2:], prog_name="kmsgate")
"""


@pytest.fixture
def run(hsm_module: Path, fork: Callable[..., Forked]) -> Callable[..., Ended]:
    """Runs ``kmsgate`` with arguments; `environment` is added to a bare one."""

    def run_one(
        *arguments: str | Path, environment: dict[str, str] | None = None, unprivileged: bool = False
    ) -> Ended:
        known = {"KMSGATE_PKCS11_MODULE": str(hsm_module), "KMSGATE_PIN": PIN}
        user = "unprivileged" if unprivileged else "oneself"
        process = fork(_COMMAND, user, *arguments, environment={**known, **(environment or {})})
        output, errors = process.communicate()
        return Ended(process.returncode, output, errors)

    return run_one


@pytest.fixture(scope="session")
def _place_of_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("made") / "home"


@pytest.fixture
def home(_place_of_home: Path, run: Callable[..., Ended], tmp_path: Path) -> Path:
    """A home that `kmsgate init` made, to be spoilt; a copy of the first one."""
    if not _place_of_home.exists():
        assert run("init", "--home", _place_of_home).status == 0
    return Path(shutil.copytree(_place_of_home, tmp_path / "home"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that an unprivileged user can reach; pytest's own are for their owner alone."""
    folder = Path(tempfile.mkdtemp(prefix="kmsgate-test-"))
    folder.chmod(0o755)
    yield folder
    for each in (folder, *folder.rglob("*")):
        if each.is_dir():
            each.chmod(0o755)
    shutil.rmtree(folder)
