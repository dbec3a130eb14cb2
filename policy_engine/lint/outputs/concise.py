"""One line a finding, for editors and greps: `file:line:column: severity[id] message`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.lint.outputs.full import summary
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.lint.finding import Finding
    from policy_engine.lint.linter import Report
    from policy_engine.lint.outputs.look import Look

_LONGEST = 1000


def concise(report: Report, look: Look) -> str:
    """The findings, one a line, and a line that counts them."""
    return "\n".join([*(_line(finding, look) for finding in report.findings), summary(report)])


def _line(finding: Finding, look: Look) -> str:
    head = look.severity(f"{finding.severity}[{finding.rule.id}]", finding.severity)
    return f"{printable(str(finding.span), _LONGEST)}: {head} {printable(finding.message, _LONGEST)}"
