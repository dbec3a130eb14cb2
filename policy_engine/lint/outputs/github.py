"""Annotations of a GitHub Actions step, one workflow command a finding.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands. A message may hold
anything a policy holds, so percent signs, line ends and, in properties, colons and commas are escaped: a
policy cannot end the command and begin one of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.errors import Severity
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.lint.finding import Finding
    from policy_engine.lint.linter import Report
    from policy_engine.lint.outputs.look import Look

_COMMANDS = {
    Severity.ERROR: "error",
    Severity.SECURITY: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "notice",
}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})
_LONGEST = 1000


def github(report: Report, look: Look) -> str:
    """The annotations; none where there is no finding."""
    del look
    return "\n".join(_annotation(finding) for finding in report.findings)


def _annotation(finding: Finding) -> str:
    begin, finish = finding.span.begin, finding.span.finish
    properties = {
        "title": f"{finding.rule.id} {finding.rule.name}",
        "file": finding.file,
        "line": begin.line,
        "endLine": finish.line,
        "col": begin.column,
        "endColumn": finish.column,
    }
    if finish.line != begin.line:  # columns are refused for what runs over several lines
        del properties["col"], properties["endColumn"]
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    help_text = f" (help: {finding.help})" if finding.help else ""
    return f"::{_COMMANDS[finding.severity]} {listed}::{_data(finding.message + help_text)}"


def _property(text: str) -> str:
    return printable(text, _LONGEST).translate(_PROPERTY)


def _data(text: str) -> str:
    return printable(text, _LONGEST).translate(_DATA)
