"""The command in a process of its own, since a process can hold one token; and homes to run it on."""

from __future__ import annotations

import json
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


# Forks for each command: the process has imported all and holds nothing yet, neither a token nor a database.
_FORKING = f"""
import json, os, signal, sys, tempfile
import alembic.command, sqlalchemy
from kms_core.cli.kmsgate import main
import kms_core.store.migrations.env
sqlalchemy.create_engine("sqlite://").connect().close()
for line in sys.stdin:
    given = json.loads(line)
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if not child:
            signal.alarm(60)
            os.dup2(output.fileno(), 1), os.dup2(errors.fileno(), 2)
            os.environ.clear()
            os.environ.update(given["environment"])
            if given["unprivileged"]:
                os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY})
            main(given["arguments"], prog_name="kmsgate")
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said = [os.pread(file.fileno(), 1 << 20, 0).decode() for file in (output, errors)]
    print(json.dumps([status, *said]), flush=True)
"""


@pytest.fixture(scope="session")
def _forking() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "error", "-c", _FORKING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


@pytest.fixture(scope="session")
def run(hsm_module: Path, _forking: subprocess.Popen[str]) -> Callable[..., Ended]:
    """Runs ``kmsgate`` with arguments; `environment` is added to a bare one."""

    def run_one(
        *arguments: str | Path, environment: dict[str, str] | None = None, unprivileged: bool = False
    ) -> Ended:
        given = {
            "arguments": [str(each) for each in arguments],
            "unprivileged": unprivileged and os.geteuid() == 0,
            "environment": {
                "PATH": os.environ["PATH"],
                "HOME": "/nonexistent",
                "KMSGATE_PKCS11_MODULE": str(hsm_module),
                "KMSGATE_PIN": PIN,
                **(environment or {}),
            },
        }
        _forking.stdin.write(json.dumps(given) + "\n")
        _forking.stdin.flush()
        return Ended(*json.loads(_forking.stdout.readline()))

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
