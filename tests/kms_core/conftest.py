"""One real SoftHSM2 token for the whole run: a process can hold one SoftHSM2 configuration.

A test that needs a token of its own, or kills the process that holds it, uses `processes` or `fork`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import ConfigurationError
from kms_core.hsm import create_token, open_token
from kms_core.hsm.module import find_module
from kms_core.permit import Permit, PermitKind
from tests.kms_core.forking import Forked, fork_server, forks

if TYPE_CHECKING:
    import socket
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
    with fork_server() as line:
        yield line


@pytest.fixture
def fork(_forking: socket.socket) -> Iterator[Callable[..., Forked]]:
    """Starts processes: `fork(code, *arguments, environment={...})`; ends those that still run."""
    with forks(_forking) as start:
        yield start


@pytest.fixture
def processes(tmp_path: Path, hsm_module: Path, fork: Callable[..., Forked]) -> Processes:
    """Processes on a home that does not exist yet."""
    return Processes(tmp_path / "home", hsm_module, fork)
