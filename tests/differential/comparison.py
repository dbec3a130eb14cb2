"""One case put to both: what the engine answers by its whole path, what the reference answers, and whether they agree."""

from dataclasses import dataclass
from typing import Any

from policy_engine import PolicyEngine
from policy_engine.bundle.scenario import run_case
from policy_engine.bundle.scenario_form import OptionsForm
from tests.differential.executed import require_one_answer
from tests.differential.shrinking import shrink
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


def agree(case: Case) -> bool:
    """Do both give the same outcome by the same rows?"""
    return engine_answer(case) == reference_answer(case)


def smallest(case: Case) -> Case:
    """The smallest case of the same disagreement: both still answer as they did."""
    answers = engine_answer(case).outcome, reference_answer(case).outcome

    def same(one: Case) -> bool:
        engine, reference = engine_answer(one), reference_answer(one)
        return engine != reference and (engine.outcome, reference.outcome) == answers

    return shrink(case, same)
