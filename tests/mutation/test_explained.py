"""docs/testing.md explains mutants that there are."""

from __future__ import annotations

import re

from tests.mutation.run import EXPLAINED, mutants_of, name_of

NAMED = re.compile(r"`((\w+/\w+\.py) [^`]+: [^`]+ -> [^`]+)`")


def test_what_is_explained_is_a_mutant() -> None:
    explained = NAMED.findall(EXPLAINED.read_text(encoding="utf-8"))
    made = {name_of(path, mutant) for path, _, mutant in mutants_of(sorted({file for _, file in explained}))}
    assert explained
    assert [name for name, _ in explained if name not in made] == []
