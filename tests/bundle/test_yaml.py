"""YAML is read as the JSON that it stands for, and refused where readers would differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policy_engine import PolicySyntaxError
from policy_engine.bundle.placed import placed
from policy_engine.bundle.yaml_document import parse_yaml

MALFORMED = Path(__file__).parents[2] / "fixtures/malformed/yaml.json"
CASES = json.loads(MALFORMED.read_text(encoding="utf-8"))["cases"]


def data(text: str) -> object:
    document = parse_yaml(text.encode(), "x.yaml")
    assert document.diagnostics == ()
    return placed(document.root, document.source)


def refusal(text: str | bytes) -> tuple[str, int, int]:
    with pytest.raises(PolicySyntaxError) as caught:
        parse_yaml(text if isinstance(text, bytes) else text.encode(), "x.yaml")
    span = caught.value.span
    assert span is not None
    assert caught.value.help
    return caught.value.diagnostic.code, span.begin.line, span.begin.column


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: yes\nb: on\nc: NO\nd: off", {"a": "yes", "b": "on", "c": "NO", "d": "off"}),
        ("a: true\nb: False\nc: TRUE", {"a": True, "b": False, "c": True}),
        ("a: ~\nb:\nc: null\nd: Null", {"a": None, "b": None, "c": None, "d": None}),
        ("a: 2012-10-17\nb: 12:30:00\nc: 1_000", {"a": "2012-10-17", "b": "12:30:00", "c": "1_000"}),
        ("a: 12\nb: -1.5e3\nc: '012'", {"a": 12, "b": -1500.0, "c": "012"}),
        ("Null: {on: 1}\n12: x\ntrue: y", {"Null": {"on": 1}, "12": "x", "true": "y"}),
        ("- [a, {b: c}]\n-   - d\n- {}\n- []", [["a", {"b": "c"}], ["d"], {}, []]),
        ("a: |\n  x\n   y\nb: >-\n  x\n  y\nc: 'it''s'\nd: \"\\u0041\\t\"", {"a": "x\n y\n", "b": "x y", "c": "it's", "d": "A\t"}),
        ("a: &x [1]\nb: *x\nc: &y k\nd: *y", {"a": [1], "b": [1], "c": "k", "d": "k"}),
        ("%YAML 1.2\n---\na: 1\n...", {"a": 1}),
        ('{"a": [1, true, null, "x\\n"]}', {"a": [1, True, None, "x\n"]}),
        ("? a\n: b\n? c", {"a": "b", "c": None}),
    ],
)  # fmt: skip
def test_values(text: str, value: object) -> None:
    assert data(text) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 0x1F", ("ambiguous-scalar", 1, 4)),
        ("a: +1", ("ambiguous-scalar", 1, 4)),
        ("a: .5", ("ambiguous-scalar", 1, 4)),
        ("a: 1.", ("ambiguous-scalar", 1, 4)),
        ("a: -.inf", ("ambiguous-scalar", 1, 4)),
        ("a: 1e400", ("number-out-of-range", 1, 4)),
        ("a: " + "1" * 65, ("number-too-long", 1, 4)),
        ("a: !!str 1", ("yaml-tag", 1, 4)),
        ("!!map {a: 1}", ("yaml-tag", 1, 1)),
        ("? [a]\n: b", ("yaml-key", 1, 3)),
        ("a: &x b\n*x : c", ("yaml-key", 2, 1)),
        (": a", ("yaml-key", 1, 1)),
        ("a: 1\n---\nb: 2", ("yaml-documents", 2, 1)),
        ("a: [1", ("yaml-syntax", 1, 6)),
        ("a: b: c", ("yaml-syntax", 1, 5)),
        ("a: \x01", ("yaml-syntax", 1, 4)),
        ("a: '", ("yaml-syntax", 1, 5)),
        ('a: "\\ud800"', ("lone-surrogate", 1, 4)),
        ("", ("empty", 1, 1)),
        ("# nothing", ("empty", 1, 1)),
        (b"a: \xff", ("not-utf-8", 1, 4)),
        ("[" * 200, ("too-deep", 1, 65)),
    ],
)
def test_refusals(text: str | bytes, expected: tuple[str, int, int]) -> None:
    assert refusal(text) == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"row {case['row']}: {case['name']}")
def test_malformed_yaml(case: dict[str, Any]) -> None:
    """Every text of fixtures/malformed/yaml.json is refused where it says, and the accepted ones mean what it says."""
    if case["error"] is None:
        assert data(case["text"]) == case["value"]
        return
    assert case["error"] == "syntax"
    try:
        found = parse_yaml(case["text"].encode(), "x.yaml").diagnostics
    except PolicySyntaxError as error:
        found = (error.diagnostic,)
    assert [(d.code, d.severity) for d in found] == [(case["diagnostic"], "error")]
    assert found[0].span is not None
    assert (found[0].span.begin.line, found[0].span.begin.column) == (case["line"], case["column"])


def test_duplicate_keys_are_reported_whatever_their_style() -> None:
    document = parse_yaml(b"a: 1\nb: {x: 1, 'x': 2}\n\"a\": 3\n", "x.yaml")
    assert [(d.code, str(d.span)) for d in document.diagnostics] == [
        ("duplicate-key", "x.yaml:2:11"),
        ("duplicate-key", "x.yaml:3:1"),
    ]


def test_aliases_may_not_nest_without_end() -> None:
    lines = ["a0: &a0 [[[1]]]"] + [f"a{i}: &a{i} [[[*a{i - 1}]]]" for i in range(1, 60)]
    assert refusal("\n".join(lines))[0] == "too-deep"


def test_a_hundred_aliases_are_read() -> None:
    text = "a: &x 1\n" + "".join(f"k{i}: *x\n" for i in range(100))
    assert len(dict(data(text))) == 101  # type: ignore[call-overload] # a mapping


def test_a_byte_order_mark_is_a_warning() -> None:
    document = parse_yaml(b"\xef\xbb\xbfa: 1", "x.yaml")
    assert [d.code for d in document.diagnostics] == ["byte-order-mark"]


def test_a_large_text_is_refused() -> None:
    assert refusal(b"#" * (4 * 1024 * 1024 + 1))[0] == "too-large"


def test_yaml_agrees_with_json_on_json() -> None:
    value = {"a": [1, -2.5, "x", "", None, True, {"b": []}], "ü😀": '\\"\u2028é\n\t', "": {}}
    for indent in (None, 2):
        assert data(json.dumps(value, indent=indent)) == value
