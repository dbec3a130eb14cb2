"""The decision graph and the reference evaluator agree: same outcome, same determining rows, on random cases.

A disagreement is a fault of one of the two; docs/semantics.md decides of which. `run_case` is the engine's whole path: policy
text, reading, lowering, residuals, combination. More cases by seed: `DIFFERENTIAL_CASES=20000 pytest tests/differential`.
"""

import os
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from policy_engine.bundle.scenario import run_case
from tests.differential.strategies import cases, random_case
from tests.reference.evaluate import evaluate
from tests.reference.validity import Invalid

SEEDED = int(os.environ.get("DIFFERENTIAL_CASES", "250"))
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
APP = {"kind": "role", "arn": "arn:aws:iam::111122223333:role/app"}


def _reference(case: dict[str, Any]) -> tuple[str, frozenset[str]]:
    try:
        result = evaluate(case)
    except Invalid:
        return "invalid", frozenset()
    return result.outcome, result.determining


def _engine(case: dict[str, Any]) -> tuple[str, frozenset[str]]:
    result = run_case({**case, "name": "a random case", "expect": {"outcome": "allowed"}})
    return result.outcome, frozenset(result.determining)


@settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_graph_agrees_with_reference(case: dict[str, Any]) -> None:
    assert _engine(case) == _reference(case)


def test_graph_agrees_with_reference_by_seed() -> None:
    """Independent of what Hypothesis draws, so that a seed that disagreed can be named and asked again."""
    disagreed = [
        seed
        for seed in range(SEEDED)
        if _engine(case := random_case(random.Random(seed))) != _reference(case)
    ]
    assert not disagreed


@pytest.mark.parametrize("supported", ["skeleton", "all"])
def test_every_outcome_comes_up_often(supported: str) -> None:
    """Agreement on denials alone would say little."""
    size = 1500
    seen = Counter(
        evaluate(case, supported).outcome
        for seed in range(size)
        if (case := random_case(random.Random(seed), supported)) and _valid(case, supported)
    )
    assert set(seen) == {"allowed", "implicitDeny", "explicitDeny"}
    assert min(seen.values()) >= size / 10


def _valid(case: dict[str, Any], supported: str) -> bool:
    try:
        evaluate(case, supported)
    except Invalid:
        return False
    return True


def test_every_path_comes_up() -> None:
    """Allowed by a key policy alone, by delegation and identity, by a grant, by identity alone."""
    seen = Counter(
        tuple(sorted(label.partition(":")[0].partition("[")[0] for label in _reference(case)[1]))
        for seed in range(1500)
        if _reference(case := random_case(random.Random(seed)))[0] == "allowed"
    )
    assert {("key",), ("identity", "key"), ("grant",), ("identity",)} <= set(seen)
    assert min(seen[path] for path in [("key",), ("identity", "key"), ("grant",), ("identity",)]) >= 20


def test_the_generator_is_reproducible() -> None:
    assert random_case(random.Random(7)) == random_case(random.Random(7))
