"""Reads a policy document. The entry points: strict ones raise, `collect_policy` gives everything found.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from policy_engine.errors import Diagnostic, PolicySchemaError, Severity
from policy_engine.model.policy import Policy, PolicyKind, Version
from policy_engine.reading.elements import Elements, elements_of
from policy_engine.reading.known import KNOWN_TEXTS, KnownText, digest_of, known_text
from policy_engine.reading.reader import Reader
from policy_engine.reading.statements import read_statement
from policy_engine.syntax.json_document import parse_json, parse_nested
from policy_engine.syntax.json_faults import printable
from policy_engine.syntax.json_tree import JsonArray, JsonNode, JsonObject, JsonString

if TYPE_CHECKING:
    from policy_engine.model.policy import Statement
    from policy_engine.span import Source
    from policy_engine.syntax.json_document import JsonDocument

_ELEMENTS = Elements("policy", ("Version", "Id", "Statement"))


def read_policy(
    text: str | bytes, *, kind: PolicyKind, name: str = "default", file: str = "<policy>"
) -> Policy:
    """Read a policy's text; one that was read before is not read again (reading/known.py).

    Args:
        text: the JSON text, or its bytes in UTF-8.
        kind: what the policy is attached to.
        name: the policy's name, for people.
        file: the name of the file it stands in, for positions.

    Raises:
        PolicySyntaxError: the text is not strict JSON.
        PolicySchemaError: it is JSON, but no policy of this kind.
    """
    return known_text_of(text, kind, name, file).policy(name, file, text)


def known_text_of(
    text: str | bytes, kind: PolicyKind, name: str = "default", file: str = "<policy>"
) -> KnownText:
    """What reading a text gives, which is read only if it is not known; name and file are for what is raised.

    Raises:
        PolicySyntaxError: the text is not strict JSON.
        PolicySchemaError: it is JSON, but no policy of this kind.
    """
    known = KNOWN_TEXTS.find(text, kind)
    if known is None:
        document = parse_json(text, file)
        policy = _strict(*collect_document(document.root, document.source, kind, name), document.diagnostics)
        known = known_text(policy)
        KNOWN_TEXTS.add(digest_of(text), known)
    return known


def read_policy_node(node: JsonNode, source: Source, *, kind: PolicyKind, name: str) -> Policy:
    """Read a policy that stands inside another document, as an object or as a string that holds its text.

    Raises:
        PolicySyntaxError: the string does not hold strict JSON.
        PolicySchemaError: it is no policy of this kind.
    """
    if isinstance(node, JsonString):
        document = parse_nested(node, source)
        return _strict(*collect_document(document.root, document.source, kind, name), document.diagnostics)
    return _strict(*collect_document(node, source, kind, name))


def _strict(
    policy: Policy | None, diagnostics: list[Diagnostic], more: tuple[Diagnostic, ...] = ()
) -> Policy:
    errors = [d for d in diagnostics if d.severity is Severity.ERROR]
    if errors or policy is None:
        raise PolicySchemaError(min(errors, key=lambda d: d.span.start if d.span else 0))
    if not more:
        return policy
    return Policy(
        policy.kind, policy.name, policy.version, policy.id, policy.statements, policy.digest, policy.span,
        (*more, *policy.diagnostics),
    )  # fmt: skip


def collect_policy(
    document: JsonDocument, kind: PolicyKind, name: str
) -> tuple[Policy | None, list[Diagnostic]]:
    """Read as far as possible, for lint: the policy without what cannot be read, and all faults."""
    policy, diagnostics = collect_document(document.root, document.source, kind, name)
    return policy, [*document.diagnostics, *diagnostics]


def collect_document(
    node: JsonNode, source: Source, kind: PolicyKind, name: str
) -> tuple[Policy | None, list[Diagnostic]]:
    """As `collect_policy`, for a policy that stands inside another document."""
    reader = Reader(source, kind, Version.V2008)
    if not isinstance(node, JsonObject):
        reader.error(
            "not-an-object",
            f"a policy is an object, not {node.kind}",
            node.span(source),
            'write {"Version": "2012-10-17", "Statement": [...]}',
        )
        return None, reader.diagnostics
    elements = elements_of(reader, node, _ELEMENTS)
    reader.version = _version(reader, elements.get("Version"))
    identifier = elements.get("Id")
    policy_id = reader.string(identifier, "Id") if identifier is not None else None
    statements = _statements(reader, node, elements.get("Statement"))
    _note_duplicate_sids(reader, statements)
    digest = hashlib.sha256(source.text[node.start : node.end].encode()).hexdigest()
    policy = Policy(
        kind, name, reader.version, policy_id, statements, digest, node.span(source),
        tuple(d for d in reader.diagnostics if d.severity is not Severity.ERROR),
    )  # fmt: skip
    return policy, reader.diagnostics


def _version(reader: Reader, node: JsonNode | None) -> Version:
    if node is None:
        return Version.V2008
    text = reader.string(node, "Version")
    if text is None:
        return Version.V2008
    try:
        return Version(text)
    except ValueError:
        reader.error(
            "invalid-version",
            f"there is no policy version `{printable(text)}`",
            node.span(reader.source),
            'write "2012-10-17"',
        )
        return Version.V2012


def _statements(reader: Reader, policy: JsonObject, node: JsonNode | None) -> tuple[Statement, ...]:
    if node is None:
        reader.error(
            "missing-element",
            "the policy has no Statement",
            policy.span(reader.source),
            'add "Statement": [...]',
        )
        return ()
    items = node.items if isinstance(node, JsonArray) else (node,)
    if not items:
        reader.mild("empty-list", "Statement is empty, so the policy says nothing", node.span(reader.source))
    return tuple(s for index, item in enumerate(items) for s in read_statement(reader, item, index))


def _note_duplicate_sids(reader: Reader, statements: tuple[Statement, ...]) -> None:
    seen: dict[str, int] = {}
    for statement in statements:
        if statement.sid is not None and seen.get(statement.sid, statement.index) != statement.index:
            reader.mild(
                "duplicate-sid",
                f"the Sid `{printable(statement.sid)}` stands twice",
                statement.span,
                "give every statement a Sid of its own",
            )
        seen.setdefault(statement.sid or "", statement.index)
