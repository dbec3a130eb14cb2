"""Whatever a file holds, lint says what is wrong with it and where, and never fails itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.lint.documents import UnrecognisedError, read_document
from policy_engine.lint.linter import Report, lint
from policy_engine.lint.outputs import FORMATS
from policy_engine.lint.outputs.look import PLAIN
from policy_engine.lint.registry import RULES
from policy_engine.model.policy import PolicyKind
from tests.lint.cases import ROOT

CASES = json.loads((ROOT / "fixtures" / "malformed" / "index.json").read_text(encoding="utf-8"))["cases"]
WRITTEN = [case for case in CASES if "generate" not in case]


def linted(content: bytes, kind: PolicyKind | None) -> Report:
    return lint([read_document(content, "policy.json", kind)], RULES)


def content_of(case: dict[str, Any]) -> bytes:
    if "hex" in case:
        return bytes.fromhex(case["hex"])
    return str(case["text"]).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("case", WRITTEN, ids=lambda case: f"row {case['row']}: {case['name']}")
def test_a_malformed_text_is_an_error_at_its_place_and_its_neighbour_is_none(case: dict[str, Any]) -> None:
    report = linted(content_of(case), PolicyKind(case.get("kind", "key")))
    errors = [f for f in report.findings if f.severity == "error" and f.rule.codes and not f.rule.check]
    if case["error"] is None:
        # a statement without effect is an error of lint alone: loading takes it as AWS does
        assert {f.rule.id for f in errors} <= {"S004", "S001"}
        return
    assert errors
    if "line" in case and "hex" not in case:
        assert (case["line"], case["column"]) in {(f.span.begin.line, f.span.begin.column) for f in errors}


@pytest.mark.parametrize(
    "content",
    [
        b'{"Version": "2012-10-17", "Statement": []}' + b" " * 2**20,
        b'{"Version": "2012-10-17", "Statement": ' + b"[" * 40 + b"]" * 40 + b"}",
        b"[" * 100_000,
        b'{"Policy": "' + b"[" * 40 + b"]" * 40 + b'"}',
        b'{"Policy": {"Version": "2012-10-17", "Id": "' + b"x" * 2**20 + b'", "Statement": []}}',
    ],
    ids=["padded", "deep", "very deep", "deep in a string", "large in a dump"],
)
def test_a_policy_beyond_the_limits_is_a_finding(content: bytes) -> None:
    assert "S001" in {finding.rule.id for finding in linted(content, None).findings}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**13) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
_NAMES = (
    "Version",
    "Id",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "Condition",
)
_TEXTS = st.sampled_from(
    (
        "*",
        "Allow",
        "Deny",
        "kms:*",
        "kms:Decrypt",
        "2012-10-17",
        "arn:aws:iam::111122223333:root",
        "${x}",
        "a*?",
    )
)
_VALUES = (
    _JSON
    | _TEXTS
    | st.lists(_TEXTS, max_size=3)
    | st.dictionaries(
        st.sampled_from(("AWS", "Service", "StringLike", "Null")),
        _TEXTS | st.dictionaries(_TEXTS, _TEXTS, max_size=2),
        max_size=2,
    )
)
_STATEMENTS = st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=7)
_POLICIES = st.builds(
    lambda rest, s: {**rest, "Statement": s},
    st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=2),
    _JSON | st.lists(_STATEMENTS, max_size=3),
)
_FORMS = st.sampled_from(
    (
        "Policy",
        "PolicyDocument",
        "PolicyVersion",
        "Grants",
        "keys",
        "Policies",
        "RoleDetailList",
        "KeyMetadata",
    )
)


@settings(max_examples=200, deadline=None)
@given(
    _POLICIES | st.dictionaries(_FORMS, _POLICIES | _JSON | st.lists(_JSON, max_size=2), max_size=3),
    st.sampled_from([None, *PolicyKind]),
)
def test_any_json_is_linted_or_not_recognised(data: Any, kind: PolicyKind | None) -> None:  # noqa: ANN401 - any JSON
    try:
        report = linted(json.dumps(data).encode(), kind)
    except UnrecognisedError:
        assert kind is None
        return
    for write in FORMATS.values():
        write(report, PLAIN)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_linted_or_not_recognised(content: bytes) -> None:
    try:
        report = linted(content, None)
    except UnrecognisedError:
        json.loads(content.decode("utf-8-sig"))
        return
    assert report.findings
