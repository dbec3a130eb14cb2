"""A key policy's text to a tree with positions, beside a reader that keeps none and takes more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from policy_engine.syntax.json_document import parse_json
from policy_engine.syntax.json_tree import JsonArray, JsonObject, JsonString

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from policy_engine.syntax.json_tree import JsonNode

pytestmark = pytest.mark.benchmark(group="parse one key policy")


def test_json_loads(benchmark: BenchmarkFixture, text: str) -> None:
    benchmark(json.loads, text)


def test_parse_json(benchmark: BenchmarkFixture, text: str) -> None:
    document = benchmark(parse_json, text)
    assert _plain(document.root) == json.loads(text)


def _plain(node: JsonNode) -> object:
    """The value of a node; a key policy of the workload has objects, lists and strings alone."""
    if isinstance(node, JsonObject):
        return {member.name: _plain(member.value) for member in node.members}
    if isinstance(node, JsonArray):
        return [_plain(item) for item in node.items]
    assert isinstance(node, JsonString)
    return node.value
