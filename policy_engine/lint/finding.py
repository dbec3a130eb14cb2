"""A finding: what a rule says about a place, and everything by which people and machines find it again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from policy_engine.lint.pointers import pointer_of, sid_of, statement_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy_engine.errors import Severity
    from policy_engine.lint.rule import Hit, Rule
    from policy_engine.lint.subject import Document, Subject
    from policy_engine.model.policy import PolicyKind
    from policy_engine.model.request import Request
    from policy_engine.span import Span
    from policy_engine.syntax.json_tree import JsonObject


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding.

    Attributes:
        rule: the rule that it is of. severity: what it weighs. message: what is wrong. help: how to mend
        it. span: where. pointer: the JSON pointer of the place, from the policy's root, or the file's where
        it is in no policy. kind: the kind of the policy that it is about, or None. policy: that policy's
        name, or None. sid: the Sid of its statement, or None. related: other places that matter. witness: a
        request that proves it. fingerprint: names the finding, whatever is inserted above it.
    """

    rule: Rule
    severity: Severity
    message: str
    help: str | None
    span: Span
    pointer: str
    kind: PolicyKind | None
    policy: str | None
    sid: str | None
    related: tuple[tuple[Span, str], ...]
    witness: Request | None
    fingerprint: str

    @property
    def file(self) -> str:
        """The file that it is in."""
        return self.span.file


def finding_of(rule: Rule, hit: Hit, document: Document, subject: Subject | None) -> Finding:
    """The finding of a hit."""
    root = subject.root if subject else document.root
    statement = statement_at(subject.root, hit.span.start, hit.span.end) if subject else None
    return Finding(
        rule=rule,
        severity=hit.severity or rule.severity,
        message=hit.message,
        help=hit.help,
        span=hit.span,
        pointer=pointer_of(root, hit.span.start, hit.span.end) if root else "",
        kind=subject.kind if subject else None,
        policy=subject.name if subject else None,
        sid=sid_of(statement),
        related=hit.related,
        witness=hit.witness,
        fingerprint=_fingerprint(rule, hit, subject, statement),
    )


def _fingerprint(rule: Rule, hit: Hit, subject: Subject | None, statement: JsonObject | None) -> str:
    """Rule, path, policy, statement, the place in the statement and its text: no line, no statement index."""
    start, end, text = hit.span.start, hit.span.end, hit.span.source.text
    root = statement or (subject.root if subject else None)
    parts = [
        rule.id,
        PurePath(hit.span.file).as_posix(),
        [subject.kind, subject.name] if subject else None,
        _statement_name(statement, text),
        pointer_of(root, start, end) if root else "",
        "" if statement and (start, end) == (statement.start, statement.end) else _squeezed(text[start:end]),
    ]
    return _digest(parts)


def _statement_name(statement: JsonObject | None, text: str) -> str | None:
    """What names a statement: its Sid, or what it says."""
    if statement is None:
        return None
    sid = sid_of(statement)
    return f"sid {sid}" if sid else _digest(_squeezed(text[statement.start : statement.end]))


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def told_apart(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with fingerprints that differ: the second of two equal ones counts as the second."""
    seen: dict[str, int] = {}
    apart = []
    for finding in findings:
        count = seen[finding.fingerprint] = seen.get(finding.fingerprint, 0) + 1
        again = _digest([finding.fingerprint, count])
        apart.append(finding if count == 1 else replace(finding, fingerprint=again))
    return tuple(apart)
