"""Reads the policies that stand in a document, once each, and keeps what was found."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from policy_engine.bundle.documents import is_yaml
from policy_engine.errors import Diagnostic, PolicySyntaxError, Severity
from policy_engine.model.packed import pack_all
from policy_engine.reading import collect_document
from policy_engine.syntax.json_document import parse_nested
from policy_engine.syntax.json_limits import MAX_POLICY_BYTES
from policy_engine.syntax.json_tree import (
    JsonArray,
    JsonBoolean,
    JsonNode,
    JsonNumber,
    JsonObject,
    JsonString,
)

if TYPE_CHECKING:
    from policy_engine.bundle.placed import PolicyText
    from policy_engine.model.policy import Policy, PolicyKind

_Read = tuple["Policy | None", tuple[Diagnostic, ...]]


@dataclass(slots=True)
class PolicyReader:
    """Reads policies; a managed policy that many principals hold is read once, and reported once."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    _read: dict[tuple[int, PolicyKind], tuple[PolicyText, Policy | None]] = field(default_factory=dict)

    def read(self, text: PolicyText | None, kind: PolicyKind, name: str) -> Policy | None:
        """The policy, without the statements that cannot be read; None where there is nothing to read."""
        if text is None:
            return None
        known = self._read.get((id(text.node), kind))
        if known is None:
            policy, found = _read(text, kind, name)
            self.diagnostics += found
            # the text is kept, so that the node's id stays its own
            known = self._read[id(text.node), kind] = (text, policy)
        policy = known[1]
        return policy if policy is None or policy.name == name else replace(policy, name=name)


def _read(text: PolicyText, kind: PolicyKind, name: str) -> _Read:
    node, source = text.node, text.source
    more: tuple[Diagnostic, ...] = ()
    if isinstance(node, JsonString):
        try:
            document = parse_nested(node, source, collect=True)
        except PolicySyntaxError as error:
            return None, (error.diagnostic,)
        node, source, more = document.root, document.source, document.diagnostics
    elif node.end - node.start > MAX_POLICY_BYTES:
        return None, (_too_large(text),)
    policy, found = collect_document(node, source, kind, name)
    if policy is not None:
        policy = replace(policy, diagnostics=(*_mild(more), *policy.diagnostics))
        if not any(d.severity is Severity.ERROR for d in found):
            policy = replace(policy, statements=pack_all(policy))
        if is_yaml(source.name):
            policy = replace(policy, digest=_digest(node))
    return policy, (*more, *found)


def _mild(diagnostics: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    return tuple(d for d in diagnostics if d.severity is not Severity.ERROR)


def _too_large(text: PolicyText) -> Diagnostic:
    size = text.node.end - text.node.start
    return Diagnostic(
        "too-large",
        f"the policy has {size:,} characters, more than the {MAX_POLICY_BYTES:,} that are read",
        text.span,
        "a key policy may have 32,768 bytes, a managed policy 6,144 characters",
    )


def _digest(node: JsonNode) -> str:
    """The digest of what a node says: a YAML text with aliases says it only in part itself."""
    return hashlib.sha256(json.dumps(_plain(node)).encode()).hexdigest()


def _plain(node: JsonNode) -> object:
    if isinstance(node, JsonObject):
        return {member.name: _plain(member.value) for member in node}
    if isinstance(node, JsonArray):
        return [_plain(item) for item in node.items]
    if isinstance(node, JsonNumber):
        return {"number": node.text}
    return node.value if isinstance(node, (JsonString, JsonBoolean)) else None
