from __future__ import annotations

import pytest

from tests.cli.world import Command


@pytest.fixture
def explain_access(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, in a terminal of 100 columns that asks for nothing."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    return Command(capsys)
