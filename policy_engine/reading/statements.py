"""Reads one statement: effect, actions, resources. Principals and conditions have their own rooms.

What a kind of policy may leave out, and what that means, is a table (rules 20, 26 and 105 of the semantics
page): in a key policy a statement without Action or Resource is accepted and has no effect; elsewhere it is
refused where AWS refuses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.model.opaque import Opaque
from policy_engine.model.policy import (
    RESOURCE_POLICIES,
    ActionElement,
    ActionPattern,
    Effect,
    PolicyKind,
    ResourceElement,
    ResourcePattern,
    Statement,
    Version,
)
from policy_engine.model.principal import PrincipalElement
from policy_engine.reading.conditions import read_conditions
from policy_engine.reading.elements import Elements, elements_of
from policy_engine.reading.patterns import read_pattern
from policy_engine.reading.principals import read_principal
from policy_engine.reading.reader import opaque_of
from policy_engine.syntax.json_faults import printable
from policy_engine.syntax.json_tree import JsonObject, JsonOpaque
from policy_engine.syntax.pattern import parse_pattern

if TYPE_CHECKING:
    from policy_engine.model.condition import Condition
    from policy_engine.reading.reader import Reader
    from policy_engine.syntax.json_tree import JsonNode

_ELEMENTS = Elements(
    "statement",
    (
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ),
    (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")),
)
_EFFECTS = frozenset(Effect)
_HOW = {
    "Principal": '"Principal": {"AWS": "arn:aws:iam::ACCOUNT:root"}',
    "Action": '"Action": "kms:Decrypt"',
    "Resource": '"Resource": "*"',
}
# The elements that a statement may not lack: in a key policy only the principal, in the kinds without
# principals the other two. In other resource policies what lacks never matches.
_REQUIRED = {
    PolicyKind.KEY: ("Principal",),
    PolicyKind.RCP: (),
    PolicyKind.ENDPOINT: (),
}
_REQUIRED_ELSEWHERE = ("Action", "Resource")


def read_statement(reader: Reader, node: JsonNode, index: int) -> tuple[Statement, ...]:
    """Read a statement; nothing, with the reasons reported, where it cannot be read.

    A statement whose effect is not known yet gives two, one with each effect.
    """
    if isinstance(node, JsonOpaque):
        return _unknown_statement(reader, node, index)
    if not isinstance(node, JsonObject):
        reader.wrong_type(node, "a statement", "an object")
        return ()
    faults = len(reader.diagnostics)
    elements = elements_of(reader, node, _ELEMENTS)
    sid = reader.string(elements["Sid"], "Sid") if "Sid" in elements else None
    effects, unknown = _effects(reader, node, elements.get("Effect"))
    principal = _principal(reader, node, elements)
    action = _action(reader, elements)
    resource = _resource(reader, elements)
    conditions, more = _conditions(reader, elements.get("Condition"))
    _check_missing(reader, node, elements)
    found = reader.diagnostics[faults:]
    if found and any(d.severity == "error" for d in found):
        return ()
    span = node.span(reader.source)
    return tuple(
        Statement(index, sid, effect, principal, action, resource, conditions, span, (*unknown, *more))
        for effect in effects
    )


def _unknown_statement(reader: Reader, node: JsonOpaque, index: int) -> tuple[Statement, ...]:
    """A statement that is not known yet may be any: both effects, on everything."""
    span, opaque = node.span(reader.source), (Opaque(node.name),)
    principal = PrincipalElement((), negated=False, span=span, opaque=opaque)
    action = ActionElement((), negated=False, span=span, opaque=opaque)
    resource = ResourceElement((), negated=False, span=span, opaque=opaque)
    return tuple(
        Statement(index, None, effect, principal, action, resource, (), span, opaque) for effect in Effect
    )


def _conditions(reader: Reader, node: JsonNode | None) -> tuple[tuple[Condition, ...], tuple[Opaque, ...]]:
    """The conditions of a statement, or what is not known of all of them."""
    if isinstance(node, JsonOpaque):
        return (), (Opaque(node.name),)
    return (read_conditions(reader, node) if node is not None else ()), ()


def _effects(
    reader: Reader, statement: JsonObject, node: JsonNode | None
) -> tuple[tuple[Effect, ...], tuple[Opaque, ...]]:
    """The effect; both, and what is not known, where it is not known yet."""
    if isinstance(node, JsonOpaque):
        return tuple(Effect), (Opaque(node.name),)
    effect = _effect(reader, statement, node)
    return ((effect,) if effect else ()), ()


def _effect(reader: Reader, statement: JsonObject, node: JsonNode | None) -> Effect | None:
    if node is None:
        reader.error(
            "missing-element",
            "the statement has no Effect",
            statement.span(reader.source),
            'add "Effect": "Allow" or "Effect": "Deny"',
        )
        return None
    text = reader.string(node, "Effect")
    if text in _EFFECTS:
        return Effect(text)
    if text is not None:
        reader.error(
            "invalid-effect",
            f"there is no effect `{printable(text)}`",
            node.span(reader.source),
            'write "Allow" or "Deny", in this case',
        )
    return None


def _either(elements: dict[str, JsonNode], name: str) -> tuple[JsonNode | None, bool]:
    """The node of an element or of its negated form, and whether it is the negated one."""
    if name in elements:
        return elements[name], False
    return elements.get(f"Not{name}"), True


def _principal(
    reader: Reader, statement: JsonObject, elements: dict[str, JsonNode]
) -> PrincipalElement | None:
    node, negated = _either(elements, "Principal")
    if node is None:
        return None
    if reader.kind not in RESOURCE_POLICIES:
        name = "NotPrincipal" if negated else "Principal"
        reader.error(
            "element-not-allowed",
            f"a policy of the kind `{reader.kind}` has no {name}",
            next(m.name_span(reader.source) for m in statement if m.name == name),
            "remove it: the principal is who the policy is attached to",
        )
        return None
    return read_principal(reader, node, negated=negated)


def _action(reader: Reader, elements: dict[str, JsonNode]) -> ActionElement | None:
    node, negated = _either(elements, "Action")
    if node is None:
        return None
    what = "NotAction" if negated else "Action"
    texts = reader.strings(node, what)
    patterns = [
        ActionPattern(parse_pattern(ascii_lower(text), variables=False), text, span)
        for text, span, opaque in texts
        if opaque is None and reader.identifier(text, span, what, ascii_only=True)
    ]
    return ActionElement(tuple(patterns), negated, node.span(reader.source), opaque_of(texts))


def _resource(reader: Reader, elements: dict[str, JsonNode]) -> ResourceElement | None:
    node, negated = _either(elements, "Resource")
    if node is None:
        return None
    what = "NotResource" if negated else "Resource"
    patterns = []
    texts = reader.strings(node, what)
    for item in texts:
        if item.opaque is not None or not reader.identifier(item.text, item.span, what):
            continue
        pattern = read_pattern(reader, item.text, item.span, variables=reader.version is Version.V2012)
        if pattern is not None:
            patterns.append(ResourcePattern(pattern, item.span))
    return ResourceElement(tuple(patterns), negated, node.span(reader.source), opaque_of(texts))


def _check_missing(reader: Reader, statement: JsonObject, elements: dict[str, JsonNode]) -> None:
    required = _REQUIRED.get(reader.kind, _REQUIRED_ELSEWHERE)
    expected = ("Principal", "Action", "Resource") if reader.kind in RESOURCE_POLICIES else required
    for name in expected:
        if name in elements or f"Not{name}" in elements:
            continue
        remedy = f"add {_HOW[name]}"
        if name in required:
            reader.error(
                "missing-element", f"the statement has no {name}", statement.span(reader.source), remedy
            )
        else:
            reader.mild(
                "no-effect",
                f"the statement has no {name}, so it has no effect",
                statement.span(reader.source),
                remedy,
            )
