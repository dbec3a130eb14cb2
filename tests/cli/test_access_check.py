"""`explain-access check`: answers, exit codes, sources, and what goes wrong."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import jsonschema
import pytest
from inline_snapshot import snapshot

from tests.cli.world import ACME, Command, policies
from tests.explain.world import APP, KEY, KEY_POLICY

if TYPE_CHECKING:
    from pathlib import Path

ASK = ("check", "--bundle", ACME, "-p", "role/app", "-a", "kms:Decrypt", "-k", "alias/orders")
MFA = "aws:MultiFactorAuthPresent"


def test_the_worked_example(explain_access: Command) -> None:
    ended = explain_access(*ASK, "-e", "tenant=acme")
    assert ended.code == 0
    assert ended.err == ""
    lines = ended.out.splitlines()
    assert lines[0].startswith("ALLOWED  kms:Decrypt on key/1234abcd (alias/orders and 1 more) for role/app")
    assert f'✔ {ACME}/keys/orders/get-key-policy.json:2:108  Sid "Enable IAM User Permissions"' in lines[4]
    assert f'✔ {ACME}/authorization-details.json:132:29  Sid "OrdersDecrypt"' in lines[8]
    assert 'StringEquals kms:EncryptionContext:tenant = "acme"   request: "acme" ✔' in lines[11]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("-e", "tenant=acme"), 0),
        (("-e", "tenant=Acme"), 1),
        (("-e", "tenant=acme", "--expect", "allowed"), 0),
        (("-e", "tenant=acme", "--expect", "denied"), 1),
        (("-e", "tenant=Acme", "--expect", "denied"), 0),
        (("-e", "tenant=Acme", "--expect", "implicitDeny"), 0),
        (("-e", "tenant=Acme", "--expect", "explicitDeny"), 1),
        (("-e", "tenant=acme", "-c", f"{MFA}=false", "--expect", "explicitDeny"), 0),
        (("-e", "tenant=acme", "-c", f"{MFA}=false", "--expect", "implicitDeny"), 1),
        (("--expect", "maybe"), 2),
        (("-e", "tenant"), 2),
        (("-c", "=x"), 2),
        (("--frobnicate",), 2),
        (("--request", "r.json"), 2),
        (("--bundle", "/does/not/exist"), 3),
        (("--identity-policy", "/does/not/exist"), 3),
    ],
)
def test_exit_codes(explain_access: Command, arguments: tuple[str, ...], code: int) -> None:
    ended = explain_access(*ASK, *arguments)
    assert ended.code == code
    assert bool(ended.out) == (code < 2)
    assert "Traceback" not in ended.err


def test_expectations_are_said(explain_access: Command) -> None:
    met = explain_access(*ASK, "--expect", "denied")
    assert met.out.endswith("expected          denied: as expected\n")
    missed = explain_access(*ASK, "--expect", "allowed")
    assert missed.out.endswith("expected          allowed: NOT as expected\n")


def test_what_must_be_given(explain_access: Command) -> None:
    assert "name the caller with -p" in explain_access("check", "--bundle", ACME, "-a", "kms:Decrypt").err
    without_key = explain_access("check", "--bundle", ACME, "-p", "role/app", "-a", "kms:Decrypt")
    assert (without_key.code, without_key.out) == (3, "")
    assert without_key.err == "error: kms:Decrypt is authorised on a key\n   = help: name it with -k\n"
    nothing = explain_access("check", "-p", APP, "-a", "kms:Decrypt", "-k", KEY)
    assert nothing.code == 3
    assert "there is nothing to decide from" in nothing.err


def test_an_action_with_a_slip(explain_access: Command) -> None:
    ended = explain_access(
        "check", "--bundle", ACME, "-p", "role/app", "-a", "kms:Decryp", "-k", "alias/orders"
    )
    assert ended.code == 2
    assert "did you mean kms:Decrypt?" in ended.err


def test_an_action_without_its_service_and_one_without_a_key(explain_access: Command) -> None:
    short = explain_access("check", "--bundle", ACME, "-p", "role/app", "-a", "decrypt", "-k", "alias/orders")
    assert "  kms:Decrypt on key/1234abcd" in short.out
    no_key = explain_access("check", "--bundle", ACME, "-p", "user/alice", "-a", "kms:ListKeys")
    assert no_key.code == 0
    assert no_key.out.startswith("ALLOWED  kms:ListKeys on * for user/alice")


def test_one_line(explain_access: Command) -> None:
    ended = explain_access(*ASK, "-e", "tenant=acme", "--format", "oneline")
    assert ended.out.count("\n") == 1
    assert ended.out.startswith("ALLOWED  kms:Decrypt on key/1234abcd")


def test_json(explain_access: Command) -> None:
    schema = explain_access("schema", "check").json
    allowed = explain_access(*ASK, "-e", "tenant=acme", "--format", "json")
    denied = explain_access(*ASK, "-e", "tenant=Acme", "--format", "json")
    for ended in (allowed, denied):
        jsonschema.validate(ended.json, schema)
    assert allowed.json["outcome"] == "allowed"
    assert allowed.json["considered"] == {"allows": 3, "denies": 1, "grants": 3}
    assert allowed.json["closest_misses"] == []
    misses = denied.json["closest_misses"]
    assert isinstance(misses, list)
    assert misses[0]["distance"] == 1
    place = {
        "file": f"{ACME}/authorization-details.json",
        "start": {"line": 142, "column": 73},
        "end": {"line": 142, "column": 79},
    }
    assert misses[0]["checks"][-1] == {
        "element": "condition",
        "operator": "StringEquals",
        "key": "kms:EncryptionContext:tenant",
        "wanted": ["acme"],
        "got": ["Acme"],
        "met": False,
        "unsettled": False,
        "negated": False,
        "note": "StringEquals is case-sensitive",
        **place,
    }
    request_side, policy_side = misses[0]["fixes"]
    assert request_side["change"] == "send --encryption-context tenant=acme"
    assert policy_side == {
        "side": "policy",
        "change": 'add "Acme" to the values of StringEquals kms:EncryptionContext:tenant',
        "verified": True,
        "note": None,
        **place,
    }


def test_the_json_request_can_be_asked_again(
    explain_access: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = explain_access(*ASK, "-e", "tenant=Acme", "-c", "aws:x=a", "-c", "aws:x=b", "--format", "json")
    text = json.dumps(first.json["request"])
    file = tmp_path / "request.json"
    file.write_text(text, encoding="utf-8")
    again = explain_access("check", "--bundle", ACME, "--request", str(file), "--format", "json")
    assert again.code == first.code == 1
    for name in ("outcome", "request", "determining", "closest_misses", "missing_context_keys"):
        assert again.json[name] == first.json[name]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    piped = explain_access("check", "--bundle", ACME, "--request", "-", "--format", "json")
    assert piped.json["request"] == first.json["request"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"principal": "role/app"', "the text ends before the JSON value is complete"),
        ('{"principal": "x", "action": "kms:Decrypt"}', "`x` names no principal"),
        ('{"action": "kms:Decrypt"}', "the field `principal` is missing"),
        ('{"principal": "", "action": "kms:Decrypt", "colour": 1}', "there is no field `colour` here"),
        (f'{{"principal": "{APP}", "action": "kms:Decrypt", "resource": "{KEY}x"}}', "there is no key"),
    ],
)
def test_a_request_that_cannot_be_used(
    explain_access: Command, tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "request.json"
    file.write_text(text, encoding="utf-8")
    ended = explain_access("check", "--bundle", ACME, "--request", str(file))
    assert (ended.code, ended.out) == (3, "")
    assert message in ended.err


def test_a_malformed_policy_is_shown_with_its_place(explain_access: Command, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(KEY_POLICY.replace('"Effect": "Allow",', '"Effect": "Alow",', 1), encoding="utf-8")
    ended = explain_access("check", "--key-policy", str(file), "-p", APP, "-a", "kms:Decrypt", "-k", KEY)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.replace(str(tmp_path), "FOLDER") == snapshot("""\
