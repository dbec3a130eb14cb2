"""DOCUMENTS + RULES → REPORT: runs every rule where it applies and puts what they say in order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy_engine.errors import Severity
from policy_engine.lint.finding import Finding, finding_of, told_apart
from policy_engine.lint.rule import Hit, Where
from policy_engine.model.policy import PolicyKind
from policy_engine.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy_engine.errors import Diagnostic
    from policy_engine.lint.rule import Rule
    from policy_engine.lint.subject import Document, Subject
    from policy_engine.model.bundle import Bundle, KeyRecord, Skipped
    from policy_engine.span import Position


@dataclass(frozen=True, slots=True)
class Report:
    """What a run of lint found, and how much it looked at."""

    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    files: int
    policies: int


def lint(
    documents: Sequence[Document],
    rules: Sequence[Rule],
    *,
    bundle: Bundle | None = None,
    diagnostics: Sequence[Diagnostic] = (),
    skipped: Sequence[Skipped] = (),
) -> Report:
    """Run rules over documents.

    Args:
        documents: what was read.
        rules: those that were selected.
        bundle: what the documents make together, where they could be loaded.
        diagnostics: what loading them together found; what reading a policy found as well counts once.
        skipped: files that hold nothing to lint.
    """
    run = _Run([_with_keys(document, bundle) for document in documents], rules)
    found = [
        *run.of_diagnostics(diagnostics),
        *run.of_policies(),
        *(run.of_bundle(bundle) if bundle is not None and not _at_fault(diagnostics) else ()),
    ]
    findings = told_apart(sorted(found, key=_order))
    policies = sum(len(document.subjects) for document in documents)
    return Report(findings, tuple(skipped), len(documents), policies)


def _at_fault(diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether a part of what was loaded is missing, so that nothing can be said of the whole."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


def _order(finding: Finding) -> tuple[str, Position, str, str]:
    return finding.file, finding.span.begin, finding.rule.id, finding.message


class _Run:
    def __init__(self, documents: list[Document], rules: Sequence[Rule]) -> None:
        self._documents = documents
        self._rules = rules
        self._by_code = {code: rule for rule in rules for code in rule.codes}
        self._places = {subject.place: (d, subject) for d in documents for subject in d.subjects}

    def of_diagnostics(self, loading: Sequence[Diagnostic]) -> Iterator[Finding]:
        """The findings of what reading and loading found."""
        seen: set[tuple[object, ...]] = set()
        for document in self._documents:
            for subject in document:
                for diagnostic in subject.diagnostics:
                    seen.add(_identity(diagnostic))
                    yield from self._reported(diagnostic, document, subject)
            for diagnostic in document.diagnostics:
                seen.add(_identity(diagnostic))
                yield from self._reported(diagnostic, document, None)
        for diagnostic in loading:
            if _identity(diagnostic) not in seen:
                yield from self._loaded(diagnostic)

    def of_policies(self) -> Iterator[Finding]:
        """The findings of the rules that look at one policy."""
        checks = [(rule, rule.check) for rule in self._rules if rule.check is not None]
        for document in self._documents:
            for subject in document:
                for rule, check in checks:
                    if _where(subject) in rule.where:
                        yield from (finding_of(rule, hit, document, subject) for hit in check(subject))

    def of_bundle(self, bundle: Bundle) -> Iterator[Finding]:
        """The findings of the rules that look at everything together."""
        for rule in self._rules:
            if rule.check_bundle is not None:
                for hit in rule.check_bundle(bundle):
                    yield from self._located(rule, hit)

    def _reported(
        self, diagnostic: Diagnostic, document: Document, subject: Subject | None
    ) -> Iterator[Finding]:
        rule = self._by_code.get(diagnostic.code)
        if rule is None:
            return
        span = diagnostic.span or Span(document.source, 0, 0) if document.source else diagnostic.span
        if span is not None:
            yield finding_of(rule, _hit(diagnostic, rule, subject, span), document, subject)

    def _loaded(self, diagnostic: Diagnostic) -> Iterator[Finding]:
        file = diagnostic.span.file if diagnostic.span else None
        document = next((d for d in self._documents if d.file == file), None)
        if document is not None:
            yield from self._reported(diagnostic, document, None)

    def _located(self, rule: Rule, hit: Hit) -> Iterator[Finding]:
        """The finding of a hit in a policy that was read again, for the bundle: the offsets are the same."""
        for document in self._documents:
            for subject in document:
                span = Span(subject.source, hit.span.start, hit.span.end)
                if (
                    subject.source.text == hit.span.source.text
                    and subject.holds(span)
                    and _same(span, hit.span)
                ):
                    yield finding_of(rule, replace(hit, span=span), document, subject)
                    return


def _where(subject: Subject) -> Where:
    """What a policy counts as: boundaries, session policies and SCPs are written as identity policies are."""
    return Where.KEY if subject.kind is PolicyKind.KEY else Where.IDENTITY


def _same(one: Span, other: Span) -> bool:
    return one.file == other.file and one.begin == other.begin


def _hit(diagnostic: Diagnostic, rule: Rule, subject: Subject | None, span: Span) -> Hit:
    severity = rule.mild or rule.severity
    if diagnostic.severity is Severity.ERROR:
        severity = Severity.ERROR
    elif subject is not None:
        severity = rule.stricter.get(subject.kind, severity)
    return Hit(span, diagnostic.message, diagnostic.help, severity, diagnostic.related)


def _identity(diagnostic: Diagnostic) -> tuple[object, ...]:
    span = diagnostic.span
    return diagnostic.code, diagnostic.message, span and (span.file, span.begin)


def _with_keys(document: Document, bundle: Bundle | None) -> Document:
    """The document with what the bundle knows of the key of each key policy."""
    if bundle is None:
        return document
    keys = {(k.policy.span.file, k.policy.span.begin): k for k in bundle.keys.values() if k.policy}
    return replace(document, subjects=tuple(_with_key(s, keys.get(s.place)) for s in document))


def _with_key(subject: Subject, key: KeyRecord | None) -> Subject:
    if key is None or key.policy is None:
        return subject
    return replace(subject, key_arn=key.arn, name=key.policy.name, aws_managed=key.aws_managed)
