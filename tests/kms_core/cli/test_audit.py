from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kms_core.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Forked

PIN = "pin-of-a-throw-away-token"
_USED = """
import sys, warnings
warnings.simplefilter("error")
from kms_core import open_kms
from kms_core.errors import KmsError
from policy_engine import GrantConstraints
with open_kms(sys.argv[1], sys.argv[2]) as kms:
    root = "arn:aws:iam::111122223333:root"
    key = kms.create_key(root).arn
    blob = kms.encrypt(root, key, b"canary-plaintext", {"tenant": "acme"}).ciphertext_blob
    kms.decrypt(root, blob, {"tenant": "acme"})
    app = "arn:aws:iam::111122223333:role/app"
    constraints = GrantConstraints({"tenant": "acme"})
    kms.create_grant(root, key, app, ["Decrypt"], constraints=constraints, name="nightly")
    for call in (lambda: kms.encrypt(app, key, b"canary-plaintext"), lambda: kms.describe_key("\\x1b[31m", key)):
        try:
            call()
        except KmsError:
            pass
"""


@pytest.fixture
def used(home: Path, hsm_module: Path, fork: Callable[..., Forked]) -> Path:
    process = fork(_USED, home, PIN, environment={"KMSGATE_PKCS11_MODULE": str(hsm_module)})
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    return home


def _change(home: Path, statement: str) -> None:
    with Database.open(home / "kmsgate.db") as database, database.write() as connection:
        assert connection.exec_driver_sql(statement).rowcount > 0


def test_a_log_that_is_whole_and_what_is_not_seen(run: Callable, used: Path) -> None:
    ended = run("audit", "verify", "--home", used)
    assert (ended.status, ended.errors) == (0, "")
    verdict, last, *unseen = ended.output.splitlines()
    assert verdict.startswith("the audit log is whole as far as can be seen: ")
    assert verdict.endswith(", 1 checkpoints")
    assert last.startswith("last checkpoint: 1:")
    assert unseen[0] == "not seen: whether records after it were cut off; 0 of them are there"

    kept = last.split()[2]
    assert run("audit", "verify", "--home", used, "--checkpoint", kept).status == 0
    again = run("audit", "verify", "--home", used, "--checkpoint", f"2:{kept[2:]}")
    assert again.status == 1
    assert "FAULT  checkpoint 2 is not the one that was kept" in again.output
    assert run("audit", "verify", "--home", used, "--checkpoint", "none").status == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET record = replace(record, 'role/app', 'role/eve')",
        "DELETE FROM audit WHERE sequence = 3",
        "UPDATE audit_checkpoints SET content = replace(content, '1', '2')",
        "UPDATE audit_checkpoints SET mac = zeroblob(32)",
    ],
)
def test_a_log_that_was_changed(run: Callable, used: Path, statement: str) -> None:
    _change(used, statement)
    ended = run("audit", "verify", "--home", used)
    assert (ended.status, ended.errors) == (1, "")
    assert ended.output.startswith("the audit log is NOT what was written: ")
    assert "FAULT  " in ended.output


def test_a_log_without_a_checkpoint_says_so(run: Callable, home: Path) -> None:
    ended = run("audit", "verify", "--home", home)
    assert ended.status == 0
    assert "no checkpoint binds any yet" in ended.output


def test_there_is_no_checking_without_the_pin(run: Callable, used: Path, tmp_path: Path) -> None:
    run("audit", "verify", "--home", tmp_path).refused(3, "no kmsgate home")
    run("audit", "verify", "--home", used, environment={"KMSGATE_PIN": "wrong"}).refused(3, "PIN")


def test_records_are_shown_a_line_for_a_decision(run: Callable, used: Path) -> None:
    ended = run("audit", "show", "--home", used)
    assert (ended.status, ended.errors) == (0, "")
    assert "kms:Decrypt" in ended.output
    assert "allowed (key:0): done" in ended.output
    assert "implicitDeny (nothing allows it): AccessDeniedException" in ended.output
    assert "refusal: ValidationException" in ended.output
    assert "\x1b" not in ended.output


def test_the_export_holds_whole_requests_that_can_be_asked_again(
    run: Callable, used: Path, tmp_path: Path, fork: Callable[..., Forked]
) -> None:
    ended = run("audit", "show", "--home", used, "--format", "jsonl")
    records = [json.loads(line) for line in ended.output.splitlines()]
    decisions = [decision for record in records for decision in record["decisions"]]
    assert [(each["action"], each["outcome"]) for each in decisions] == [
        ("kms:CreateKey", "allowed"),
        ("kms:Encrypt", "allowed"),
        ("kms:Decrypt", "allowed"),
        ("kms:CreateGrant", "allowed"),
        ("kms:Encrypt", "implicitDeny"),
    ]
    assert decisions[2]["request"]["context"]["kms:EncryptionContext:tenant"] == "acme"
    assert "canary-plaintext" not in ended.output

    # the same question, to the key policy and grants that were in force
    policy, grants = tmp_path / "key.json", tmp_path / "grants.json"
    with Database.open(used / "kmsgate.db") as database, database.read() as connection:
        policy.write_text(connection.exec_driver_sql("SELECT text FROM policies").scalar_one())
    grants.write_text(json.dumps({"Grants": [decisions[3]["request"]["grant"]]}))
    code = "from policy_engine.cli.explain_access import main; main()"
    for decision in decisions[1:]:
        request = tmp_path / "request.json"
        request.write_text(json.dumps(decision["request"]))
        asked = fork(
            code,
            "check",
            "--key-policy",
            policy,
            "--grants",
            grants,
            "--request",
            request,
            "--expect",
            decision["outcome"],
            environment={},
        )
        output, errors = asked.communicate()
        assert asked.returncode == 0, output + errors