error: there is no effect `Alow`
  --> FOLDER/key.json:6:17
   |
 6 |       "Effect": "Alow",
   |                 ^^^^^^
   = help: write "Allow" or "Deny", in this case
""")


def test_escape_sequences_in_a_broken_policy_do_not_reach_the_terminal(
    explain_access: Command, tmp_path: Path
) -> None:
    file = tmp_path / "key.json"
    file.write_text('{"Statement": {"Eff\u202eect\u009b31m": "Allow" \x1b[2J}}', encoding="utf-8")
    ended = explain_access("check", "--key-policy", str(file), "-p", APP, "-a", "kms:Decrypt", "-k", KEY)
    assert ended.code == 3
    assert not set(ended.err) & set("\x1b\x9b\u202e")


def test_files_without_a_bundle(explain_access: Command, tmp_path: Path) -> None:
    key, identity = policies(tmp_path)
    ask = ("check", "--key-policy", key, "-p", APP, "-a", "kms:Decrypt", "-k", KEY, "-e", "tenant=acme")
    assert explain_access(*ask, "--identity-policy", identity).code == 0
    assert explain_access(*ask).code == 1


def test_what_reading_a_file_found_is_said(explain_access: Command, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(KEY_POLICY.replace(',\n      "Resource": "*"', "", 1), encoding="utf-8")
    ended = explain_access("check", "--key-policy", str(file), "-p", APP, "-a", "kms:Decrypt", "-k", KEY)
    assert ended.code == 1
    assert ended.err.startswith(f"warning: {file}:4:5: ")


def test_a_reader_that_goes_away_is_no_answer(tmp_path: Path) -> None:
    key, _ = policies(tmp_path)
    options = ["check", "--key-policy", key, "-p", APP, "-a", "kms:Decrypt", "-k", KEY]
    command = [sys.executable, "-c", "from policy_engine.cli.explain_access import main; main()", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_colour_only_where_it_is_wanted(explain_access: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in explain_access(*ASK).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[31mDENIED\x1b[0m" in explain_access(*ASK).out
    assert "\x1b" not in explain_access(*ASK, "--format", "json").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in explain_access(*ASK).out


def test_an_internal_failure_has_a_code_of_its_own(
    explain_access: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("policy_engine.cli.access_check.explain", broken)
    ended = explain_access(*ASK)
    assert (ended.code, ended.out) == (5, "")
    assert "internal error: ZeroDivisionError" in ended.err
    assert "secret detail" not in ended.err
    assert "Traceback" in explain_access(*ASK, "--debug").err


def test_help_has_examples_and_no_options_that_do_nothing(explain_access: Command) -> None:
    ended = explain_access("check", "--help")
    assert ended.code == 0
    assert "Examples:\n    explain-access check --bundle access/" in ended.out
    assert not [name for name in ("--at", "--via") if name in ended.out]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("-e", "tenant=acme", "--unknown", MFA), 4),
        (("-e", "tenant=acme", "--unknown", MFA.upper()), 4),
        (("--unknown", "kms:EncryptionContext:tenant"), 4),
        (("--unknown", "kms:EncryptionContext:"), 4),
        (("-e", "tenant=acme", "--unknown", "aws:SourceIp"), 0),
        (("-e", "tenant=Acme", "--unknown", MFA), 1),
        (("--unknown-rest",), 4),
        (("-e", "tenant=acme", "--unknown-rest"), 4),
        (("-e", "tenant=acme", "-c", f"{MFA}=true", "--unknown-rest"), 0),
        (("--unknown-rest", "--expect", "undetermined"), 0),
        (("-e", "tenant=acme", "--expect", "undetermined"), 1),
        (("--unknown-rest", "--expect", "allowed"), 1),
        (("--unknown-rest", "--expect", "denied"), 1),
        (("--unknown-rest", "--unknown", MFA), 2),
        (("--unknown", ""), 2),
        (("-c", f"{MFA}=true", "--unknown", MFA.lower()), 3),
    ],
)
def test_what_is_not_known(explain_access: Command, arguments: tuple[str, ...], code: int) -> None:
    ended = explain_access(*ASK, *arguments)
    assert ended.code == code, ended.out + ended.err
    assert bool(ended.out) == (code in {0, 1, 4})


def test_what_decides_is_told(explain_access: Command) -> None:
    ended = explain_access(*ASK, "--unknown-rest")
    lines = ended.out.splitlines()
    assert lines[0].startswith("UNDETERMINED (it depends on what is not known)  kms:Decrypt on key/1234abcd")
    where = next(line for line in lines if line.startswith("allowed where"))
    assert "StringEquals kms:EncryptionContext:tenant [acme]" in where
    assert f"not (Bool {MFA} [false])" in where
    assert "not known         aws:MultiFactorAuthPresent, kms:EncryptionContext:tenant" in lines
    assert "API error" not in ended.out
    found = explain_access(*ASK, "--unknown-rest", "--format", "json").json
    jsonschema.validate(found, explain_access("schema", "check").json)
    assert found["outcome"] == "undetermined"
    assert found["not_known"] == [MFA, "kms:EncryptionContext:tenant"]
    assert str(found["expression"]) in where
    request = found["request"]
    assert isinstance(request, dict)
    assert set(request["unknown"]) >= {MFA, "kms:EncryptionContext:tenant"}
    line = explain_access(*ASK, "--unknown-rest", "--format", "oneline").out
    assert "allowed where StringEquals" in line


def test_an_answer_that_does_not_depend_on_it_says_so(explain_access: Command) -> None:
    ended = explain_access(*ASK, "-e", "tenant=acme", "--unknown", "aws:SourceIp")
    assert "note: this is the answer whatever aws:SourceIp may be" in ended.out.splitlines()


def test_a_request_object_says_what_is_not_known(explain_access: Command, tmp_path: Path) -> None:
    first = explain_access(*ASK, "--unknown", MFA, "-e", "tenant=acme", "--format", "json")
    file = tmp_path / "request.json"
    file.write_text(json.dumps(first.json["request"]), encoding="utf-8")
    ask = ("check", "--bundle", ACME, "--request", str(file), "--format", "json")
    again = explain_access(*ask)
    assert again.code == first.code == 4
    assert again.json["expression"] == first.json["expression"]
    assert explain_access(*ask, "--unknown", "kms:EncryptionContext:tenant").code == 3


def test_a_request_object_says_which_grant_it_is_about(explain_access: Command, tmp_path: Path) -> None:
    grant = {
        "GrantId": "g-1",
        "GranteePrincipal": APP,
        "RetiringPrincipal": "arn:aws:iam::444455556666:role/partner",
        "Operations": ["Decrypt"],
        "Constraints": {"EncryptionContextSubset": {"tenant": "acme"}, "SourceArn": "arn:aws:s3:::b"},
    }
    request = {
        "principal": "arn:aws:iam::444455556666:role/partner",
        "action": "kms:RetireGrant",
        "resource": KEY,
        "grant": grant,
    }
    file = tmp_path / "request.json"
    file.write_text(json.dumps(request), encoding="utf-8")
    grants = tmp_path / "grants.json"
    grants.write_text(json.dumps({"Grants": [grant]}), encoding="utf-8")
    ask = ("check", "--bundle", ACME, "--request", str(file), "--format", "json")
    assert explain_access(*ask).json["outcome"] == "implicitDeny"  # the key does not have it
    ask = (*ask, "--grants", str(grants))
    ended = explain_access(*ask)
    assert ended.code == 0, ended.err
    jsonschema.validate(ended.json, explain_access("schema", "check").json)
    asked = ended.json["request"]
    assert isinstance(asked, dict)
    assert asked["grant"] == {**grant, "Pending": False}
    file.write_text(json.dumps(asked), encoding="utf-8")
    again = explain_access(*ask)
    assert (again.code, again.json["request"], again.json["id"]) == (0, asked, ended.json["id"])
