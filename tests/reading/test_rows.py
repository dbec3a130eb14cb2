"""The table of malformed input in fixtures/README.md: every row has its answers where it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")
ROWS = [
    (int(number), where)
    for number, _, where in ROW.findall((FIXTURES / "README.md").read_text(encoding="utf-8"))
]
ELSEWHERE = {45, 46, 85, 86, 87, 88}
"""About a server's requests and the core's store: no policy files, and nothing that a policy means."""


def test_every_row_is_in_the_table_once() -> None:
    assert [number for number, _ in ROWS] == list(range(1, 89))


@pytest.mark.parametrize("name", ["index.json", "yaml.json"])
def test_a_file_has_cases_for_exactly_the_rows_that_name_it(name: str) -> None:
    cases = json.loads((FIXTURES / "malformed" / name).read_text(encoding="utf-8"))["cases"]
    assert {case["row"] for case in cases} == {number for number, where in ROWS if name in where.split(", ")}


@pytest.mark.parametrize("name", ["index.json", "yaml.json"])
def test_the_cases_of_a_file_stand_by_rows_and_have_names_of_their_own(name: str) -> None:
    cases = json.loads((FIXTURES / "malformed" / name).read_text(encoding="utf-8"))["cases"]
    assert [case["row"] for case in cases] == sorted(case["row"] for case in cases)
    assert len({case["name"] for case in cases}) == len(cases)


def test_what_a_row_links_exists() -> None:
    for number, where in ROWS:
        for text, target in LINK.findall(where):
            path = FIXTURES / target
            assert path.is_file(), (number, target)
            assert f"\ndef {text}(" in path.read_text(encoding="utf-8") or target == f"scenarios/{text}", (
                number,
                text,
            )


def test_only_what_concerns_no_policy_is_left_out() -> None:
    assert {number for number, where in ROWS if where.startswith("not here: ")} == ELSEWHERE
    for number, where in ROWS:
        has_answers = "index.json" in where or "yaml.json" in where or bool(LINK.search(where))
        assert has_answers is (number not in ELSEWHERE), number
