"""The fixtures of the rules, and how they are linted: as a person would, from the folder that holds them.

To write the expected outputs anew after a change of wording: `python -m tests.lint.cases`, then read the diff.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from policy_engine.cli.lint_inputs import read_inputs
from policy_engine.lint.linter import Report, lint
from policy_engine.lint.outputs.full import full
from policy_engine.lint.outputs.look import PLAIN
from policy_engine.lint.registry import select

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures" / "lint"
BAD = sorted(FIXTURES.glob("*/bad*.json"))
GOOD = sorted(FIXTURES.glob("*/good*.json"))


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def report_on(path: Path, *codes: str, type_name: str = "auto") -> Report:
    """The report on one file or folder, by its path as seen from its own folder."""
    with contextlib.chdir(path.parent):
        inputs = read_inputs([path.name], type_name)
        assert not inputs.faults
        bundle, diagnostics = inputs.bundle()
        return lint(
            inputs.documents, select(codes), bundle=bundle, diagnostics=diagnostics, skipped=inputs.skipped
        )


def rendered(path: Path) -> str:
    return full(report_on(path), PLAIN) + "\n"


def expected_of(path: Path) -> Path:
    return path.with_suffix(".expected")


if __name__ == "__main__":
    for bad in BAD:
        expected_of(bad).write_text(rendered(bad), encoding="utf-8")
