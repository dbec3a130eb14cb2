"""The report as SARIF 2.1.0, in the shape that code scanning takes.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and
https://docs.github.com/en/code-security/reference/code-scanning/sarif-support-for-code-scanning. Columns
count code points, paths are relative to where the command ran, and texts hold nothing raw: messages are
escaped as for a terminal, and a bracket in them is no link.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING
from urllib.parse import quote

from policy_engine.errors import Severity
from policy_engine.lint.documentation import as_markdown, as_text
from policy_engine.lint.outputs.witness import in_words
from policy_engine.lint.registry import RULES
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.lint.finding import Finding
    from policy_engine.lint.linter import Report
    from policy_engine.lint.outputs.look import Look
    from policy_engine.lint.rule import Rule
    from policy_engine.span import Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.SECURITY: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}
_SECURITY_SEVERITY = "8.0"
"""What code scanning calls high; only rules of the severity security have one."""
_INDEX = {rule.id: index for index, rule in enumerate(RULES)}
_ROOT = "%SRCROOT%"
_LONGEST = 1000
_FINGERPRINT = "policyLint/v1"


def sarif(report: Report, look: Look) -> str:
    """The report as a SARIF log with one run."""
    del look
    run = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "the folder that policy-lint ran in"}}},
        "results": [_result(finding) for finding in report.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _driver() -> dict[str, object]:
    try:
        release = {"version": version("kmsgate")}
    except PackageNotFoundError:  # the package was not installed, only put on the path
        release = {}
    return {"name": "policy-lint", **release, "rules": [_rule(rule) for rule in RULES]}


def _rule(rule: Rule) -> dict[str, object]:
    properties: dict[str, object] = {"tags": ["security", "aws", "kms"], "precision": "very-high"}
    if rule.severity is Severity.SECURITY:
        properties["security-severity"] = _SECURITY_SEVERITY
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": f"{rule.name}: {rule.summary}"},
        "help": {"text": as_text(rule), "markdown": as_markdown(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": properties,
    }


def _result(finding: Finding) -> dict[str, object]:
    related = [
        {**_location(span), "id": index, "message": {"text": _text(words)}}
        for index, (span, words) in enumerate(finding.related, start=1)
    ]
    links = "".join(
        f" [{_text(words)}]({index})" for index, (_, words) in enumerate(finding.related, start=1)
    )
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": _INDEX[finding.rule.id],
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding) + links},
        "locations": [_location(finding.span)],
        **({"relatedLocations": related} if related else {}),
        "partialFingerprints": {
            "primaryLocationLineHash": finding.fingerprint,
            _FINGERPRINT: finding.fingerprint,
        },
    }


def _message(finding: Finding) -> str:
    witness = f"; witness: {in_words(finding.witness)}" if finding.witness else ""
    remedy = f"; help: {finding.help}" if finding.help else ""
    return _text(finding.message + witness + remedy)


def _text(text: str) -> str:
    """A text that shows what it holds, in which no bracket begins a link."""
    return printable(text, _LONGEST).replace("[", "\\[").replace("]", "\\]")


def _location(span: Span) -> dict[str, object]:
    begin, finish = span.begin, span.finish
    region = {
        "startLine": begin.line,
        "startColumn": begin.column,
        "endLine": finish.line,
        "endColumn": finish.column,
    }
    uri = {"uri": quote(span.file.replace("\\", "/")), "uriBaseId": _ROOT}
    if span.file.startswith("/"):
        del uri["uriBaseId"]
    return {"physicalLocation": {"artifactLocation": uri, "region": region}}
