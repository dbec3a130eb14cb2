"""`explain-access test`, `schema` and `completion`, and the group itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tests.cli.world import Command, policies
from tests.explain.world import APP, KEY, KEY_POLICY

if TYPE_CHECKING:
    from collections.abc import Sequence

SCENARIOS = Path(__file__).parents[2] / "fixtures" / "scenarios"


def scenario(folder: Path, outcomes: Sequence[str], name: str = "cases.json") -> str:
    """A scenario file with a case for each outcome; all of them are denied implicitly."""
    cases = [
        {
            "name": f"case {number}",
            "request": {"principal": APP, "action": "kms:Decrypt", "resource": KEY},
            "policies": {"key": json.loads(KEY_POLICY)},
            "expect": {"outcome": outcome},
        }
        for number, outcome in enumerate(outcomes)
    ]
    path = folder / name
    path.write_text(json.dumps({"schema": "kmsgate/scenario/1", "cases": cases}), encoding="utf-8")
    return str(path)


def test_all_pass(explain_access: Command, tmp_path: Path) -> None:
    ended = explain_access("test", scenario(tmp_path, ["implicitDeny", "implicitDeny"]))
    assert (ended.code, ended.out) == (0, "2 passed, 0 failed\n")


def test_one_fails(explain_access: Command, tmp_path: Path) -> None:
    file = scenario(tmp_path, ["implicitDeny", "allowed"])
    ended = explain_access("test", file)
    assert ended.code == 1
    assert ended.out.startswith(f"✘ {file}: case 1\n    expected allowed, got implicitDeny: ")
    assert ended.out.endswith("1 passed, 1 failed\n")


def test_json_is_always_printed(explain_access: Command, tmp_path: Path) -> None:
    file = scenario(tmp_path, ["implicitDeny", "allowed"])
    report = explain_access("test", file, "--format", "json").json
    assert (report["schema"], report["passed"], report["failed"]) == ("kmsgate/test/1", 1, 1)
    cases = report["cases"]
    assert isinstance(cases, list)
    assert [set(case) for case in cases] == [{"file", "name", "expected", "actual", "passed", "error"}] * 2
    assert cases[0] == {
        "file": file,
        "name": "case 0",
        "expected": "implicitDeny",
        "actual": "implicitDeny",
        "passed": True,
        "error": None,
    }


def test_a_file_that_cannot_be_read_wins_over_a_failure(explain_access: Command, tmp_path: Path) -> None:
    good = scenario(tmp_path, ["allowed"])
    broken = tmp_path / "broken.json"
    broken.write_text('{"schema": "kmsgate/scenario/1",', encoding="utf-8")
    ended = explain_access("test", good, str(broken), "--format", "json")
    assert ended.code == 3
    cases = ended.json["cases"]
    assert isinstance(cases, list)
    assert [(case["name"], case["passed"], case["actual"]) for case in cases] == [
        ("case 0", False, "implicitDeny"),
        (None, False, "invalid"),
    ]
    assert "broken.json:1:33" in cases[1]["error"]


def test_a_broken_file_is_shown_with_its_place(explain_access: Command, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"schema": "kmsgate/scenario/1", "cases": [{"nam\u202e": 1}]}', encoding="utf-8")
    ended = explain_access("test", str(broken))
    assert ended.code == 3
    assert f"--> {broken}:1:" in ended.out
    assert "\u202e" not in ended.out


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_nothing_to_do(
    explain_access: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = explain_access("test", path, "--format", "json")
    assert ended.code == 3
    assert ended.json["failed"] == 1


def test_no_path_is_a_usage_error(explain_access: Command) -> None:
    assert explain_access("test").code == 2


def test_the_shipped_scenarios_pass(explain_access: Command) -> None:
    ended = explain_access("test", str(SCENARIOS))
    assert ended.code == 0, ended.out


@pytest.mark.parametrize("name", ["bundle", "scenario", "request", "check", "lint"])
def test_schemas(explain_access: Command, name: str) -> None:
    ended = explain_access("schema", name)
    assert ended.code == 0
    jsonschema.Draft202012Validator.check_schema(ended.json)


def test_an_unknown_schema_is_a_usage_error(explain_access: Command) -> None:
    assert explain_access("schema", "frob").code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(explain_access: Command, shell: str) -> None:
    ended = explain_access("completion", shell)
    assert ended.code == 0
    assert "_EXPLAIN_ACCESS_COMPLETE" in ended.out


def test_the_shell_is_answered() -> None:
    """What the completion script calls: the command with a variable set."""
    ended = subprocess.run(
        [sys.executable, "-c", "from policy_engine.cli.explain_access import main; main()"],
        env={
            "_EXPLAIN_ACCESS_COMPLETE": "bash_complete",
            "COMP_WORDS": "explain-access ch",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "plain,check\n"


def test_the_group(explain_access: Command) -> None:
    assert explain_access("--version").out.startswith("explain-access ")
    assert explain_access("frob").code == 2
    listed = explain_access("--help").out
    assert all(f"  {name}" in listed for name in ("check", "completion", "schema", "test"))


def test_check_on_one_key_imports_nothing_that_is_slow_and_not_needed(tmp_path: Path) -> None:
    key, identity = policies(tmp_path)
    script = (
        "import sys\n"
        "from policy_engine.cli.failures import run\n"
        "from policy_engine.cli.explain_access import explain_access\n"
        "code = run(explain_access, 'explain-access', sys.argv[1:])\n"
        "slow = {'rich', 'ruamel', 'pydantic'} & set(sys.modules)\n"
        "sys.exit(9 if slow else code)\n"
    )
    options = ["-p", APP, "-a", "kms:Decrypt", "-k", KEY, "-e", "tenant=acme"]
    ended = subprocess.run(
        [sys.executable, "-c", script, "check", "--key-policy", key, "--identity-policy", identity, *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
