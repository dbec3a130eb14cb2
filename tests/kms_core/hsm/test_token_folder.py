"""What a login's precautions do to the files, without a token."""

from __future__ import annotations

from pathlib import Path

import pytest

from kms_core.errors import ConfigurationError, HsmFaultError
from kms_core.hsm.token_folder import TokenFolder, require_expressible

WHOLE = b"master key" * 32


@pytest.fixture
def folder(tmp_path: Path) -> TokenFolder:
    made = TokenFolder(tmp_path / "token")
    made.path.mkdir()
    made.prepare()
    (made.tokens / "some-token").mkdir()
    (made.tokens / "some-token" / "token.object").write_bytes(WHOLE)
    return made


def _master(folder: TokenFolder) -> Path:
    return folder.tokens / "some-token" / "token.object"


def _copy(folder: TokenFolder) -> Path:
    return folder.path / "token.object.bak"


@pytest.mark.parametrize("left", [0, 100])
def test_what_a_killed_login_left_is_replaced_by_the_copy(folder: TokenFolder, left: int) -> None:
    folder.protect()
    _master(folder).chmod(0o600)
    _master(folder).write_bytes(WHOLE[:left])
    folder.restore()
    assert _master(folder).read_bytes() == WHOLE


@pytest.mark.parametrize("left", [0, 100])
def test_a_damaged_copy_never_replaces_a_master_key_that_is_longer(folder: TokenFolder, left: int) -> None:
    _copy(folder).write_bytes(WHOLE[:left])
    folder.restore()
    assert _master(folder).read_bytes() == WHOLE
    folder.protect()
    assert _copy(folder).read_bytes() == WHOLE


@pytest.mark.parametrize("copied", [True, False])
def test_without_a_whole_file_there_is_nothing_to_restore(folder: TokenFolder, *, copied: bool) -> None:
    _master(folder).write_bytes(b"")
    if copied:
        _copy(folder).write_bytes(b"")
    with pytest.raises(HsmFaultError, match="is empty"):
        folder.restore()


@pytest.mark.parametrize("name", ["a#b", "a=b", "a\nb", "a\rb", "a\udcffb", "d" * 900])
def test_a_path_that_softhsm_would_read_otherwise_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="path of the home") as refused:
        require_expressible(Path("/srv") / name)
    assert refused.value.help


def test_any_other_path_is_taken(tmp_path: Path) -> None:
    require_expressible(tmp_path / " a 'b' ü \t; c ")
