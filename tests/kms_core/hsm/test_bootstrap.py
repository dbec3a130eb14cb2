"""An embedded token is made once, opened by many, and survives being killed at any moment."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Processes

MAKE = "create_token(home, PIN); print('made')"
OPEN = "print(check_value(open_token(home, PIN)))"
FAIL = """
try:
    {call}
except HomeError as error:
    print(type(error).__name__, error.exit_code, error.message, error.help, sep="|")
    assert PIN not in str(error) + repr(error) + str(error.help)
"""
NOBODY = 65534
PIN = "pin-of-a-throw-away-token"
_CREATE = """
import sys, pathlib, kms_core.hsm
kms_core.hsm.create_token(pathlib.Path(sys.argv[1]), sys.argv[2], module=pathlib.Path(sys.argv[3]))
"""


@pytest.fixture(scope="module")
def made_home(hsm_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made") / "home"
    create = [sys.executable, "-c", _CREATE, home, PIN, hsm_module]
    subprocess.run(create, check=True, timeout=60)
    return home


@pytest.fixture
def made(processes: Processes, made_home: Path) -> None:
    """A token that was made before, and moved to the test's home."""
    shutil.copytree(made_home, processes.home)


def failure(processes: Processes, call: str, *, pin: str | None = None) -> tuple[str, str, str]:
    """The class, the exit status and the message of the error that a call ends in."""
    code = FAIL.format(call=call)
    kind, status, message, remedy = (processes.run(code, pin) if pin else processes.run(code)).split("|")
    assert remedy
    assert message[0].islower() or message[0] == "`"
    assert not message.endswith(".")
    return kind, status, message


def master(processes: Processes) -> Path:
    (found,) = processes.home.glob("token/tokens/*/token.object")
    return found


def test_a_token_that_was_made_is_opened_again(processes: Processes) -> None:
    assert processes.run(MAKE) == "made"
    first = processes.run(OPEN)
    assert len(bytes.fromhex(first)) == 32
    assert processes.run(OPEN) == first
    assert master(processes).stat().st_mode & 0o777 == 0o400
    assert (processes.home / "token").stat().st_mode & 0o777 == 0o700


def test_one_process_makes_opens_and_opens_again(processes: Processes) -> None:
    code = """
    create_token(home, PIN)
    first = open_token(home, PIN); a = check_value(first); first.close(); first.close()
    second = open_token(home, PIN)
    try:
        open_token(home, PIN)
    except ConfigurationError as error:
        print(error.message)
    assert check_value(second) == a
    """
    assert processes.run(code).startswith("this process already holds a token")


def test_a_token_that_cannot_be_made_leaves_nothing_and_disturbs_nothing(processes: Processes) -> None:
    code = """
    create_token(home, PIN)
    hsm = open_token(home, PIN)
    value = check_value(hsm)
    other = home.with_name("other")
    try:
        create_token(other, PIN)
    except ConfigurationError as error:
        print(error.message.partition(" of ")[0])
    print(*(path.name for path in other.rglob("*")))
    login = hsm._lanes._login
    login.library.cryptoki.close_all_sessions(login.token.slot.slot_id)
    assert check_value(hsm) == value
    """
    assert processes.run(code).split("\n") == ["this process already holds a token", "token token.lock"]


@pytest.mark.usefixtures("made")
def test_a_second_token_is_never_made(processes: Processes) -> None:
    before = processes.run(OPEN)
    kind, status, message = failure(processes, "create_token(home, PIN)")
    assert (kind, status) == ("ConfigurationError", "3")
    assert "already holds a token" in message
    assert processes.run(OPEN) == before


def test_four_processes_that_start_at_once_make_one_token(processes: Processes) -> None:
    code = """
    while time.time() < float(os.environ["START"]): pass
    try:
        create_token(home, PIN)
    except ConfigurationError as error:
        assert "already holds" in error.message
    print(check_value(open_token(home, PIN)))
    """
    processes.environment["START"] = str(time.time() + 1.0)
    started = [processes.start(code) for _ in range(4)]
    answers = [process.communicate() for process in started]
    assert [process.returncode for process in started] == [0] * 4, answers
    assert len({output for output, _ in answers}) == 1
    assert master(processes).stat().st_size


