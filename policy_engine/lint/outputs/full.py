"""The report for people: each finding with its line, what is marked in it, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.errors import Severity
from policy_engine.lint.outputs.snippet import snippet
from policy_engine.lint.outputs.witness import in_words
from policy_engine.lint.severity import counts
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.lint.finding import Finding
    from policy_engine.lint.linter import Report
    from policy_engine.lint.outputs.look import Look

_LONGEST = 1000
_PLURAL = {Severity.SECURITY: "security findings"}
_SINGULAR = {Severity.SECURITY: "security finding"}


def full(report: Report, look: Look) -> str:
    """The findings with their snippets, and a line that counts them."""
    blocks = ["\n".join(_block(finding, look)) for finding in report.findings]
    return "\n\n".join([*blocks, summary(report)])


def _block(finding: Finding, look: Look) -> Iterator[str]:
    spans = [finding.span, *(span for span, _ in finding.related)]
    gutter = max(len(str(span.begin.line)) for span in spans)
    empty = " " * gutter
    head = look.severity(f"{finding.severity}[{finding.rule.id}]", finding.severity)
    yield f"{head}: {look.strong(printable(finding.message, _LONGEST))}"
    yield f"{empty}{look.frame('-->')} {printable(str(finding.span), _LONGEST)}{_label(finding)}"
    yield from snippet(finding.span, look, gutter=gutter)
    for span, words in finding.related:
        yield f"{empty}{look.frame(':::')} {printable(str(span), _LONGEST)}"
        yield from snippet(span, look, gutter=gutter, mark="-", words=printable(words, _LONGEST))
    yield look.frame(f"{empty} |")
    notes = [("note", f"witness: {in_words(finding.witness)}")] if finding.witness else []
    helps = [("help", text) for text in (finding.help, f"policy-lint rule {finding.rule.id}") if text]
    for kind, text in (*notes, *helps):
        yield f"{empty} {look.frame('=')} {look.strong(kind)}: {printable(text, _LONGEST)}"


def _label(finding: Finding) -> str:
    """Which policy, and where in it."""
    if finding.kind is None:
        return f"  {printable(finding.pointer, _LONGEST)}".rstrip()
    where = printable(finding.pointer or "/", _LONGEST)
    sid = f' (Sid "{printable(finding.sid)}")' if finding.sid else ""
    return f"  {finding.kind} policy {printable(finding.policy or '')}, {where}{sid}"


def summary(report: Report) -> str:
    """How much was found and looked at, in one line."""
    found = counts(finding.severity for finding in report.findings)
    parts = [_count(number, severity) for severity, number in found.items() if number]
    total = f"Found {', '.join(parts)}." if parts else "No findings."
    policies = _counted(report.policies, "policy", "policies")
    files = _counted(report.files, "file", "files")
    return f"{total}  {policies} in {files}, {len(report.skipped)} skipped."


def _count(number: int, severity: Severity) -> str:
    one = _SINGULAR.get(severity, severity.value)
    return _counted(number, one, _PLURAL.get(severity, f"{severity}s"))


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
