"""A scenario and its mirror agree: its world, written as bundle files and loaded, decides alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from policy_engine import PolicyEngine, load_bundle
from policy_engine.bundle.request_form import read_request
from policy_engine.bundle.scenario import Case, load_scenarios, run_case
from policy_engine.calls.principals import parse_principal
from tests.scenarios.mirror import NoMirrorError, write_mirror
from tests.scenarios.test_scenarios import ROOT, name_of

if TYPE_CHECKING:
    from pathlib import Path

    from policy_engine.bundle.scenario_form import CaseForm

CASES = [case for case in load_scenarios(ROOT) if case.form is not None and case.form.policies is not None]
# what cannot be read has no answer to compare; that bundles refuse it too has tests of its own
DECIDED = [case for case in CASES if run_case(case).decision is not None]


def decide_by_mirror(form: CaseForm, folder: Path) -> tuple[str, tuple[str, ...], str | None]:
    """Outcome, what decides, and what an undetermined answer depends on."""
    asked = read_request(form.request)
    principal = asked.request.principal
    caller = parse_principal(principal) if isinstance(principal, str) else principal
    request = replace(asked.request, principal=caller)
    write_mirror(form, request, folder)
    engine = PolicyEngine(load_bundle(folder), options=form.options.options())
    decision = engine.authorize(request, unknown=asked.unknown)
    return decision.outcome.value, tuple(o.label for o in decision.determining), decision.expression


@pytest.mark.parametrize("case", DECIDED, ids=name_of)
def test_the_mirror_agrees(case: Case, tmp_path: Path) -> None:
    assert case.form is not None
    result = run_case(case)
    assert result.decision is not None
    try:
        mirrored = decide_by_mirror(case.form, tmp_path)
    except NoMirrorError as error:
        pytest.skip(f"bundles cannot say it: {error}")
    assert mirrored == (result.outcome, result.determining, result.decision.expression)


def test_most_worlds_have_a_mirror(tmp_path: Path) -> None:
    """What has none is named, and is little."""
    without: dict[str, list[str]] = {}
    for case in DECIDED:
        assert case.form is not None
        try:
            decide_by_mirror(case.form, tmp_path)
        except NoMirrorError as error:
            without.setdefault(str(error), []).append(name_of(case))
    assert len(DECIDED) > 300
    assert sum(map(len, without.values())) * 8 < len(DECIDED), {k: len(v) for k, v in without.items()}
