"""docs/semantics.md: links under every rule to the scenario files whose cases name it.

Run it after cases were added or moved: `.venv/bin/python -m scripts.link_scenarios`. A case names rules at
the end of its `source`: "...; semantics rule 58", "...; semantics rules 41, 49 and 97". What stands in the
page beside the links is written by hand.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from policy_engine.bundle.scenario import load_scenarios

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/semantics.md"
SCENARIOS = ROOT / "fixtures/scenarios"
_NAMED = re.compile(r"semantics rules? (\d+(?:, \d+)*(?: and \d+)?)$")
_RULE = re.compile(r"^### Rule (\d+)$")
_LINKS = "* Scenarios:"


def rules_named(source: str) -> frozenset[int]:
    """The rules that the source of a case names."""
    found = _NAMED.search(source)
    return frozenset(map(int, re.findall(r"\d+", found[1]))) if found else frozenset()


def files_by_rule() -> dict[int, list[str]]:
    """For each rule the files with a case that names it, as paths below fixtures/scenarios."""
    files: dict[int, set[str]] = defaultdict(set)
    for case in load_scenarios(SCENARIOS):
        for rule in rules_named((case.form.source if case.form else None) or ""):
            files[rule].add(Path(case.file).relative_to(SCENARIOS).as_posix())
    return {rule: sorted(names) for rule, names in files.items()}


def linked(page: str, files: dict[int, list[str]]) -> str:
    """The page with the links that the files ask for."""
    rule, lines = 0, []
    for line in page.splitlines():
        heading = _RULE.match(line)
        rule = int(heading[1]) if heading else rule
        lines.append(_links(files.get(rule, [])) if line.startswith(_LINKS) else line)
    return "\n".join(lines) + "\n"


def _links(files: list[str]) -> str:
    return f"{_LINKS} " + ", ".join(
        f"[{name.removesuffix('.json')}](../fixtures/scenarios/{name})" for name in files
    )


if __name__ == "__main__":
    PAGE.write_text(linked(PAGE.read_text(encoding="utf-8"), files_by_rule()), encoding="utf-8")
