from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kms_core import checkup
from kms_core.cli.place import given_pin
from kms_core.home import Home
from kms_core.hsm import ProbeRow
from kms_core.model.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable


def _change(home: Path, statement: str) -> None:
    connection = sqlite3.connect(home / "kmsgate.db")
    with connection:
        assert connection.execute(statement).rowcount
    connection.close()


def _row(home: Path, name: str) -> ProbeRow:
    """What the database's part of the table says; the token is left out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkup, "probe", lambda *_, **__: (ProbeRow("token", ok=False, detail="left out"),))
        rows = checkup.examine(Home(home), "pin", Sources())
    (found,) = (row for row in rows if row.name == name)
    return found


def test_a_home_that_is_well(run: Callable, home: Path) -> None:
    looked = run("doctor", "--home", home)

    assert (looked.status, looked.errors) == (0, "")
    first, *rows = looked.output.splitlines()
    assert first == f"all is well: {home}"
    assert all(row.startswith("ok ") for row in rows)
    for name in (
        "module",
        "locking",
        "token",
        "AES-GCM",
        "unwrap template",
        "database",
        "audit log",
        "check value",
    ):
        assert any(name in row for row in rows), name
    assert "schema version 0004" in looked.output
    assert "\x1b" not in looked.output


def test_no_home(run: Callable, tmp_path: Path) -> None:
    ended = run("doctor", "--home", tmp_path / "none")
    ended.refused(3, "no kmsgate home")
    assert "kmsgate init" in ended.errors


def test_a_wrong_pin_is_refused_and_the_right_one_still_works(
    run: Callable, home: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-pin\n")
    ended = run("doctor", "--home", home, "--pin-file", wrong)
    ended.refused(3, "PIN")
    assert "not-the-pin" not in ended.errors
    assert run("doctor", "--home", home).status == 0


def test_a_pin_file_wins_and_must_hold_a_pin(run: Callable, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    for content, message in ((b"", "is empty"), (b"\n", "is empty"), (b"\xff", "is not text")):
        file.write_bytes(content)
        run("doctor", "--home", home, "--pin-file", file).refused(3, message)
    run("doctor", "--home", home, "--pin-file", tmp_path / "none").refused(3, "cannot be read")


def test_only_the_first_line_of_a_pin_file_is_the_pin(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for content in (b"a pin \nsecond line\n", b"a pin \r\n", b"a pin "):
        file.write_bytes(content)
        assert given_pin(file) == "a pin "


def test_no_module(run: Callable, home: Path) -> None:
    ended = run("doctor", "--home", home, environment={"KMSGATE_PKCS11_MODULE": "/nonexistent/module.so"})
    ended.refused(3, "/nonexistent/module.so")


def test_a_newer_database(run: Callable, home: Path) -> None:
    _change(home, "UPDATE alembic_version SET version_num = '0099'")
    ended = run("doctor", "--home", home)
    ended.refused(3, "schema version `0099`")
    assert "newer" in ended.errors


def test_what_is_no_database(run: Callable, home: Path) -> None:
    (home / "kmsgate.db").write_bytes(b"not a database" * 400)
    run("doctor", "--home", home).refused(3, "cannot be used")


def test_an_empty_database_is_a_loss_and_is_not_filled(run: Callable, home: Path) -> None:
    (home / "kmsgate.db").write_bytes(b"")
    run("doctor", "--home", home).refused(3, "is empty")
    run("doctor", "--home", home).refused(3, "is empty")


def _page(database: Path, table: str) -> range:
    """Where a table's first page is in the file."""
    with closing(sqlite3.connect(database)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (number,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)
        ).fetchone()
    return range((number - 1) * size, number * size)


def test_a_damaged_database(home: Path) -> None:
    """A page of the audit log is overwritten, then a whole table is gone: each is a row, not an end."""
    database = home / "kmsgate.db"
    whole = database.read_bytes()
    page = _page(database, "audit")
    database.write_bytes(bytes(byte ^ 0x5A if place in page else byte for place, byte in enumerate(whole)))
    damaged = _row(home, "database")
    assert not damaged.ok
    assert ", damaged: " in damaged.detail
    assert "\n" not in damaged.detail
    assert not _row(home, "audit log").ok

    database.write_bytes(whole)
    _change(home, "DROP TABLE grant_tokens")
    assert _row(home, "database") == ProbeRow(
        "database", ok=False, detail="kmsgate.db, schema version 0004, without grant_tokens"
    )


def test_a_home_that_may_not_be_read(run: Callable, home: Path, open_folder: Path) -> None:
    place = shutil.copytree(home, open_folder / "home")
    place.chmod(0o700)
    run("doctor", "--home", place, unprivileged=True).refused(3, "cannot be")


def test_a_home_that_may_not_be_written(run: Callable, home: Path, open_folder: Path) -> None:
    place = shutil.copytree(home, open_folder / "home")
    for each in (place, *place.rglob("*")):
        each.chmod(0o555 if each.is_dir() else 0o444)
    run("doctor", "--home", place, unprivileged=True).refused(3, "cannot be")


def test_a_token_of_another_home(run: Callable, home: Path, tmp_path: Path) -> None:
    assert run("init", "--home", tmp_path / "other").status == 0
    shutil.copy(tmp_path / "other" / "kmsgate.db", home / "kmsgate.db")
    looked = run("doctor", "--home", home)

    assert looked.status == 5
    assert looked.output.startswith("1 of ")
    assert "FAULT  check value" in looked.output


def test_a_damaged_token(run: Callable, home: Path) -> None:
    for file in (*(home / "token").rglob("token.object*"),):
        file.chmod(0o600)
        file.write_bytes(b"")
    looked = run("doctor", "--home", home)
    assert looked.status == 5
    assert "FAULT  token" in looked.output


def test_a_changed_audit_log(run: Callable, home: Path) -> None:
    _change(home, "UPDATE audit SET record = replace(record, 'kmsgate', 'somebody')")
    looked = run("doctor", "--home", home)
    assert looked.status == 5
    assert "FAULT  audit log" in looked.output


def test_debug_shows_the_traceback(run: Callable, tmp_path: Path) -> None:
    assert "Traceback" in run("doctor", "--home", tmp_path / "none", "--debug").errors


def test_the_installed_command() -> None:
    script = Path(sys.executable).with_name("kmsgate")
    shown = subprocess.run([script, "--version"], capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.startswith("kmsgate, version ")


def test_usage(run: Callable) -> None:
    assert run("doctor", "--nonsense").status == 2
    assert run("nonsense").status == 2
    for arguments in (("--help",), ("init", "--help"), ("doctor", "--help")):
        shown = run(*arguments)
        assert shown.status == 0
        assert "Examples:" in shown.output
