"""Every node knows where it stands, also inside a policy that is a string of another document."""

from __future__ import annotations

import json

import pytest

from policy_engine.errors import PolicySyntaxError
from policy_engine.span import Position
from policy_engine.syntax.json_document import parse_json, parse_nested
from policy_engine.syntax.json_tree import JsonNode, JsonObject, JsonString


def every_node(node: JsonNode) -> list[JsonNode]:
    children = getattr(node, "items", None) or [m.value for m in getattr(node, "members", ())]
    return [node, *(found for child in children for found in every_node(child))]


@pytest.mark.parametrize(
    "text",
    [
        ' {"a" : [ 1 , "x\\u0041" , {"b":true} ] ,\n "c":null }  ',
        # runs of members with strings and lists of strings, which are one token each
        ' { "a" : "x\\"]" ,\n"b\\\\":[ "y" , "[z" ] , "c" : [] , "d" : ["]", 1 ] , "e":"" } ',
        '[ ["a" , "b\\u0041" ] ,\t["c"] ,{"d":["e","f"],"g":"h"} ]\n',
    ],
)
def test_the_span_of_a_node_is_its_own_text(text: str) -> None:
    document = parse_json(text)
    for node in every_node(document.root):
        piece = text[node.start : node.end]
        assert piece == piece.strip()
        value = json.loads(piece)
        if isinstance(node, JsonString):
            assert node.value == value
        if isinstance(node, JsonObject):
            names = [json.loads(text[m.start : m.end]) for m in node]
            assert names == [m.name for m in node] == list(value)


def test_columns_count_code_points() -> None:
    document = parse_json('["😀é", 1]', "f.json")
    second = document.root.items[1]  # type: ignore[attr-defined]
    assert second.span(document.source).begin == Position(1, 8)
    assert str(second.span(document.source)) == "f.json:1:8"


def test_lines_end_as_editors_have_it() -> None:
    document = parse_json('{\r\n"a":\r1,\n"b":2}')
    assert isinstance(document.root, JsonObject)
    assert [m.value.span(document.source).begin.line for m in document.root] == [3, 4]


def nested(inner: str, **dump: bool) -> tuple[JsonString, object]:
    document = parse_json("{\n  " + '"Policy": ' + json.dumps(inner, **dump) + "\n}", "dump.json")
    assert isinstance(document.root, JsonObject)
    node = document.root.members[0].value
    assert isinstance(node, JsonString)
    return node, document.source


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_nested_text_has_positions_of_the_outer_file(ascii_only: bool) -> None:
    inner = '{"é😀\\n":\n "x", "b": 1}'
    node, source = nested(inner, ensure_ascii=ascii_only)
    document = parse_nested(node, source)  # type: ignore[arg-type]
    assert isinstance(document.root, JsonObject)
    last = document.root.members[-1]
    span = last.name_span(document.source)
    line = source.line(2)  # type: ignore[attr-defined]
    assert span.begin == Position(2, line.index('\\"b\\"') + 1)
    assert span.finish == Position(2, line.index('\\"b\\"') + len('\\"b\\"') + 1)
    assert span.file == "dump.json"


def test_a_fault_in_a_nested_text_points_into_the_outer_file() -> None:
    node, source = nested('{"a":1,"a":2}')
    with pytest.raises(PolicySyntaxError) as caught:
        parse_nested(node, source)  # type: ignore[arg-type]
    assert caught.value.span is not None
    assert str(caught.value.span) == "dump.json:2:23"


def test_duplicates_are_collected_for_lint_with_both_places() -> None:
    document = parse_json('{"a":1,\n"a":2, "b":{"c":1,"c":2}}', "f", collect=True)
    assert [(d.code, str(d.span), str(d.related[0][0])) for d in document.diagnostics] == [
        ("duplicate-key", "f:2:1", "f:1:2"),
        ("duplicate-key", "f:2:19", "f:2:13"),
    ]


def test_a_byte_order_mark_is_accepted_and_said() -> None:
    document = parse_json(b"\xef\xbb\xbf{}")
    assert [d.code for d in document.diagnostics] == ["byte-order-mark"]


def test_bytes_that_are_not_utf_8_name_the_offset() -> None:
    with pytest.raises(PolicySyntaxError, match=r"byte 2 is 0xff"):
        parse_json(b'{"\xff":1}')
