"""Whether a child grant is no wider than its parent."""

from __future__ import annotations

import pytest

from policy_engine import Grant, GrantConstraints
from policy_engine.graph.child_grants import no_wider
from tests.engine.world import ROLE

Pairs = dict[str, str] | None


def grant(*operations: str, equals: Pairs = None, subset: Pairs = None, source: str | None = None) -> Grant:
    return Grant("g", ROLE + "a", operations or ("Decrypt",), GrantConstraints(equals, subset, source))


A, AB, B = {"a": "1"}, {"a": "1", "b": "2"}, {"b": "2"}
CASES: list[tuple[Grant, Grant, bool]] = [
    (grant("Decrypt"), grant("Decrypt", "Encrypt"), True),
    (grant("Decrypt", "Encrypt"), grant("Decrypt"), False),
    (grant(source="s"), grant(source="s"), True),
    (grant(source="t"), grant(source="s"), False),
    (grant(), grant(source="s"), False),
    (grant(source="s"), grant(), True),
    (grant(equals=A), grant(), True),
    (grant(subset=A), grant(), True),
    (grant(), grant(equals=A), False),
    (grant(equals=A), grant(equals=A), True),
    (grant(equals=AB), grant(equals=A), False),
    (grant(equals=A), grant(equals=AB), False),
    (grant(subset=A), grant(equals=A), False),
    (grant(), grant(subset=A), False),
    (grant(subset=A), grant(subset=A), True),
    (grant(subset=AB), grant(subset=A), True),
    (grant(subset=A), grant(subset=AB), False),
    (grant(subset=B), grant(subset=A), False),
    (grant(equals=A), grant(subset=A), True),
    (grant(equals=AB), grant(subset=A), True),
    (grant(equals=B), grant(subset=A), False),
    (grant(equals=B, subset=A), grant(subset=A), True),
    (grant(equals=A), grant(equals=A, subset=A), True),
    (grant(equals=A), grant(equals=A, subset=B), False),
    (grant(subset=B), grant(equals=A, subset=B), False),
    (grant(equals={}), grant(equals={}), True),
    (grant(), grant(equals={}), False),
]


@pytest.mark.parametrize(("child", "parent", "expected"), CASES)
def test_no_wider(child: Grant, parent: Grant, expected: bool) -> None:
    assert no_wider(child, parent, ignore_case=True) is expected
    assert no_wider(child, parent, ignore_case=False) is expected


@pytest.mark.parametrize("ignore_case", [True, False])
def test_names_of_pairs_ignore_case_by_option_and_values_never(ignore_case: bool) -> None:
    for kind in ("equals", "subset"):
        parent = grant(**{kind: {"Tenant": "a"}})  # type: ignore[arg-type]
        assert no_wider(grant(**{kind: {"tenant": "a"}}), parent, ignore_case=ignore_case) is ignore_case  # type: ignore[arg-type]
        assert not no_wider(grant(**{kind: {"Tenant": "A"}}), parent, ignore_case=ignore_case)  # type: ignore[arg-type]
