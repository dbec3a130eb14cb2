"""What the mutants of a small module are."""

from __future__ import annotations

import ast

from tests.mutation.mutants import mutants

MODULE = '''
"""About it."""
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from x import y
Alias = int | None

class A:
    """What it is."""
    __slots__ = ("a",)

    @decorated("not looked at")
    def b(self, a: int | None = 1) -> str | None:
        return a if a < 3 and self.x else cast("int", None)
'''


def test_the_mutants_of_a_module() -> None:
    assert [str(mutant) for mutant in mutants(ast.parse(MODULE))] == [
        "A.b: 1 -> 2",
        "A.b: 1 -> 0",
        "A.b: return a if a < 3 and self.x else cast('int', None) -> return None",
        "A.b: a if a < 3 and self.x else cast('int', None) -> a if True else cast('int', None)",
        "A.b: a if a < 3 and self.x else cast('int', None) -> a if False else cast('int', None)",
        "A.b: a < 3 and self.x -> a < 3 or self.x",
        "A.b: a < 3 and self.x -> self.x",
        "A.b: a < 3 and self.x -> a < 3",
        "A.b: a < 3 -> a <= 3",
        "A.b: a < 3 -> a >= 3",
        "A.b: 3 -> 4",
        "A.b: 3 -> 2",
    ]


def test_a_mutant_makes_one_mistake() -> None:
    source = "def f(x):\n    if x in (1, 2):\n        raise ValueError\n    return any(x)"
    for number in range(len(list(mutants(ast.parse(source))))):
        tree = ast.parse(source)
        list(mutants(tree))[number].apply()
        compile(tree, "<test>", "exec")
        changed = ast.unparse(tree).splitlines()
        assert sum(one != other for one, other in zip(source.splitlines(), changed, strict=True)) == 1
