"""The worlds of the other tests as files, and a way to run the command as a process would."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from policy_engine.cli.explain_access import explain_access
from policy_engine.cli.failures import run
from tests.explain.world import IDENTITY_POLICY, KEY_POLICY

if TYPE_CHECKING:
    import pytest

ACME = str(Path(__file__).parents[2] / "fixtures" / "bundles" / "acme")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        """What it printed, as JSON."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


class Command:
    """`explain-access`, with standard streams captured."""

    def __init__(self, streams: pytest.CaptureFixture[str]) -> None:
        self.streams = streams

    def __call__(self, *arguments: str) -> Ended:
        self.streams.readouterr()
        code = run(explain_access, "explain-access", arguments)
        out, err = self.streams.readouterr()
        return Ended(code, out, err)


def policies(folder: Path) -> tuple[str, str]:
    """A key policy and an identity policy as files."""
    key, identity = folder / "orders.json", folder / "app.json"
    key.write_text(KEY_POLICY, encoding="utf-8")
    identity.write_text(IDENTITY_POLICY, encoding="utf-8")
    return str(key), str(identity)
