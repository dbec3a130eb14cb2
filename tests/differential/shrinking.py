"""A smaller case of the same disagreement: whatever can be left out is left out, one piece after the other.

Greedy, and without any knowledge of the language: members of objects and items of lists go, as long as the case stays
one on which engine and reference answer, and answer differently.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from policy_engine.errors import PolicyEngineError

Case = dict[str, Any]
Path = tuple[str | int, ...]


def shrink(case: Case, interesting: Callable[[Case], bool]) -> Case:
    """The smallest case that leaving out leads to and that is still interesting."""
    smaller: Case | None = case
    while smaller is not None:
        case = smaller
        smaller = next((one for one in _smaller(case) if _holds(interesting, one)), None)
    return case


def _holds(interesting: Callable[[Case], bool], case: Case) -> bool:
    try:
        return interesting(case)
    except (
        LookupError,
        AttributeError,
        TypeError,
        ValueError,
        PolicyEngineError,
    ):  # what was left out is needed to ask
        return False


def _smaller(case: Case) -> Iterator[Case]:
    for path in _paths(case):
        made = copy.deepcopy(case)
        parent: Any = made
        for step in path[:-1]:
            parent = parent[step]
        del parent[path[-1]]
        yield made


def _paths(value: object, above: Path = ()) -> Iterator[Path]:
    """The places of everything in a JSON value, the big pieces first."""
    names: list[str | int] = []
    if isinstance(value, dict):
        names = list(value)
    elif isinstance(value, list):
        names = list(range(len(value)))
    for name in names:
        yield (*above, name)
    for name in names:
        yield from _paths(value[name], (*above, name))  # type: ignore[index]  # a dict or a list, by its own names
