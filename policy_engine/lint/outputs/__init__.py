"""The forms of a report: for people (`full`, `concise`) and for machines (`json`, `sarif`, `github`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.lint.outputs.concise import concise
from policy_engine.lint.outputs.full import full
from policy_engine.lint.outputs.github import github
from policy_engine.lint.outputs.json_report import json_report
from policy_engine.lint.outputs.sarif import sarif

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy_engine.lint.linter import Report
    from policy_engine.lint.outputs.look import Look

FORMATS: dict[str, Callable[[Report, Look], str]] = {
    "full": full,
    "concise": concise,
    "json": json_report,
    "sarif": sarif,
    "github": github,
}
"""By name. Each gives the whole text, without a newline at its end."""
