from __future__ import annotations

import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from kms_core import home as module
from kms_core.cli.kmsgate import main
from kms_core.errors import ConfigurationError, HsmFaultError
from kms_core.home import create_home, default_home
from kms_core.model.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_home_is_made_with_a_pin_of_its_own(run: Callable, tmp_path: Path) -> None:
    home = tmp_path / "a" / "home"
    made = run("init", "--home", home, environment={"KMSGATE_PIN": ""})

    assert made.status == 0, made.errors
    assert str(home / "pin") in made.output
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "pin").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "kmsgate.db").stat().st_mode) == 0o600
    assert (home / "pin").read_text().strip() not in made.output + made.errors
    assert sorted(path.name for path in home.iterdir()) == ["kmsgate.db", "pin", "token"]
    assert [path.name for path in home.parent.iterdir()] == ["home"]
    assert run("doctor", "--home", home, environment={"KMSGATE_PIN": ""}).status == 0


def test_a_given_pin_is_kept_nowhere(run: Callable, home: Path) -> None:
    assert not (home / "pin").exists()
    run("doctor", "--home", home, environment={"KMSGATE_PIN": ""}).refused(3, "no PIN was given")


def test_a_second_init_changes_nothing(run: Callable, home: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    run("init", "--home", home).refused(3, "already")
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before


def test_an_empty_folder_may_become_a_home(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    assert run("init", "--home", tmp_path / "home").status == 0


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"KMSGATE_PKCS11_MODULE": "/nonexistent/module.so"}, "/nonexistent/module.so"),
        ({"KMSGATE_PIN": "abc"}, "PIN"),
        ({"KMSGATE_PIN": "a-pin-\udcff"}, "KMSGATE_PIN is not UTF-8"),
    ],
)
def test_what_fails_leaves_nothing(
    run: Callable, tmp_path: Path, environment: dict[str, str], message: str
) -> None:
    run("init", "--home", tmp_path / "home", environment=environment).refused(3, message)
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_folder_is_refused(run: Callable, open_folder: Path) -> None:
    open_folder.chmod(0o555)
    ended = run("init", "--home", open_folder / "home", unprivileged=True)
    ended.refused(3, "cannot be made (permission denied)")
    assert list(open_folder.iterdir()) == []


@pytest.mark.parametrize(
    "step", ["create_token", "bring_up_to_date", "open_token", "check_value", "write_settings"]
)
@pytest.mark.parametrize(
    "error", [HsmFaultError("a fault"), OSError(28, "No space left on device"), KeyboardInterrupt()]
)
def test_a_failure_at_any_step_leaves_nothing(
    hsm_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    class _Hsm:
        def close(self) -> None: ...

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(module, "create_token", lambda site, *_, **__: (site / "token").mkdir())
    monkeypatch.setattr(module, "open_token", lambda *_, **__: _Hsm())
    monkeypatch.setattr(module, "check_value", lambda *_: "value")
    monkeypatch.setattr(module, step, fail)
    expected = ConfigurationError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected):
        create_home(tmp_path / "a" / "b" / "home", None, Sources(), module=hsm_module)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a#b", "a=b", "n" * 300, "/".join(["d" * 200] * 5), "a\udcffb"])
def test_a_name_that_no_home_can_have_is_refused(hsm_module: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        create_home(tmp_path / name, None, Sources(), module=hsm_module)
    assert refused.value.help
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_may_not_be_looked_at_is_refused(run: Callable, open_folder: Path) -> None:
    open_folder.chmod(0o600)
    for command in ("init", "doctor"):
        ended = run(command, "--home", open_folder / "sub" / "home", unprivileged=True)
        ended.refused(3, "permission denied")


def test_a_user_without_a_folder_is_asked_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    result = CliRunner().invoke(main, ["doctor"], env={"KMSGATE_HOME": None, "XDG_DATA_HOME": None})
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("kmsgate: this user has no folder of its own\n  help: ")


def test_a_killed_init_leaves_no_home_and_the_next_one_works(
    run: Callable, fork: Callable, hsm_module: Path, tmp_path: Path
) -> None:
    code = (
        "import sys, pathlib; from kms_core import home; from kms_core.model.sources import Sources\n"
        "print('ready', flush=True); home.create_home(pathlib.Path(sys.argv[1]), 'some-pin', Sources())"
    )
    for delay in (0.0, 0.03, 0.06, 0.1):
        process = fork(code, tmp_path / "home", environment={"KMSGATE_PKCS11_MODULE": str(hsm_module)})
        process.stdout.readline()
        time.sleep(delay)
        process.kill()
        process.communicate()
        if (tmp_path / "home").exists():
            break  # it was quicker than the kill: then it must be whole, which the end of this test shows
    else:
        assert run("init", "--home", tmp_path / "home", environment={"KMSGATE_PIN": "some-pin"}).status == 0
    assert run("doctor", "--home", tmp_path / "home", environment={"KMSGATE_PIN": "some-pin"}).status == 0


def test_where_a_home_is_by_default() -> None:
    assert default_home({"KMSGATE_HOME": "/srv/kms", "XDG_DATA_HOME": "/data"}) == Path("/srv/kms")
    assert default_home({"XDG_DATA_HOME": "/data"}) == Path("/data/kmsgate")
    for environment in ({}, {"XDG_DATA_HOME": "relative"}, {"KMSGATE_HOME": ""}):
        assert default_home(environment) == Path.home() / ".local" / "share" / "kmsgate"


def test_the_home_comes_from_the_environment(run: Callable, tmp_path: Path) -> None:
    home = tmp_path / "chosen"
    assert run("init", environment={"KMSGATE_HOME": str(home)}).status == 0
    assert (home / "kmsgate.db").is_file()
