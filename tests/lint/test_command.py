"""The command: exit codes, options, what is read and what is skipped."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from policy_engine.cli.failures import run
from policy_engine.cli.policy_lint import policy_lint
from policy_engine.lint.registry import RULES
from tests.lint.cases import FIXTURES, ROOT

CLEAN = FIXTURES / "K501" / "good-multi-factor.json"
ERROR = FIXTURES / "K501" / "bad-deny.json"
SECURITY = FIXTURES / "P301" / "bad-via-service.json"
WARNING = FIXTURES / "K502" / "bad.json"
NOTE = FIXTURES / "S013" / "bad-condition.json"


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def command(*arguments: object) -> int:
    return run(policy_lint, "policy-lint", [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("path", "level", "code"),
    [
        (CLEAN, "note", 0),
        (NOTE, "note", 1),
        (NOTE, "warning", 0),
        (WARNING, "warning", 1),
        (WARNING, "security", 0),
        (SECURITY, "security", 1),
        (SECURITY, "error", 0),
        (ERROR, "error", 1),
    ],
)
def test_the_fail_level_decides_the_exit_code(path: Path, level: str, code: int) -> None:
    assert command("check", path, "--fail-level", level) == code


def test_by_default_security_fails_and_a_warning_does_not() -> None:
    assert command("check", SECURITY) == 1
    assert command("check", WARNING) == 0


def test_check_is_the_default_command() -> None:
    assert command(ERROR) == 1
    assert command("--select", "C405", ERROR) == 0


def test_without_a_path_the_working_folder_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ERROR.parent)
    assert command("check", "--output-format", "json") == 1


def test_sarif_does_not_fail_a_run_unless_strict(tmp_path: Path) -> None:
    log = tmp_path / "log.sarif"
    assert command(ERROR, "--output-format", "sarif") == 0
    assert command(ERROR, "--output-format", "full", "--output-format", f"sarif={log}") == 0
    assert command(ERROR, "--output-format", "sarif", "--strict") == 1
    assert json.loads(log.read_text(encoding="utf-8"))["runs"][0]["results"][0]["ruleId"] == "K501"


def test_several_outputs_in_one_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "report.json"
    assert command(ERROR, "--output-format", "concise", "--output-format", f"json={target}") == 1
    assert "error[K501]" in capsys.readouterr().out
    assert json.loads(target.read_text(encoding="utf-8"))["summary"]["error"] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", ERROR, "--select", "K5O1"),
        ("check", ERROR, "--ignore", "nothing-like-it"),
        ("check", ERROR, "--output-format", "xml"),
        ("check", ERROR, "--output-format", "json="),
        ("check", ERROR, "--output-format", "json", "--output-format", "concise"),
        ("check", ERROR, "--fail-level", "fatal"),
        ("check", ERROR, "--type", "trust"),
        ("rule",),
        ("rule", "K501", "--all"),
        ("rule", "K5O1"),
        ("check", "--nothing"),
    ],
)
def test_usage_errors(arguments: tuple[object, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Error:" in captured.err


def test_an_output_that_cannot_be_written_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(ERROR, "--output-format", "json=/nowhere/at/all.json") == 3
    assert capsys.readouterr().err.startswith("error: `/nowhere/at/all.json` cannot be written")


def test_a_missing_path_ends_with_3_and_the_others_are_still_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(ERROR, tmp_path / "missing.json") == 3
    captured = capsys.readouterr()
    assert "K501" in captured.out
    assert "the file cannot be read: no such file or directory" in captured.err


@pytest.mark.parametrize("content", ['{"a": 1}', "[]", "3"])
def test_a_named_file_that_holds_no_policy_ends_with_3(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.json"
    path.write_text(content, encoding="utf-8")
    assert command(path) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "there is nothing to lint in it" in captured.err


def test_a_folder_without_policies_ends_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "package.json").write_text('{"name": "x"}', encoding="utf-8")
    assert command(tmp_path) == 3
    assert "no file holds a policy" in capsys.readouterr().err


def test_what_a_folder_holds_besides_policies_is_skipped_and_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "policy.json").write_bytes(CLEAN.read_bytes())
    (tmp_path / "package.json").write_text('{"name": "x"}', encoding="utf-8")
    (tmp_path / "tsconfig.json").write_text('{"strict": true, // comment\n}', encoding="utf-8")
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "bad.json").write_bytes(ERROR.read_bytes())
    os.mkfifo(tmp_path / "pipe.json")
    assert command(tmp_path, "--output-format", "json") == 0
    report = json.loads(capsys.readouterr().out)
    skipped = {Path(entry["file"]).name: entry["reason"] for entry in report["skipped"]}
    assert set(skipped) == {"package.json", "tsconfig.json", "notes.txt", "pipe.json"}
    assert all(skipped.values())
    assert report["summary"]["files"] == report["summary"]["policies"] == 1


def test_a_broken_file_of_a_folder_that_speaks_of_policies_is_a_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "policy.json").write_text('{"Version": "2012-10-17", "Statement": [', encoding="utf-8")
    assert command(tmp_path, "--output-format", "concise") == 1
    assert "policy.json:1:41: error[S001]" in capsys.readouterr().out


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ERROR.read_bytes())))
    assert command("-", "--output-format", "concise") == 1
    assert capsys.readouterr().out.startswith("<stdin>:")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"x" * (2**20 + 1)])
def test_what_is_no_json_is_a_finding_where_it_was_named(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "named.json"
    path.write_bytes(content)
    assert command(path, "--output-format", "concise") == 1
    assert "error[S001]" in capsys.readouterr().out


def test_the_type_of_a_policy_that_stands_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.json"
    statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": statement}), encoding="utf-8")
    assert command(path) == command(path, "--type", "identity") == 0
    assert command(path, "--type", "key", "--output-format", "concise") == 1
    assert "error[S004] the statement has no Principal" in capsys.readouterr().out
    assert command(path, "--type", "grant") == 3


def test_a_policy_without_statements_is_one_where_the_type_says_so(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text('{"Version": "2012-10-17"}', encoding="utf-8")
    assert command(path) == 3
    assert command(path, "--type", "key") == 1


def test_grants(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "grants.json"
    grant = {
        "GrantId": "g",
        "GranteePrincipal": "arn:aws:iam::111122223333:role/app",
        "Operations": ["Decrypt"],
    }
    path.write_text(json.dumps({"Grants": [grant]}), encoding="utf-8")
    assert command(path, "--type", "grant") == command(path) == 0
    path.write_text(json.dumps({"Grants": [{**grant, "Operations": "Decrypt"}]}), encoding="utf-8")
    assert command(path, "--type", "grant", "--output-format", "concise") == 1
    assert "error[S006]" in capsys.readouterr().out


def test_absolute_and_relative_paths_give_the_same_fingerprints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ERROR.parent)
    reports = []
    for path in (ERROR, ERROR.name, f"./{ERROR.name}", f"../K501/{ERROR.name}"):
        command(path, "--output-format", "json")
        reports.append(json.loads(capsys.readouterr().out)["findings"])
    first = reports[0]
    assert all(found == first for found in reports[:3])
    assert [f["file"] for f in first] == [ERROR.name]


def test_a_file_that_is_named_twice_is_checked_once(capsys: pytest.CaptureFixture[str]) -> None:
    command(ERROR, ERROR.parent / "." / ERROR.name, "--output-format", "json")
    assert json.loads(capsys.readouterr().out)["summary"]["files"] == 1


def test_colour(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    command(ERROR)
    assert "\x1b" not in capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    command(ERROR)
    assert "\x1b[1;31merror[K501]" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    command(ERROR)
    assert "\x1b" not in capsys.readouterr().out


def test_colour_never_goes_into_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    target = tmp_path / "report.txt"
    command(ERROR, "--output-format", f"full={target}")
    assert "\x1b" not in target.read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [("--help",), ("check", "--help"), ("rule", "--help")])
def test_help(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*arguments) == 0
    text = capsys.readouterr().out
    assert text.startswith("Usage: policy-lint")
    assert arguments[0] == "rule" or "policy-lint check access/" in text


def test_rule_prints_the_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("rule", "k501") == 0
    by_id = capsys.readouterr().out
    assert command("rule", "key-policy-lockout") == 0
    assert capsys.readouterr().out == by_id
    assert by_id.startswith("K501 key-policy-lockout: ")
    assert "\nBad:\n    {" in by_id


def test_rule_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("rule", "K501", "--output-format", "json") == 0
    assert json.loads(capsys.readouterr().out)["name"] == "key-policy-lockout"
    assert command("rule", "--all", "--output-format", "json") == 0
    assert [entry["id"] for entry in json.loads(capsys.readouterr().out)] == [rule.id for rule in RULES]


def test_rule_writes_the_pages(tmp_path: Path) -> None:
    assert command("rule", "--all", "--pages", tmp_path / "rules") == 0
    pages = {path.name: path.read_bytes() for path in (tmp_path / "rules").iterdir()}
    assert pages == {path.name: path.read_bytes() for path in (ROOT / "docs" / "rules").iterdir()}


def test_pages_that_cannot_be_written_are_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert command("rule", "--all", "--pages", tmp_path / "file" / "rules") == 3
    assert "cannot be written to" in capsys.readouterr().err
