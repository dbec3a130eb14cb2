"""One real SoftHSM2 token for the whole run: a process can hold one SoftHSM2 configuration.

A test that needs a token of its own, or kills the process that holds it, uses `processes` or `fork`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import ConfigurationError
from kms_core.hsm import create_token, open_token
from kms_core.hsm.module import find_module
from kms_core.permit import Permit, PermitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kms_core.hsm import Hsm

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"
_NEEDS_TOKEN = {"hsm", "hsm_home", "hsm_module", "processes"}
PIN = "pin-of-a-throw-away-token"

_PRELUDE = """
import os, sys, time
from pathlib import Path
from kms_core.errors import *
from kms_core.hsm import *
from kms_core.hsm import embedded
from kms_core.permit import Permit, PermitKind
from kms_core.model.backing_key import BackingKeyRecord
home, PIN = Path(sys.argv[1]), sys.argv[2]
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = "arn:aws:kms:us-east-1:111122223333:key/" + KEY_ID
def permit(action, arn=ARN):
    return Permit("test", action, arn, "call-1")
def check_value(hsm):
    return hsm.check_value(Permit("test", "internal:CheckToken", None, "c", PermitKind.SERVICE, "test")).hex()
def new_key(hsm, id="b-1"):
    binding = KeyBinding(KEY_ID, id, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    made = hsm.generate_backing_key(permit("kms:CreateKey"), ARN, binding)
    return stored(id, made.domain_key_id, made.blob, made.mac)
def stored(id, domain_key_id, blob, mac):
    return BackingKeyRecord(id, KEY_ID, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", domain_key_id, blob, mac, 0.0)
"""


# Imports once what every process would import again; it holds nothing itself, neither a token nor a database.
_FORKING = """
import faulthandler, gc, json, os, signal, socket, sys
import alembic.command, sqlalchemy
import kms_core.checkup, kms_core.cli.kmsgate, kms_core.opening, kms_core.store.migrations.env
sqlalchemy.create_engine("sqlite://").connect().close()
faulthandler.enable()
gc.collect(), gc.freeze()
line = socket.socket(fileno=int(sys.argv[1]))
while True:
    message, files, *_ = socket.recv_fds(line, 1 << 17, 2)
    if not message:
        break
    asked = json.loads(message)
    answer = os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1]) if "wait" in asked else os.fork()
    if answer or "wait" in asked:
        for file in files:
            os.close(file)
        line.send(json.dumps(answer).encode())
        continue
    line.close()
    os.dup2(files[0], 1), os.dup2(files[1], 2), os.close(files[0]), os.close(files[1])
    signal.alarm(60)  # whatever hangs is killed
    os.environ.clear(), os.environ.update(asked["environment"])
    sys.argv = ["-c", *asked["arguments"]]
    exec(asked["code"], {"__name__": "__main__"})
    sys.exit()
"""


class Forked:
    """A process of its own that runs some code; like a `Popen`, as far as the tests go."""

    def __init__(self, line: socket.socket, code: str, arguments: list[str], env: dict[str, str]) -> None:
        reading, writing = os.pipe()
        self._line = line
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - `close` closes it
        asked = {"code": code, "arguments": arguments, "environment": env}
        socket.send_fds(line, [json.dumps(asked).encode()], [writing, self._errors.fileno()])
        os.close(writing)
        self._id = json.loads(line.recv(100))
        self.stdout = os.fdopen(reading)
        self.returncode: int | None = None

    def kill(self) -> None:
        """SIGKILL. Its id is its own until `communicate`."""
        if self.returncode is None:
            os.kill(self._id, signal.SIGKILL)

    def communicate(self) -> tuple[str, str]:
        """Wait for its end, and give what it wrote on standard output and standard error."""
        output = self.stdout.read()
        self._line.send(json.dumps({"wait": self._id}).encode())
        self.returncode = json.loads(self._line.recv(100))
        self._errors.seek(0)
        errors = self._errors.read()
        self.close()
        return output, errors

    def close(self) -> None:
        """Let go of its files."""
        self.stdout.close()
        self._errors.close()


@dataclass(slots=True)
class Processes:
    """Starts Python processes on one home; ends those that still run."""

    home: Path
    module: Path
    fork: Callable[..., Forked]
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, code: str, pin: str = PIN) -> Forked:
        """Start a process that runs `code` after the prelude."""
        environment = {"KMSGATE_PKCS11_MODULE": str(self.module), **self.environment}
        return self.fork(_PRELUDE + dedent(code), self.home, pin, environment=environment)

    def run(self, code: str, pin: str = PIN) -> str:
        """Run `code` to its end, and give what it printed."""
        process = self.start(code, pin)
        output, errors = process.communicate()
        assert process.returncode == 0, errors
        return output.strip()


@dataclass(frozen=True, slots=True)
class HsmHome:
    """A home with an initialised embedded token."""

    path: Path
    pin: str = field(repr=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a token, so that `-m "not hsm"` leaves it out."""
    for item in items:
        if _NEEDS_TOKEN.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.hsm)


@pytest.fixture(scope="session")
def hsm_module() -> Path:
    """The PKCS#11 module; without one the test is skipped, and in CI it fails."""
    try:
        return find_module()
    except ConfigurationError as error:
        reason = f"{error.message}: {error.help}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def hsm_home(hsm_module: Path, tmp_path_factory: pytest.TempPathFactory) -> HsmHome:
    """A home with a token that this run made."""
    home = HsmHome(tmp_path_factory.mktemp("home"), "correct-horse-1234")
    create_token(home.path, home.pin, module=hsm_module)
    return home


@pytest.fixture(scope="session")
def hsm(hsm_home: HsmHome, hsm_module: Path) -> Iterator[Hsm]:
    """That token, open for the whole run."""
    opened = open_token(hsm_home.path, hsm_home.pin, module=hsm_module)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def permit_for() -> Callable[..., Permit]:
    """Makes permits, as only the gate does outside tests: `permit_for("kms:Encrypt")`."""

    def make(action: str, key_arn: str | None = KEY_ARN) -> Permit:
        if action.startswith("internal:"):
            return Permit("test", action, key_arn, "call-1", PermitKind.SERVICE, "a test")
        return Permit("arn:aws:iam::111122223333:role/app", action, key_arn, "call-1")

    return make


@pytest.fixture(scope="session")
def _forking() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-c", _FORKING, str(theirs.fileno())]
    with subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL):
        theirs.close()
        yield ours
        ours.close()


@pytest.fixture
def fork(_forking: socket.socket) -> Iterator[Callable[..., Forked]]:
    """Starts processes: `fork(code, *arguments, environment={...})`; ends those that still run."""
    started: list[Forked] = []

    def start(code: str, *arguments: object, environment: dict[str, str]) -> Forked:
        whole = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment}
        started.append(Forked(_forking, code, [str(each) for each in arguments], whole))
        return started[-1]

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
            process.communicate()


@pytest.fixture
def processes(tmp_path: Path, hsm_module: Path, fork: Callable[..., Forked]) -> Processes:
    """Processes on a home that does not exist yet."""
    return Processes(tmp_path / "home", hsm_module, fork)
