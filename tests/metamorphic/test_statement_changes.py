"""What must stay as it is when policies are changed without changing what they say, and what may change in one way only.

These need no second evaluator: the engine is compared with itself, on the random cases of tests/differential. Outcomes are
compared, since which statement decides may well change.
"""

import random
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from tests.differential.comparison import engine_answer
from tests.differential.dice import Dice
from tests.differential.random_conditions import condition
from tests.differential.strategies import random_case
from tests.metamorphic import statement_changes as changes

CASES = 300
FEWER = 60  # where a change must have an effect somewhere, which needs no more
FIRST_SEED = 7_000_000
Pair = tuple[int, str, str]

UNCHANGING: dict[str, changes.Change] = {
    "another order": changes.shuffled,
    "duplicates": changes.duplicated,
    "split by action": changes.split(changes.by_element("Action")),
    "split by resource": changes.split(changes.by_element("Resource")),
    "split by principal": changes.split(changes.by_principal),
    "split by condition value": changes.split(changes.by_value),
}


def _valid(outcome: str) -> bool:
    return outcome != "invalid"


def _pairs(
    change: changes.Change, wanted: Callable[[str], bool] = _valid, size: int = CASES
) -> Iterator[Pair]:
    """Outcomes before and after a change, of as many cases as have something to change and a wanted outcome."""
    found = 0
    for seed in count(FIRST_SEED):
        case = random_case(random.Random(seed))
        changed = change(case, random.Random(seed))
        if changed is None or not wanted(before := engine_answer(case).outcome):
            continue
        yield seed, before, engine_answer(changed).outcome
        found += 1
        if found == size:
            return


def _adding(effect: str) -> changes.Change:
    """A change that adds a statement, half of the time with a condition."""

    def change(case: dict[str, Any], rng: random.Random) -> dict[str, Any] | None:
        statement = changes.EVERYTHING | {"Effect": effect}
        if rng.random() < 0.5:
            statement["Condition"] = condition(Dice(rng))
        return changes.with_statement(case, rng, statement)

    return change


@pytest.mark.parametrize("change", UNCHANGING.values(), ids=UNCHANGING)
def test_the_outcome_stays(change: changes.Change) -> None:
    assert [pair for pair in _pairs(change) if pair[1] != pair[2]] == []


def _denied(outcome: str) -> bool:
    return outcome in ("implicitDeny", "explicitDeny")


def test_a_deny_more_never_allows() -> None:
    pairs = list(_pairs(_adding("Deny"), _denied))
    assert [pair for pair in pairs if not _denied(pair[2])] == []
    assert any(
        before != after for _, before, after in pairs
    )  # it does turn implicit denials into explicit ones


def test_a_deny_more_denies() -> None:
    """The other half: on what was allowed, such a Deny does something."""
    pairs = list(_pairs(_adding("Deny"), lambda outcome: outcome == "allowed", FEWER))
    assert {after for _, _, after in pairs} == {"allowed", "explicitDeny"}


def test_an_allow_more_never_denies() -> None:
    pairs = list(_pairs(_adding("Allow"), lambda outcome: outcome == "allowed"))
    assert [pair for pair in pairs if pair[2] != "allowed"] == []


def test_an_allow_more_leaves_explicit_denials_and_may_allow() -> None:
    pairs = list(_pairs(_adding("Allow"), _denied))
    assert [pair for pair in pairs if pair[1] == "explicitDeny" != pair[2]] == []
    assert any(after == "allowed" for _, _, after in pairs)


def test_a_grant_less_never_allows() -> None:
    pairs = list(_pairs(changes.without_a_grant, _denied))
    assert [pair for pair in pairs if pair[1] != pair[2]] == []


def test_a_grant_less_may_deny() -> None:
    """The other half: some of the cases are allowed by their grant alone."""
    pairs = list(_pairs(changes.without_a_grant, lambda outcome: outcome == "allowed", FEWER))
    assert {after for _, _, after in pairs} == {"allowed", "implicitDeny"}