def test_a_process_killed_while_it_logs_in_loses_nothing(processes: Processes) -> None:
    code = """
    create_token(home, PIN)
    hsm = open_token(home, PIN)
    key = new_key(hsm)
    sealed = hsm.encrypt(permit("kms:Encrypt"), key, b"kept", b"aad")
    print((check_value(hsm), key.domain_key_id, key.blob, key.mac, tuple(sealed)))
    """
    made = processes.run(code)
    loop = "print('in', flush=True)\nwhile True: embedded.log_in(home, PIN, None).close()"
    for _ in range(5):
        pair = [processes.start(loop), processes.start(loop)]
        for process in pair:
            assert process.stdout
            process.stdout.readline()
        time.sleep(secrets.randbelow(50) / 1000)
        for process in pair:
            process.kill()
            _, errors = process.communicate()
            assert errors == ""
    code = f"""
    value, domain_key_id, blob, mac, sealed = {made}
    hsm = open_token(home, PIN)
    assert check_value(hsm) == value
    key = stored("b-1", domain_key_id, blob, mac)
    print(hsm.decrypt(permit("kms:Decrypt"), key, Sealed(*sealed), b"aad"))
    """
    assert processes.run(code) == "b'kept'"


def test_a_process_killed_while_it_makes_a_token_leaves_none_or_a_whole_one(processes: Processes) -> None:
    home = processes.home
    for turn in range(6):
        processes.home = home / str(turn)
        process = processes.start("print('in', flush=True); " + MAKE)
        assert process.stdout
        process.stdout.readline()
        time.sleep((3 + secrets.randbelow(22)) / 1000)
        process.kill()
        process.communicate()
        if not (processes.home / "token" / "token.json").exists():
            assert processes.run(MAKE) == "made"
        assert len(processes.run(OPEN)) == 64
        assert master(processes).stat().st_size


@pytest.mark.usefixtures("made")
def test_an_unfinished_token_is_moved_aside(processes: Processes) -> None:
    (processes.home / "token" / "token.json").unlink()
    assert failure(processes, "open_token(home, PIN)")[2].endswith("holds no token")
    processes.run(MAKE)
    assert len(processes.run(OPEN)) == 64
    assert len(list(processes.home.glob("token/tokens.orphan-*"))) == 1


@pytest.mark.parametrize("left", [0, 100])
@pytest.mark.usefixtures("made")
def test_a_truncated_master_key_is_put_back(processes: Processes, left: int) -> None:
    before = processes.run(OPEN)
    whole = master(processes).read_bytes()
    master(processes).chmod(0o600)
    master(processes).write_bytes(whole[:left])
    assert processes.run(OPEN) == before
    assert master(processes).stat().st_mode & 0o777 == 0o400


@pytest.mark.usefixtures("made")
def test_the_copy_of_the_master_key_is_made_again(processes: Processes) -> None:
    copy = processes.home / "token" / "token.object.bak"
    whole = copy.read_bytes()
    copy.unlink()
    processes.run(OPEN)
    assert len(copy.read_bytes()) == len(whole)


@pytest.mark.usefixtures("made")
def test_a_moved_home_is_still_a_home(processes: Processes) -> None:
    before = processes.run(OPEN)
    processes.home = processes.home.rename(processes.home.with_name("elsewhere"))
    assert processes.run(OPEN) == before


def damage_by_a_second_token(home: Path) -> None:
    (found,) = home.glob("token/tokens/*")
    shutil.copytree(found, found.with_name("00000000-0000-0000-0000-000000000000"))


def damage_by_no_token(home: Path) -> None:
    shutil.rmtree(home / "token" / "tokens")


def damage_of_the_marker(home: Path) -> None:
    (home / "token" / "token.json").write_text('{"serial":')


def damage_of_the_serial(home: Path) -> None:
    (home / "token" / "token.json").write_text(json.dumps({"serial": "0" * 16}))


def damage_by_a_lost_key(home: Path) -> None:
    largest = max(home.glob("token/tokens/*/*.object"), key=lambda path: path.stat().st_size)
    largest.unlink()


def damage_of_the_master_key_and_its_copy(home: Path) -> None:
    (found,) = home.glob("token/tokens/*/token.object")
    found.chmod(0o600)
    found.write_bytes(b"")
    (home / "token" / "token.object.bak").unlink()


