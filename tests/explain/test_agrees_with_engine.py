"""An explanation and the engine never disagree: on every scenario, whatever it is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from policy_engine import PolicyEngine
from policy_engine.bundle.scenario import load_scenarios, run_case
from policy_engine.explain import explain
from policy_engine.explain.document import document
from policy_engine.explain.schema import SCHEMAS
from policy_engine.explain.text import oneline, render
from policy_engine.model.decision import Outcome
from policy_engine.model.policy import Effect

if TYPE_CHECKING:
    from policy_engine.bundle.scenario import CaseResult
    from policy_engine.explain import Explanation

SCENARIOS = Path(__file__).parents[2] / "fixtures" / "scenarios"
SCHEMA = SCHEMAS["check"]()
_WORDS = {Outcome.ALLOWED: "ALLOWED", Outcome.UNDETERMINED: "UNDETERMINED"}


@pytest.fixture(scope="module")
def explained() -> list[tuple[str, CaseResult, Explanation]]:
    """Every scenario that comes to a decision, with its explanation."""
    found = []
    for case in load_scenarios(SCENARIOS):
        result = run_case(case)
        if result.decision is None or result.bundle is None or case.form is None:
            continue
        engine = PolicyEngine(result.bundle, options=case.form.options.options())
        found.append(
            (str(case.name), result, explain(engine, result.decision.request, unknown=result.unknown))
        )
    assert len(found) > 50
    return found


def test_the_outcome_and_what_decides_are_the_engines(
    explained: list[tuple[str, CaseResult, Explanation]],
) -> None:
    for name, result, explanation in explained:
        assert explanation.decision.outcome == result.outcome, name
        assert tuple(row.origin.label for row in explanation.why) == result.determining, name


def test_every_row_that_decides_meets_all_its_checks(
    explained: list[tuple[str, CaseResult, Explanation]],
) -> None:
    for name, _, explanation in explained:
        assert all(not row.unmet for row in explanation.why), name


def test_no_check_is_missed_exactly_where_only_a_deny_stands_in_the_way(
    explained: list[tuple[str, CaseResult, Explanation]],
) -> None:
    """The count over the engine's formula is nothing if and only if the engine would allow without denies."""
    seen = set()
    for name, _, explanation in explained:
        outcome = explanation.decision.outcome
        if outcome is Outcome.IMPLICIT_DENY:
            assert not explanation.allowed_but_for_denies, name
            assert all(miss.distance >= 1 for miss in explanation.misses), name
        if outcome is Outcome.EXPLICIT_DENY:
            assert all(miss.row.effect is Effect.DENY for miss in explanation.misses), name
            seen.add(explanation.allowed_but_for_denies)
    assert seen == {True, False}


def test_misses_are_sorted_and_each_has_something_unmet_or_is_a_deny(
    explained: list[tuple[str, CaseResult, Explanation]],
) -> None:
    for name, _, explanation in explained:
        distances = [miss.distance for miss in explanation.misses]
        assert distances == sorted(distances), name
        assert all(miss.row.unmet or miss.row.effect is Effect.DENY for miss in explanation.misses), name


def test_the_document_fits_its_schema(explained: list[tuple[str, CaseResult, Explanation]]) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for name, _, explanation in explained:
        assert not list(validator.iter_errors(document(explanation))), name


def test_every_explanation_can_be_shown(explained: list[tuple[str, CaseResult, Explanation]]) -> None:
    for name, _, explanation in explained:
        lines = render(explanation).splitlines()
        word = _WORDS.get(explanation.decision.outcome, "DENIED")
        assert lines[0].startswith(word), name
        assert oneline(explanation).startswith(word), name
        assert all(line == line.rstrip() for line in lines), name


def test_only_an_undetermined_answer_names_what_it_depends_on(
    explained: list[tuple[str, CaseResult, Explanation]],
) -> None:
    for name, _, explanation in explained:
        undetermined = explanation.decision.outcome is Outcome.UNDETERMINED
        assert bool(explanation.not_known) == undetermined, name
        assert bool(explanation.decision.expression) == undetermined, name
        assert not explanation.misses or not undetermined, name
