"""The command in a process of its own, since a process can hold one token; and homes to run it on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


@pytest.fixture(scope="session")
def run(hsm_module: Path) -> Callable[..., Ended]:
    """Runs ``kmsgate`` with arguments; `environment` is added to a bare one."""

    def run_one(
        *arguments: str | Path, environment: dict[str, str] | None = None, unprivileged: bool = False
    ) -> Ended:
        # everything is imported first: an unprivileged user may not be able to read this Python
        become = "import sqlalchemy; sqlalchemy.create_engine('sqlite://').connect().close()\n"
        become += f"import os; os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        lower = become if unprivileged and os.geteuid() == 0 else ""
        code = f"from kms_core.cli.kmsgate import main\n{lower}main(prog_name='kmsgate')"
        process = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={
                "PATH": os.environ["PATH"],
                "HOME": "/nonexistent",
                "KMSGATE_PKCS11_MODULE": str(hsm_module),
                "KMSGATE_PIN": PIN,
                **(environment or {}),
            },
        )
        return Ended(process.returncode, process.stdout, process.stderr)

    return run_one


@pytest.fixture(scope="session")
def _made_home(run: Callable[..., Ended], tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made") / "home"
    assert run("init", "--home", home).status == 0
    return home


@pytest.fixture
def home(_made_home: Path, tmp_path: Path) -> Path:
    """A home that `kmsgate init` made, to be spoilt."""
    return Path(shutil.copytree(_made_home, tmp_path / "home"))


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
