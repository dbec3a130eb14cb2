"""The reference evaluator agrees with every scenario file: outcome, and determining rows where the case names them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.reference.completions import completions
from tests.reference.evaluate import evaluate
from tests.reference.validity import Invalid

SCENARIOS = Path(__file__).parents[2] / "fixtures" / "scenarios"
LAYERS = {
    "key": "key", "boundary": "permissions_boundary", "session": "session", "endpoint": "vpc_endpoint",
    "identity": "identity", "scp": "scps", "rcp": "rcps",
}  # fmt: skip


def _cases() -> list[Any]:
    found = []
    for path in sorted(SCENARIOS.rglob("*.json")):
        text = json.loads(path.read_text())
        found += [
            pytest.param(case, id=f"{path.stem}: {case['name']}", marks=_marks(text, case))
            for case in text["cases"]
        ]
    return found


def _marks(text: dict[str, Any], case: dict[str, Any]) -> list[pytest.MarkDecorator]:
    if "bundle" in text:
        return [
            pytest.mark.skip(reason="the case's policies are in a bundle, which the reference does not read")
        ]
    if case["request"].get("unknown"):
        return [
            pytest.mark.skip(reason="the reference decides two-valued; unknown context has its own proof")
        ]
    return []


def _by_index(case: dict[str, Any], label: str) -> str:
    """A label with a Sid, as one with the statement's index."""
    where, _, sid = label.partition(":")
    if where == "grant" or sid.isdecimal():
        return label
    layer, *indexes = where.replace("]", "").split("[")
    document = case["policies"][LAYERS[layer]]
    for index in indexes or (["0"] if layer == "identity" else []):
        document = document[int(index)]
    document = json.loads(document) if isinstance(document, str) else document
    return f"{where}:{[one.get('Sid') for one in document['Statement']].index(sid)}"


@pytest.mark.parametrize("case", _cases())
def test_the_reference_agrees_with_the_scenario(case: dict[str, Any]) -> None:
    expected = case["expect"]
    if expected["outcome"] == "invalid":
        with pytest.raises(Invalid):
            evaluate(case)
        return
    result = evaluate(case)
    assert result.outcome == expected["outcome"]
    if "determining" in expected and len(completions(case)) == 1:
        assert result.determining == {_by_index(case, label) for label in expected["determining"]}
