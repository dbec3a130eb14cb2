"""Reads a Condition block: operators, keys, values.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy_engine.catalog.condition_keys import canonical_key
from policy_engine.conditions.operators import OPERATORS
from policy_engine.model.condition import Condition, ConditionValue
from policy_engine.model.policy import Version
from policy_engine.reading.elements import closest
from policy_engine.reading.patterns import read_pattern
from policy_engine.syntax.json_faults import printable
from policy_engine.syntax.json_tree import JsonArray, JsonObject
from policy_engine.syntax.operator_name import OPERATOR_NAMES, parse_operator
from policy_engine.syntax.pattern import parse_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy_engine.conditions.operator import Operator
    from policy_engine.reading.reader import Reader
    from policy_engine.span import Span
    from policy_engine.syntax.json_tree import JsonMember, JsonNode
    from policy_engine.syntax.operator_name import OperatorName
    from policy_engine.syntax.pattern import Pattern


# `service:Name`, up to the slash or second colon that the name of a tag or pair follows
_NAME = re.compile(r"\A[^:/]*(?::[^:/]*)?")
_VARIABLE_ALONE = re.compile(r"\$\{[A-Za-z][A-Za-z0-9-]*:[^\s${}*?,']+\}", re.ASCII)


def read_conditions(reader: Reader, node: JsonNode) -> tuple[Condition, ...]:
    """The conditions of a block, one for each pair of operator and key; faults are reported."""
    if not isinstance(node, JsonObject):
        reader.wrong_type(node, "Condition", "an object")
        return ()
    if not node.members:
        reader.mild(
            "empty-condition", "Condition is empty, so there is no condition", node.span(reader.source)
        )
    _report_repeats(reader, node, "operator", lambda name: str(parse_operator(name) or name))
    return tuple(condition for block in node for condition in _read_block(reader, block))


def _read_block(reader: Reader, block: JsonMember) -> list[Condition]:
    name = parse_operator(block.name)
    operator = _operator(reader, block, name)
    if not isinstance(block.value, JsonObject):
        reader.wrong_type(block.value, block.name, "an object of condition keys")
        return []
    if not block.value.members:
        reader.mild(
            "empty-condition",
            f"{block.name} is empty, so it is no condition",
            block.value.span(reader.source),
        )
    if name is None or operator is None:
        return []
    _report_repeats(reader, block.value, "condition key", canonical_key)
    conditions = (_read_condition(reader, name, operator, block, member) for member in block.value)
    return [condition for condition in conditions if condition is not None]


def _operator(reader: Reader, block: JsonMember, name: OperatorName | None) -> Operator | None:
    span = block.name_span(reader.source)
    if name is None:
        meant = closest(block.name, OPERATOR_NAMES)
        remedy = (
            f"did you mean `{meant}`?" if meant else "write an operator such as StringEquals, Bool or ArnLike"
        )
        reader.error("unknown-operator", f"there is no operator `{printable(block.name)}`", span, remedy)
        return None
    return OPERATORS[name.name]


def _read_condition(
    reader: Reader, name: OperatorName, operator: Operator, block: JsonMember, member: JsonMember
) -> Condition | None:
    source = reader.source
    key_span = member.name_span(source)
    if not member.name:
        reader.error(
            "unknown-element", "a condition key has a name", key_span, "write a key such as kms:ViaService"
        )
        return None
    if not _is_name(reader, member.name, key_span):
        return None
    values = tuple(
        ConditionValue(item.text, item.span, pattern, item.opaque)
        for item in reader.scalars(member.value, member.name)
        if (pattern := _pattern(reader, operator, item.text, item.span)) is not None
    )
    if isinstance(member.value, JsonArray) and not member.value.items:
        always = "always" if operator.negated else "never"
        reader.mild(
            "empty-list", f"the values are empty, so the condition {always} holds", member.value.span(source)
        )
    return Condition(
        name, canonical_key(member.name), member.name, values, block.name_span(source), key_span,
        type(key_span)(source, member.start, member.value.end),
    )  # fmt: skip


def _is_name(reader: Reader, key: str, span: Span) -> bool:
    """Whether a key has no look-alikes in its name; what tags and pairs are called, after it, is free."""
    free = _NAME.sub("", key, count=1)
    name = key.removesuffix(free)
    what = "a condition key"
    return reader.identifier(name, span, what, ascii_only=True) and reader.identifier(free, span, what)


def _pattern(reader: Reader, operator: Operator, text: str, span: Span) -> Pattern | None:
    if operator.variables and reader.version is Version.V2012:
        return read_pattern(reader, text, span, variables=True)
    if operator.name == "Bool" and reader.version is Version.V2012 and _VARIABLE_ALONE.fullmatch(text):
        return parse_pattern(text, variables=True)  # whether it is substituted is an option of the engine
    return parse_pattern(text, variables=False)


def _report_repeats(reader: Reader, node: JsonObject, what: str, fold: Callable[[str], str]) -> None:
    """Report names that are one name to IAM, since one of the two would be lost without a word."""
    seen: dict[str, JsonMember] = {}
    for member in node:
        earlier = seen.setdefault(fold(member.name), member)
        if earlier is not member and earlier.name != member.name:
            reader.error(
                "duplicate-key",
                f"the {what} `{printable(member.name)}` is `{printable(earlier.name)}` again in another case",
                member.name_span(reader.source),
                "put the values under one of them",
            )
