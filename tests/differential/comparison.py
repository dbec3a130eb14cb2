"""One case put to both: what the engine answers by its whole path, what the reference answers, and whether they agree."""

import json
from dataclasses import dataclass
from typing import Any

from policy_engine import PolicyEngine
from policy_engine.bundle.scenario import run_case
from policy_engine.bundle.scenario_form import OptionsForm
from tests.differential.executed import require_one_answer
from tests.differential.shrinking import shrink
from tests.reference.completions import completions
from tests.reference.evaluate import evaluate
from tests.reference.validity import Invalid

Case = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """An outcome, or `invalid`, and the labels of what decided."""

    outcome: str
    determining: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.outcome} by [{', '.join(sorted(self.determining))}]"


def reference_answer(case: Case) -> Answer:
    """By tests/reference."""
    try:
        result = evaluate(case)
    except Invalid:
        return Answer("invalid")
    return Answer(result.outcome, result.determining)


def engine_answer(case: Case) -> Answer:
    """By policy text, reading, lowering, residuals and combination, as a scenario file is run."""
    result = run_case({**case, "name": "a random case", "expect": {"outcome": "allowed"}})
    if result.decision is not None:
        options = OptionsForm.model_validate(case.get("options", {})).options()
        require_one_answer(PolicyEngine(result.bundle, options=options), result.decision.request)
    return Answer(result.outcome, frozenset(result.determining))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both answers, and whether they agree."""

    engine: Answer
    reference: Answer
    agree: bool


LESS_CERTAIN = {
    "allowed": ("undetermined",),
    "implicitDeny": ("undetermined",),
    "explicitDeny": ("implicitDeny", "undetermined"),
}
"""What may be answered where less is known."""


def compare(case: Case) -> Comparison:
    """Do both give the same outcome by the same rows?

    Where the session's role is not known (rule 87), the engine takes its ARN for any text at all, and may know less than the
    reference, which tries the roles of that name. It never knows something else.
    """
    engine, reference = engine_answer(case), reference_answer(case)
    if _hangs_on_unknown_role(case):
        less = LESS_CERTAIN.get(reference.outcome, ())
        return Comparison(engine, reference, engine.outcome in (reference.outcome, *less))
    return Comparison(engine, reference, engine == reference)


def agree(case: Case) -> bool:
    """Does the engine answer a case as the reference does?"""
    return compare(case).agree


def _hangs_on_unknown_role(case: Case) -> bool:
    return len(completions(case)) > 1 and "aws:principalarn" in json.dumps(case["policies"]).lower()


def smallest(case: Case) -> Case:
    """The smallest case of the same disagreement: both still answer as they did."""
    first = compare(case)

    def same(one: Case) -> bool:
        found = compare(one)
        alike = found.engine.outcome, found.reference.outcome
        return not found.agree and alike == (first.engine.outcome, first.reference.outcome)

    return shrink(case, same)
