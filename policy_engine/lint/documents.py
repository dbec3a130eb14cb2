"""TEXT → DOCUMENT: reads a file with everything that is wrong with it, and finds the policies in it.

A file is a policy itself, or of one of the forms of `forms`. Which kind a policy is, is said by the form, by
the user, or by the policy: one whose statements name principals is a key policy.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from policy_engine.bundle.documents import parse_document
from policy_engine.errors import Diagnostic, PolicySyntaxError
from policy_engine.lint.forms import find_form, policies_of
from policy_engine.lint.subject import Document, Reference, Subject
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import collect_document
from policy_engine.syntax import json_limits
from policy_engine.syntax.json_document import parse_nested
from policy_engine.syntax.json_tree import JsonArray, JsonObject, JsonString

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_engine.lint.forms import Form, Found
    from policy_engine.span import Source
    from policy_engine.syntax.json_document import JsonDocument
    from policy_engine.syntax.json_tree import JsonNode

_SPEAKS_OF_POLICIES = re.compile(rb'"?(?:Statement|PolicyDocument|Policy)"?\s*:|kmsgate/bundle')


class UnrecognisedError(Exception):
    """A text is none that holds policies; the message says why."""


def read_document(content: bytes, file: str, kind: PolicyKind | None = None) -> Document:
    """Read a file's content.

    Args:
        content: what the file holds.
        file: its name, as findings show it.
        kind: the kind of a policy that stands alone; None to tell it by the policy.

    Raises:
        UnrecognisedError: it is JSON or YAML, but nothing that holds policies.
    """
    try:
        parsed = parse_document(content, file)
    except PolicySyntaxError as error:
        return Document(file, error.span.source if error.span else None, None, (error.diagnostic,))
    form = None if _is_policy(parsed.root) else find_form(parsed.root)
    if form is not None:
        return _of_form(file, parsed, form)
    if kind is None and not _is_policy(parsed.root):
        raise UnrecognisedError("it holds no policy: it has no `Statement`, and it is no part of a bundle")
    try:
        json_limits.check_size(parsed.source, json_limits.MAX_POLICY_BYTES)
        json_limits.check(parsed.source, json_limits.MAX_POLICY_DEPTH)
    except PolicySyntaxError as error:
        return Document(file, parsed.source, parsed.root, (error.diagnostic,))
    subject = _read(
        parsed.root, parsed.source, kind or kind_of(parsed.root), PurePath(file).stem, parsed.diagnostics
    )
    return _document(file, parsed, (subject,))


def read_grants_document(content: bytes, file: str) -> Document:
    """Read a file that must hold grants.

    Raises:
        UnrecognisedError: it is JSON or YAML, but has no `Grants`.
    """
    document = read_document(content, file)
    grants = document.root.get("Grants") if isinstance(document.root, JsonObject) else None
    if document.root is not None and grants is None:
        raise UnrecognisedError("it holds no grants: write them as `aws kms list-grants` prints them")
    return document


def speaks_of_policies(content: bytes) -> bool:
    """Whether a text that is not JSON was meant to hold policies; others are none of lint's business."""
    return _SPEAKS_OF_POLICIES.search(content) is not None


def kind_of(root: JsonNode) -> PolicyKind:
    """The kind of a policy that stands alone: one that names principals is a key policy."""
    statements = root.get("Statement") if isinstance(root, JsonObject) else None
    items = statements.items if isinstance(statements, JsonArray) else (statements,)
    names_principals = any(
        isinstance(item, JsonObject) and any(m.name in {"Principal", "NotPrincipal"} for m in item)
        for item in items
    )
    return PolicyKind.KEY if names_principals else PolicyKind.IDENTITY


def _is_policy(root: JsonNode) -> bool:
    return isinstance(root, JsonObject) and root.get("Statement") is not None


def _of_form(file: str, parsed: JsonDocument, form: Form) -> Document:
    subjects, references = [], []
    for found in policies_of(parsed.root, form):
        if found.in_file and isinstance(found.node, JsonString):
            path = PurePath(file).parent / found.node.value
            references.append(Reference(str(path), found.kind))
        else:
            subjects.append(_subject(found, parsed))
    grants = _grant_faults(parsed) if form.has_grants else ()
    document = _document(file, parsed, tuple(subjects), grants)
    return replace(document, references=tuple(references), role=form.role)


def _grant_faults(parsed: JsonDocument) -> list[Diagnostic]:
    """What is wrong with a list of grants."""
    # pydantic takes longer to import than a policy to lint, so only grants wait for it
    from policy_engine.bundle.dump_form import GrantsForm  # noqa: PLC0415
    from policy_engine.bundle.grant_form import read_grants  # noqa: PLC0415
    from policy_engine.bundle.validation import validate  # noqa: PLC0415

    form, faults = validate(GrantsForm, parsed.root, parsed.source)
    return [*faults, *(read_grants(form.grants, None)[1] if form is not None else ())]


def _document(
    file: str, parsed: JsonDocument, subjects: tuple[Subject, ...], more: Sequence[Diagnostic] = ()
) -> Document:
    own = (d for d in parsed.diagnostics if not any(d.span is not None and s.holds(d.span) for s in subjects))
    return Document(file, parsed.source, parsed.root, (*own, *more), subjects)


def _subject(found: Found, parsed: JsonDocument) -> Subject:
    """A policy of a document, read from its object or from the text that a string holds."""
    node, source = found.node, parsed.source
    if isinstance(node, JsonString):
        try:
            nested = parse_nested(node, source, collect=True)
        except PolicySyntaxError as error:
            return Subject(source, node, found.kind, found.name, None, (error.diagnostic,))
        return _read(nested.root, nested.source, found.kind, found.name, nested.diagnostics)
    if node.end - node.start > json_limits.MAX_POLICY_BYTES:
        return Subject(source, node, found.kind, found.name, None, (_too_large(node, source),))
    return _read(node, source, found.kind, found.name, parsed.diagnostics)


def _too_large(node: JsonNode, source: Source) -> Diagnostic:
    size = node.end - node.start
    message = (
        f"the policy has {size:,} characters, more than the {json_limits.MAX_POLICY_BYTES:,} that are read"
    )
    remedy = "a key policy may have 32,768 bytes, a managed policy 6,144 characters"
    return Diagnostic("too-large", message, node.span(source), remedy)


def _read(
    node: JsonNode, source: Source, kind: PolicyKind, name: str, found: Sequence[Diagnostic]
) -> Subject:
    """The policy of a node, with what reading the text found in it."""
    policy, diagnostics = collect_document(node, source, kind, name)
    own = (d for d in found if d.span is not None and node.start <= d.span.start and d.span.end <= node.end)
    return Subject(source, node, kind, name, policy, (*own, *diagnostics))