DAMAGES = [
    damage_by_a_second_token,
    damage_by_no_token,
    damage_of_the_marker,
    damage_of_the_serial,
    damage_by_a_lost_key,
    damage_of_the_master_key_and_its_copy,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.usefixtures("made")
def test_a_damaged_token_is_a_fault_and_never_made_anew(processes: Processes, damage: object) -> None:
    assert callable(damage)
    damage(processes.home)
    before = sorted(processes.home.rglob("*.object"))
    kind, status, _ = failure(processes, "open_token(home, PIN)")
    assert (kind, status) == ("HsmFaultError", "5")
    assert failure(processes, "create_token(home, PIN)")[0] == "ConfigurationError"
    assert sorted(processes.home.rglob("*.object")) == before
    rows = processes.run("print(*(f'{row.name}={row.ok}' for row in probe(home, PIN)))").split()
    assert rows[-1].endswith("=False")


@pytest.mark.usefixtures("made")
def test_a_wrong_pin_is_said_and_not_tried_again(processes: Processes) -> None:
    before = processes.run(OPEN)
    for _ in range(2):
        assert failure(processes, "open_token(home, PIN)", pin="wrong-pin-9876") == (
            "ConfigurationError",
            "3",
            "the PIN is wrong",
        )
    code = """
    try:
        open_token(home, "wrong-pin-9876")
    except ConfigurationError as error:
        print(error.message)
    print(check_value(open_token(home, PIN)))
    """
    assert processes.run(code).split("\n") == ["the PIN is wrong", before]


@pytest.mark.parametrize("pin", ["abc", "x" * 256])
def test_a_pin_that_the_token_would_refuse_makes_nothing(processes: Processes, pin: str) -> None:
    kind, status, message = failure(processes, "create_token(home, PIN)", pin=pin)
    assert (kind, status, message) == ("ConfigurationError", "3", "the PIN must have 4 to 255 bytes")
    assert not processes.home.exists()


def test_a_home_without_a_token_is_not_made(processes: Processes) -> None:
    kind, status, message = failure(processes, "open_token(home, PIN)")
    assert (kind, status) == ("ConfigurationError", "3")
    assert message == f"`{processes.home}` holds no token"
    assert not processes.home.exists()


@pytest.mark.parametrize("call", ["open_token(home, PIN)", "create_token(home, PIN)", "probe(home, PIN)"])
def test_a_missing_module_is_said(processes: Processes, call: str) -> None:
    processes.environment["KMSGATE_PKCS11_MODULE"] = "/nowhere/lib.so"
    kind, status, message = failure(processes, call)
    assert (kind, status, message) == (
        "ConfigurationError",
        "3",
        "the PKCS#11 module `/nowhere/lib.so` does not exist",
    )
    assert not processes.home.exists()


def test_a_module_that_is_none_is_said(processes: Processes, tmp_path: Path) -> None:
    text = tmp_path / "text.so"
    text.write_text("no module")
    for module in (text, Path(os.__file__)):
        processes.environment["KMSGATE_PKCS11_MODULE"] = str(module)
        kind, status, message = failure(processes, "create_token(home, PIN)")
        assert (kind, status) == ("ConfigurationError", "3")
        assert "is not a PKCS#11 module" in message


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    # not below tmp_path, which another user may not even enter
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)


def test_a_read_only_folder_is_said(processes: Processes, read_only_folder: Path) -> None:
    become = f"os.setuid({NOBODY})\n" if os.getuid() == 0 else ""  # root may write anything
    processes.home = read_only_folder / "home"
    code = become + FAIL.format(call="create_token(home, PIN)")
    kind, status, message, _ = processes.run(code).split("|")
    assert (kind, status) == ("ConfigurationError", "3")
    assert message == f"`{processes.home}` cannot be read and written (permission denied)"
    assert not list(read_only_folder.iterdir())


@pytest.mark.usefixtures("made")
def test_somebody_elses_home_is_said(processes: Processes) -> None:
    token = processes.home / "token"
    if os.getuid() != 0:
        token.chmod(0)
        assert failure(processes, "open_token(home, PIN)")[0] == "ConfigurationError"
        token.chmod(0o700)
        return
    code = f"os.setuid({NOBODY})\n" + FAIL.format(call="open_token(home, PIN)")
    kind, status, message, _ = processes.run(code).split("|")
    assert (kind, status) == ("ConfigurationError", "3")
    assert "cannot be read and written (permission denied)" in message


def test_a_home_that_is_a_file_is_said(processes: Processes) -> None:
    processes.home.write_text("")
    for call in ("create_token(home, PIN)", "open_token(home, PIN)"):
        kind, status, message = failure(processes, call)
        assert (kind, status) == ("ConfigurationError", "3")
        assert "cannot be read and written" in message


@pytest.mark.usefixtures("made")
def test_a_module_that_somebody_else_initialised_is_refused(processes: Processes) -> None:
    code = """
    import pkcs11
    os.environ["SOFTHSM2_CONF"] = str(home / "token" / "softhsm2.conf")
    theirs = pkcs11.lib(os.environ["KMSGATE_PKCS11_MODULE"])
    """ + FAIL.format(call="open_token(home, PIN)").replace("\n", "\n    ")
    kind, status, message, _ = processes.run(code).split("|")
    assert (kind, status) == ("HsmFaultError", "5")
    assert "already initialised" in message
