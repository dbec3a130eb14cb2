"""The report as `kmsgate/lint/1`. Only ASCII leaves: what a policy hides in other characters is escaped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from policy_engine.lint.outputs.witness import as_data
from policy_engine.lint.severity import counts

if TYPE_CHECKING:
    from policy_engine.lint.finding import Finding
    from policy_engine.lint.linter import Report
    from policy_engine.lint.outputs.look import Look
    from policy_engine.span import Position, Span

SCHEMA = "kmsgate/lint/1"


def json_report(report: Report, look: Look) -> str:
    """The report as JSON."""
    del look
    return json.dumps(data_of(report), indent=2)


def data_of(report: Report) -> dict[str, object]:
    """The report as plain data."""
    severities = counts(finding.severity for finding in report.findings)
    return {
        "schema": SCHEMA,
        "findings": [_finding(finding) for finding in report.findings],
        "skipped": [{"file": skipped.file, "reason": skipped.reason} for skipped in report.skipped],
        "summary": {
            **{severity.value: number for severity, number in severities.items()},
            "fixable": 0,
            "suppressed": 0,
            "files": report.files,
            "policies": report.policies,
        },
    }


def _finding(finding: Finding) -> dict[str, object]:
    policy = {"type": finding.kind.value, "name": finding.policy} if finding.kind else None
    return {
        "rule": finding.rule.id,
        "name": finding.rule.name,
        "severity": finding.severity.value,
        "message": finding.message,
        "help": finding.help,
        **_place(finding.span),
        "pointer": finding.pointer,
        "policy": policy,
        "sid": finding.sid,
        "related": [{**_place(span), "message": words} for span, words in finding.related],
        "fix": None,
        "witness": as_data(finding.witness) if finding.witness else None,
        "fingerprint": finding.fingerprint,
        "suppressed": None,
        "baseline": "new",
    }


def _place(span: Span) -> dict[str, object]:
    return {"file": span.file, "start": _position(span.begin), "end": _position(span.finish)}


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column}
