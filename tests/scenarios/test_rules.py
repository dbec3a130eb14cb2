"""docs/semantics.md states every rule, with the scenarios that name it, and every option with its default."""

from __future__ import annotations

import re
from dataclasses import Field, fields
from typing import Any

import pytest

from policy_engine import Options
from policy_engine.bundle.scenario import load_scenarios
from scripts.link_scenarios import PAGE, ROOT, SCENARIOS, files_by_rule, linked, rules_named

RULES = range(1, 109)
TEXT = PAGE.read_text(encoding="utf-8")
FILES = files_by_rule()
CERTAINTIES = ("stated by AWS", "inferred", "sources conflict", "not said by AWS")
LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")


def sections() -> list[tuple[int, str]]:
    """The rules of the page with their text, in order."""
    parts = re.split(r"^(#{2,3} .*)$", TEXT, flags=re.MULTILINE)
    return [
        (int(heading.removeprefix("### Rule ")), body)
        for heading, body in zip(parts[1::2], parts[2::2], strict=True)
        if heading.startswith("### Rule ")
    ]


SECTIONS = dict(sections())


def item(rule: int, name: str) -> str:
    """What a rule says under a name: its source, certainty, scenarios or tests."""
    found = re.findall(rf"^\* {name}: (.+(?:\n  .+)*)$", SECTIONS[rule], re.MULTILINE)
    assert len(found) == 1, (rule, name)
    return str(found[0])


def test_every_rule_has_one_heading_and_they_are_in_order() -> None:
    assert [rule for rule, _ in sections()] == list(RULES)


def test_every_rule_is_named_by_a_scenario_and_no_scenario_names_another() -> None:
    assert set(FILES) == set(RULES)


@pytest.mark.parametrize(
    ("source", "rules"),
    [
        ("IAM User Guide, Effect; semantics rule 7", {7}),
        ("IAM User Guide, Effect; semantics rules 7 and 12", {7, 12}),
        ("IAM User Guide, Effect; semantics rules 7, 9 and 102", {7, 9, 102}),
        ("RFC 8259, section 7", set()),
    ],
)
def test_how_a_source_names_rules(source: str, rules: set[int]) -> None:
    assert rules_named(source) == rules


def test_what_a_source_says_of_rules_is_understood() -> None:
    for case in load_scenarios(SCENARIOS):
        assert case.form is not None
        source = case.form.source or ""
        assert bool(rules_named(source)) == ("rule" in source), (case.name, source)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_links_exactly_the_files_that_name_it(rule: int) -> None:
    """Where this fails: python -m scripts.link_scenarios."""
    links = LINK.findall(item(rule, "Scenarios"))
    assert [target for _, target in links] == [f"../fixtures/scenarios/{name}" for name in FILES[rule]]
    assert [text for text, _ in links] == [name.removesuffix(".json") for name in FILES[rule]]


def test_the_script_leaves_the_page_as_it_is() -> None:
    assert linked(TEXT, FILES) == TEXT


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_words_a_source_and_a_certainty(rule: int) -> None:
    assert SECTIONS[rule].strip()[0] not in "*#"
    pages = re.findall(r"\]\[([^]]+)\]", item(rule, "Source"))
    assert pages
    for page in pages:
        assert re.search(
            rf"^\[{re.escape(page)}\]: https://docs\.aws\.amazon\.com/\S+$", TEXT, re.MULTILINE
        ), page
    assert item(rule, "Certainty").startswith(CERTAINTIES)


def test_the_tests_that_rules_link_exist() -> None:
    links = [
        link for rule in RULES if "* Tests:" in SECTIONS[rule] for link in LINK.findall(item(rule, "Tests"))
    ]
    assert links
    for name, target in links:
        assert f"\ndef {name}(" in (PAGE.parent / target).read_text(encoding="utf-8"), name


@pytest.mark.parametrize("field", fields(Options), ids=lambda field: field.name)
def test_every_option_is_in_the_table_with_its_default(field: Field[Any]) -> None:
    rows = [line.split(" | ") for line in TEXT.splitlines() if line.startswith(f"| `{field.name}` |")]
    assert len(rows) == 1
    default, says, why = rows[0][1:4]
    assert default == f"`{field.default}`"
    assert says
    assert why


def test_every_link_inside_the_repository_leads_somewhere() -> None:
    for _, target in LINK.findall(TEXT):
        path, _, anchor = target.partition("#")
        assert (PAGE.parent / path).exists(), target
        if anchor and not path:
            assert re.search(rf"^#+ {anchor.replace('-', ' ')}$", TEXT, re.MULTILINE | re.IGNORECASE), target


def test_whoever_looks_for_the_rules_finds_them() -> None:
    assert "docs/semantics.md" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "(semantics.md)" in (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert "(../docs/semantics.md)" in (ROOT / "fixtures/README.md").read_text(encoding="utf-8")
