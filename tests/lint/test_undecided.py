"""A search that gives up is said, and never taken for an answer."""

from __future__ import annotations

from functools import partial

import pytest

from policy_engine.analysis import exposure, inert_allows, lockout
from policy_engine.analysis.witness import find_witness
from tests.lint.cases import FIXTURES, report_on


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in (exposure, inert_allows, lockout):
        monkeypatch.setattr(room, "find_witness", partial(find_witness, max_steps=1))


@pytest.mark.parametrize(
    ("path", "severity"),
    [
        ("K501/good-multi-factor.json", "warning"),
        ("K501/bad-contradiction.json", "warning"),
        ("P301/good-organization.json", "security"),
        ("P301/bad-deny-that-misses.json", "security"),
    ],
)
def test_what_could_not_be_decided_is_said_and_is_no_proof(path: str, severity: str) -> None:
    (finding,) = report_on(FIXTURES / path, path[:4]).findings
    assert "could not be decided" in finding.message
    assert finding.severity.value == severity
    assert finding.witness is None


def test_an_allow_is_not_called_inert_without_proof() -> None:
    assert report_on(FIXTURES / "X901" / "bad-condition.json", "X901").findings == ()
