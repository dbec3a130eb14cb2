"""Every malformed text of fixtures/malformed is refused where its index says, and the accepted ones are read."""

from __future__ import annotations

import contextlib
import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from policy_engine.errors import PolicyEngineError, PolicySchemaError, PolicySyntaxError
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import collect_policy, read_policy
from policy_engine.syntax.json_document import parse_json

INDEX = json.loads((Path(__file__).parents[2] / "fixtures/malformed/index.json").read_text(encoding="utf-8"))
ERRORS = {"syntax": PolicySyntaxError, "schema": PolicySchemaError}
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
)


def generated(spec: dict[str, Any]) -> str:
    """The text of an entry that is too large to stand in the index."""
    match spec["kind"]:
        case "nest":
            return str(spec["opening"] * spec["depth"] + spec["closing"] * spec["depth"])
        case "repeat":
            pieces = spec["between"].join([spec["piece"]] * spec["count"])
            return str(spec["before"] + pieces + spec["after"])
        case "pad":
            return POLICY.ljust(spec["bytes"])
    raise AssertionError(spec)


def text_of(case: dict[str, Any]) -> str | bytes:
    if "hex" in case:
        return bytes.fromhex(case["hex"])
    return str(case["text"]) if "text" in case else generated(case["generate"])


@pytest.mark.parametrize("case", INDEX["cases"], ids=lambda case: f"row {case['row']}: {case['name']}")
def test_malformed_text(case: dict[str, Any]) -> None:
    kind = PolicyKind(case.get("kind", "key"))
    if case["error"] is None:
        read = read_policy(text_of(case), kind=kind)
        if "diagnostic" in case:
            assert case["diagnostic"] in {diagnostic.code for diagnostic in read.diagnostics}
        return
    with pytest.raises(PolicyEngineError) as caught:
        read_policy(text_of(case), kind=kind, file="policy.json")
    error = caught.value
    assert isinstance(error, ERRORS[case["error"]])
    assert error.diagnostic.code == case["diagnostic"]
    assert error.span is not None
    assert error.help
    assert (error.span.begin.line, error.span.begin.column) == (case["line"], case["column"])


def answered(text: str | bytes, kind: PolicyKind) -> float:
    """Seconds until there is an answer."""
    begin = time.perf_counter()
    with contextlib.suppress(PolicyEngineError):
        read_policy(text, kind=kind)
    return time.perf_counter() - begin


@pytest.mark.parametrize(
    "case", [c for c in INDEX["cases"] if "generate" in c], ids=lambda case: case["name"]
)
def test_a_large_text_is_answered_soon_and_in_little_memory(case: dict[str, Any]) -> None:
    """A reader that is worse than linear takes seconds; the bounds leave room for a busy machine."""
    text, kind = text_of(case), PolicyKind(case.get("kind", "key"))
    assert min(answered(text, kind) for _ in range(3)) < 1
    tracemalloc.start()
    try:
        answered(text, kind)
        assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("case", INDEX["cases"], ids=lambda case: f"row {case['row']}: {case['name']}")
def test_lint_sees_what_loading_refuses(case: dict[str, Any]) -> None:
    """The collecting reader finds an error exactly where the strict one raises."""
    kind = PolicyKind(case.get("kind", "key"))
    try:
        document = parse_json(text_of(case), "policy.json", collect=True)
    except PolicySyntaxError:
        assert case["error"] == "syntax"
        return
    _, diagnostics = collect_policy(document, kind, "default")
    assert any(d.severity == "error" for d in diagnostics) == (case["error"] is not None)
