"""The decision graph and the reference evaluator agree: same outcome, same determining rows, on random cases.

A disagreement is a fault of one of the two; docs/semantics.md decides of which. Many more cases by seed, each disagreement
printed as small as it can be: `python -m tests.differential.run --cases 200000 --seed 1`.
"""

import random
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, assume, given, note, settings

from tests.differential.comparison import compare, reference_answer, smallest
from tests.differential.open_points import is_open
from tests.differential.shrinking import shrink
from tests.differential.strategies import cases, random_case

PATHS = [("key",), ("identity", "key"), ("grant",), ("identity",)]


@settings(max_examples=5000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_graph_agrees_with_reference(case: dict[str, Any]) -> None:
    assume(not is_open(case))
    found = compare(case)
    if not found.agree:
        note(f"smallest: {smallest(case)}")
    assert found.agree, found


def test_every_outcome_and_path_comes_up_often() -> None:
    """Agreement on denials alone would say little; nor would allowed always by the same kind of policy."""
    size = 1500
    answers = [reference_answer(random_case(random.Random(seed))) for seed in range(size)]
    outcomes = Counter(answer.outcome for answer in answers)
    assert set(outcomes) == {"allowed", "implicitDeny", "explicitDeny", "undetermined", "invalid"}
    assert min(outcomes[outcome] for outcome in ("allowed", "implicitDeny", "explicitDeny")) >= size / 10
    paths = Counter(
        tuple(sorted(label.partition(":")[0].partition("[")[0] for label in answer.determining))
        for answer in answers
        if answer.outcome == "allowed"
    )
    assert min(paths[path] for path in PATHS) >= 20


def test_few_cases_are_left_out() -> None:
    """What is known to disagree must not hide what is not known."""
    size = 1500
    left_out = sum(is_open(random_case(random.Random(seed))) for seed in range(size))
    assert left_out <= size / 10


def test_the_generator_is_reproducible() -> None:
    assert random_case(random.Random(7)) == random_case(random.Random(7))


def test_a_disagreement_is_shrunk_to_what_it_needs() -> None:
    """With a made-up disagreement: whatever the case, its action is all that it takes."""
    case = random_case(random.Random(7))
    assert shrink(case, lambda one: "action" in one["request"]) == {
        "request": {"action": case["request"]["action"]}
    }
