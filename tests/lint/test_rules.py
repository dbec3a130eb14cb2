"""Every rule: its fixtures, its documentation, its place in the registry."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from policy_engine.lint import rules
from policy_engine.lint.documentation import as_markdown, documentation
from policy_engine.lint.registry import NOT_FINDINGS, RULES, UnknownRuleError, find_rule, select
from tests.lint.cases import BAD, FIXTURES, GOOD, ROOT, expected_of, named, rendered, report_on

if TYPE_CHECKING:
    from policy_engine.lint.rule import Rule

_IDS = [rule.id for rule in RULES]


@pytest.mark.parametrize("path", BAD, ids=named)
def test_a_bad_fixture_gives_exactly_the_expected_report(path: Path) -> None:
    assert rendered(path) == expected_of(path).read_text(encoding="utf-8")
    assert path.parent.name in {finding.rule.id for finding in report_on(path).findings}


@pytest.mark.parametrize("path", GOOD, ids=named)
def test_a_good_fixture_is_not_what_its_rule_is_about(path: Path) -> None:
    report = report_on(path, path.parent.name)
    assert report.findings == ()
    assert report.files > 0


def test_every_rule_has_a_bad_and_a_good_fixture_and_nothing_else_has() -> None:
    assert {path.parent.name for path in BAD} == set(_IDS)
    assert {path.parent.name for path in GOOD} == set(_IDS)
    assert {path.name for path in FIXTURES.iterdir()} == set(_IDS)


def test_expected_reports_belong_to_a_fixture() -> None:
    assert sorted(FIXTURES.glob("*/*.expected")) == [expected_of(path) for path in BAD]


@pytest.mark.parametrize("rule", RULES, ids=_IDS)
def test_the_bad_example_of_the_documentation_fires_and_the_good_one_does_not(
    rule: Rule, tmp_path: Path
) -> None:
    parts = documentation(rule)
    for name, text, fires in (("bad", parts.bad, True), ("good", parts.good, False)):
        path = tmp_path / f"{name}.json"
        path.write_text(text, encoding="utf-8")
        found = {finding.rule.id for finding in report_on(path).findings}
        assert (rule.id in found) is fires, (name, found)


@pytest.mark.parametrize("rule", RULES, ids=_IDS)
def test_the_page_of_a_rule_is_what_its_module_says(rule: Rule) -> None:
    page = ROOT / "docs" / "rules" / f"{rule.id}.md"
    assert page.read_text(encoding="utf-8") == as_markdown(rule), (
        "run: policy-lint rule --all --pages docs/rules"
    )


def test_no_page_is_left_of_a_rule_that_is_gone() -> None:
    assert {page.stem for page in (ROOT / "docs" / "rules").glob("*.md")} == set(_IDS)


def test_ids_and_names_are_unique_and_well_formed() -> None:
    assert len(set(_IDS)) == len(_IDS)
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert re.fullmatch(r"[A-Z][0-9]{3}", rule.id)
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
        assert rule.codes or rule.check or rule.check_bundle
        assert rule.summary[-1] != "."


def test_a_rule_stands_in_the_module_of_its_name_and_every_module_is_registered() -> None:
    modules = {path.stem for path in Path(rules.__file__).parent.glob("*.py")} - {"__init__"}
    assert modules == {rule.name.replace("-", "_") for rule in RULES}
    for rule in RULES:
        module = import_module(f"policy_engine.lint.rules.{rule.name.replace('-', '_')}")
        assert module.RULE is rule
        assert str(module.__doc__).startswith(f"{rule.id} {rule.name}: {rule.summary}.")


def test_the_registry_is_in_the_order_of_ids() -> None:
    assert sorted(_IDS) == _IDS


# -- the diagnostics of reading ------------------------------------------------------------------------------

_SPEAKERS = frozenset({"error", "mild", "warn", "Fault", "Diagnostic", "_fault", "_refuse", "_missing"})
_CODE = re.compile(r"[a-z]+(?:-[a-z0-9]+)*")
# what reads scenarios and requests is no part of lint
_NOT_READ = re.compile(r"scenario|request_form|schemas")


def _codes_of(path: Path) -> set[str]:
    """The codes that a module gives to diagnostics: the first text that looks like one in such a call."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            texts = [
                a.value for a in node.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)
            ]
            if name in _SPEAKERS and texts and _CODE.fullmatch(texts[0]):
                found.add(texts[0])
    return found


def test_every_diagnostic_of_reading_is_reported_by_exactly_one_rule() -> None:
    package = ROOT / "policy_engine"
    modules = [p for room in ("reading", "syntax", "bundle") for p in (package / room).glob("*.py")]
    said = set().union(*(_codes_of(p) for p in modules if not _NOT_READ.search(p.name)))
    reported = [code for rule in RULES for code in rule.codes]
    assert len(said) > 40
    assert len(reported) == len(set(reported))
    assert said - NOT_FINDINGS == set(reported)


# -- selection -----------------------------------------------------------------------------------------------


def test_rules_are_selected_by_id_name_and_family_in_any_case() -> None:
    assert [rule.id for rule in select(["k501", "Public-Key"])] == ["K501", "P301"]
    assert {rule.id[0] for rule in select(["K", "s0"])} == {"K", "S"}
    assert [rule.id for rule in select(["K"], ["K501"])] == ["K502"]
    assert "K501" not in {rule.id for rule in select(ignored=["key-policy-lockout"])}
    assert select() == RULES


def test_an_unknown_rule_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownRuleError) as caught:
        find_rule("K5O1")
    assert caught.value.meant == "K501"
    with pytest.raises(UnknownRuleError):
        select(["Q"])
