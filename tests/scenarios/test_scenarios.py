"""Every case of fixtures/scenarios gives what AWS gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy_engine.bundle.scenario import Case, check_case, load_scenarios

ROOT = Path(__file__).parents[2] / "fixtures/scenarios"
CASES = load_scenarios(ROOT)


def name_of(case: Case) -> str:
    return f"{Path(case.file).relative_to(ROOT)}: {case.name}"


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_scenario(case: Case) -> None:
    verdict = check_case(case)
    assert verdict.passed, verdict.error


def test_the_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert sorted({str(name) for name in names}) == sorted(str(name) for name in names)


def test_every_case_that_decides_says_by_what() -> None:
    for case in CASES:
        assert case.form is not None
        expect = case.form.expect
        if expect.outcome in {"allowed", "explicitDeny"}:
            assert expect.determining is not None, name_of(case)


def test_every_case_says_why_it_exists_and_where_its_answer_comes_from() -> None:
    for case in CASES:
        assert case.form is not None
        assert case.form.description, name_of(case)
        assert case.form.source, name_of(case)
