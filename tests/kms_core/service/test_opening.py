"""`open_kms`, in processes of their own: this one holds the run's token."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

_REPOSITORY = Path(__file__).parents[3]
_PRELUDE = """
import shutil, sys
from pathlib import Path
from kms_core import Kms, open_kms
from kms_core.errors import *
from kms_core.home import create_home
from kms_core.model.sources import Sources
folder, ROOT = Path(sys.argv[1]), "arn:aws:iam::111122223333:root"
home = folder / "home"
create_home(home, "some-pin", Sources())
"""


@pytest.fixture
def run(hsm_module: Path, tmp_path: Path) -> Callable[[str], str]:
    """Runs code beside a new home, and gives what it printed."""

    def run_one(code: str) -> str:
        process = subprocess.run(
            [sys.executable, "-W", "error", "-c", _PRELUDE + dedent(code), str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, "KMSGATE_PKCS11_MODULE": str(hsm_module)},
        )
        assert process.returncode == 0, process.stderr
        return process.stdout.strip()

    return run_one


def test_a_copy_of_a_closed_home_has_all_its_keys(run: Callable[[str], str]) -> None:
    """The steps of docs/security.md, "Back up and restore"."""
    code = """
    import subprocess
    with open_kms(home, "some-pin") as kms:
        key = kms.create_key(ROOT)
        signer = kms.create_key(ROOT, key_spec="ECC_NIST_EDWARDS25519", key_usage="SIGN_VERIFY")
        blob = kms.encrypt(ROOT, key.arn, b"kept").ciphertext_blob
        signature = kms.sign(ROOT, signer.arn, b"message", "ED25519_SHA_512").signature
    kms.close()
    archive = folder / "backup.tar"
    subprocess.run(["tar", "--create", "--preserve-permissions", "--file", archive, "-C", home, "."], check=True)
    shutil.rmtree(home)
    home.mkdir(mode=0o700)
    subprocess.run(["tar", "--extract", "--preserve-permissions", "--file", archive, "-C", home], check=True)
    with open_kms(home, "some-pin") as kms:
        print(kms.decrypt(ROOT, blob).plaintext)
        print(kms.sign(ROOT, signer.arn, b"message", "ED25519_SHA_512").signature == signature)
    """
    assert run(code).split() == ["b'kept'", "True"]


def test_a_home_can_be_moved_closed_and_opened_again(run: Callable[[str], str]) -> None:
    code = """
    with open_kms(str(home), "some-pin", region="eu-west-1") as kms:
        assert isinstance(kms, Kms)
        key = kms.create_key(ROOT)
        blob = kms.encrypt(ROOT, key.arn, b"kept").ciphertext_blob
    kms.close()
    home.rename(folder / "moved")
    with open_kms(folder / "moved", "some-pin", region="eu-west-1") as kms:
        print(key.arn.split(":")[3], kms.describe_key(ROOT, key.arn) == key, kms.decrypt(ROOT, blob).plaintext)
    """
    assert run(code) == "eu-west-1 True b'kept'"


def test_what_cannot_be_opened_is_let_go(run: Callable[[str], str]) -> None:
    """After each refusal the home opens: neither the token nor the database is still held."""
    code = """
    def refused(pin):
        try:
            open_kms(home, pin)
        except HomeError as error:
            print(type(error).__name__, error.message)
        open_kms(home, "some-pin").close() if pin != "some-pin" else None
    refused("wrong-pin")
    create_home(folder / "other", "some-pin", Sources())
    shutil.copy(home / "kmsgate.db", folder / "kept.db")
    shutil.copy(folder / "other" / "kmsgate.db", home / "kmsgate.db")
    refused("some-pin")
    import sqlite3
    with sqlite3.connect(home / "kmsgate.db") as connection:
        connection.execute("DELETE FROM settings")
    connection.close()
    refused("some-pin")
    shutil.copy(folder / "kept.db", home / "kmsgate.db")
    open_kms(home, "some-pin").close()
    shutil.rmtree(home)
    refused("some-pin")
    """
    wrong, other, unfinished, none = run(code).splitlines()
    assert wrong == "ConfigurationError the PIN is wrong"
    assert other == "ConfigurationError the token is not the one that this database goes with"
    assert unfinished == "ConfigurationError the database does not say which token it goes with"
    assert none.startswith("ConfigurationError there is no kmsgate home at")


def test_due_jobs_have_a_thread_until_the_kms_is_closed(run: Callable[[str], str]) -> None:
    code = """
    import threading
    def jobs():
        return [each.daemon for each in threading.enumerate() if each.name == "kmsgate due jobs"]
    with open_kms(home, "some-pin"):
        print(jobs())
    print(jobs())
    with open_kms(home, "some-pin", due_jobs=False):
        print(jobs())
    open_kms(home, "some-pin")  # not closed: the process ends all the same
    """
    assert run(code) == "[True]\n[]\n[]"


def test_the_script_of_the_readme_ends_without_a_word(
    run: Callable[[str], str], tmp_path: Path, hsm_module: Path
) -> None:
    """Nor does what the interpreter takes apart at its end complain."""
    run("(home / 'pin').write_text('some-pin')")
    blocks = re.findall(r"```python\n(.*?)```", (_REPOSITORY / "README.md").read_text(), re.DOTALL)
    (tmp_path / "script.py").write_text(next(block for block in blocks if "open_kms" in block))
    places = {"KMSGATE_PKCS11_MODULE": str(hsm_module), "KMSGATE_HOME": str(tmp_path / "home")}
    process = subprocess.run(
        [sys.executable, "-W", "error", str(tmp_path / "script.py")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=_REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(_REPOSITORY), **places},
    )
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


def test_only_what_is_public_is_offered(run: Callable[[str], str]) -> None:
    code = """
    import kms_core
    print(sorted(kms_core.__all__), all(hasattr(kms_core, name) for name in kms_core.__all__))
    print(hasattr(kms_core, "nonsense"))
    """
    assert run(code) == "['Caller', 'Kms', 'open_kms'] True\nFalse"
