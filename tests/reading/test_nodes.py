"""A policy that stands inside another document, and values that are not known yet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from policy_engine.errors import PolicySchemaError
from policy_engine.model.policy import Effect, PolicyKind, Version
from policy_engine.reading import collect_document, read_policy_node
from policy_engine.syntax.json_document import parse_json
from policy_engine.syntax.json_tree import JsonArray, JsonObject, JsonOpaque

if TYPE_CHECKING:
    from policy_engine.model.policy import Policy
    from policy_engine.span import Source
    from policy_engine.syntax.json_tree import JsonNode

STATEMENT = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Sign", "Resource": "*"}
POLICY = {"Version": "2012-10-17", "Id": "one", "Statement": [STATEMENT]}


def node_of(document: object) -> tuple[JsonNode, Source]:
    """The policy of a document that holds it."""
    parsed = parse_json(json.dumps({"Policy": document}), "keys.json")
    assert isinstance(parsed.root, JsonObject)
    return parsed.root.members[0].value, parsed.source


@pytest.mark.parametrize("held", [POLICY, json.dumps(POLICY)])
def test_a_policy_is_an_object_or_a_string_that_holds_one(held: object) -> None:
    policy = read_policy_node(*node_of(held), kind=PolicyKind.KEY, name="default")
    (statement,) = policy.statements
    assert (policy.name, policy.id, policy.version, policy.kind) == (
        "default",
        "one",
        Version.V2012,
        PolicyKind.KEY,
    )
    assert (statement.effect, statement.index, policy.span.file) == (Effect.ALLOW, 0, "keys.json")


@pytest.mark.parametrize("held", [{"Version": "2012-10-17"}, '{"Version": "2012-10-17"}', "[]", 5])
def test_what_is_no_policy_is_refused(held: object) -> None:
    with pytest.raises(PolicySchemaError):
        read_policy_node(*node_of(held), kind=PolicyKind.KEY, name="default")


def test_the_first_fault_is_raised() -> None:
    faulty = {
        "Statement": [{**STATEMENT, "Effect": "allow"}, {**STATEMENT, "Effect": "deny"}],
        "Version": "1",
    }
    with pytest.raises(PolicySchemaError, match="`allow`"):
        read_policy_node(*node_of(faulty), kind=PolicyKind.KEY, name="default")


def with_unknown(node: JsonNode) -> JsonNode:
    """The tree with what is not known for each string `@`."""
    if isinstance(node, JsonObject):
        members = tuple(type(m)(m.start, m.end, m.name, with_unknown(m.value)) for m in node.members)
        return JsonObject(node.start, node.end, members)
    if isinstance(node, JsonArray):
        return JsonArray(node.start, node.end, tuple(map(with_unknown, node.items)))
    return JsonOpaque(node.start, node.end, "later") if getattr(node, "value", None) == "@" else node


def unknown_in(**elements: object) -> Policy:
    return with_statement({**STATEMENT, **elements})


def with_statement(statement: object) -> Policy:
    node, source = node_of({"Version": "2012-10-17", "Statement": [statement]})
    policy, faults = collect_document(with_unknown(node), source, PolicyKind.KEY, "default")
    assert policy is not None
    assert not faults
    return policy


def test_what_is_not_known_is_no_pattern_and_no_entry() -> None:
    (statement,) = unknown_in(
        Principal={"AWS": ["@", "111122223333"]}, Action=["@", "kms:Sign"], Resource="@"
    ).statements
    principal, action, resource = statement.principal, statement.action, statement.resource
    assert principal is not None
    assert action is not None
    assert resource is not None
    assert [entry.value for entry in principal.entries] == ["111122223333"]
    assert [pattern.spelling for pattern in action.patterns] == ["kms:Sign"]
    assert resource.patterns == ()
    for element in (principal, action, resource):
        assert [opaque.name for opaque in element.opaque] == ["later"]
    assert statement.opaque == ()


def test_a_whole_principal_and_a_value_can_be_unknown() -> None:
    (statement,) = unknown_in(Principal="@", Condition={"StringEquals": {"x:y": ["@", "a"]}}).statements
    assert statement.principal is not None
    assert (statement.principal.entries, len(statement.principal.opaque)) == ((), 1)
    (condition,) = statement.conditions
    assert [(value.text, value.opaque is not None) for value in condition.values] == [
        ("", True),
        ("a", False),
    ]


def test_a_statement_of_unknown_effect_is_one_of_each() -> None:
    for policy in (unknown_in(Effect="@"), unknown_in(Condition="@")):
        assert all([opaque.name for opaque in one.opaque] == ["later"] for one in policy.statements)
    assert [one.effect for one in unknown_in(Effect="@").statements] == list(Effect)
    assert [one.effect for one in unknown_in(Condition="@").statements] == [Effect.ALLOW]


def test_an_unknown_statement_may_be_any() -> None:
    statements = with_statement("@").statements
    assert [(one.effect, one.index, one.sid, one.conditions) for one in statements] == [
        (effect, 0, None, ()) for effect in Effect
    ]
    for one in statements:
        for element in (one.principal, one.action, one.resource):
            assert element is not None
            assert (element.negated, [opaque.name for opaque in element.opaque]) == (False, ["later"])
        assert one.principal is not None
        assert one.principal.entries == ()
