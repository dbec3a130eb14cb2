"""Alternatives that differ in one pair are one look-up, and others are not taken for such."""

from __future__ import annotations

from policy_engine.conditions.encryption_context import EncryptionContextTest
from policy_engine.graph.alternatives import FEWEST, ByValue, by_value
from policy_engine.graph.code import CodeTable
from policy_engine.graph.formula import NEVER, AllOf, AnyOf, Asked, Formula, Held, Path
from policy_engine.graph.formula import tests_of as asked_by
from policy_engine.graph.lowering import context_test
from policy_engine.graph.nodes import NodeTable, follow
from policy_engine.model.decision import Origin, OriginKind, Outcome

PREFIX = "kms:EncryptionContext:"


def row(index: int, *, exact: bool = False, **pairs: str) -> Held:
    test = EncryptionContextTest(pairs, exact=exact, ignore_case=True)
    return Held(
        Origin(OriginKind.GRANT, "grant", (), index, f"g{index}", grant_id=f"g{index}"), AllOf((Asked(test),))
    )


def rows(key: str, size: int = FEWEST, first: int = 0) -> list[Formula]:
    return [row(first + index, **{key: f"v{index}"}) for index in range(size)]


def agree(allow: Formula, *contexts: dict[str, str | tuple[str, ...]]) -> list[bool]:
    """Whether each context is allowed; the functions say what the graph says."""
    nodes, codes = NodeTable(), CodeTable()
    node = nodes.build(allow, nodes.leaf(Outcome.ALLOWED), nodes.leaf(Outcome.IMPLICIT_DENY))
    codes.note_missing(asked_by(allow), {})
    decide, answer = codes.decide(NEVER, allow), codes.answer([], allow)
    assert decide is not None
    found = []
    for given in contexts:
        context = {PREFIX + name: value for name, value in given.items()}
        trail = follow(node, context)
        allowed = trail.outcome is Outcome.ALLOWED
        assert decide(context) is trail.outcome
        assert answer(context) == (trail.outcome, *((trail.path, trail.origins) if allowed else (None, ())))
        found.append(allowed)
    return found


def look_ups(parts: list[Formula]) -> list[str]:
    return [one.key if isinstance(one, ByValue) else "" for one in by_value(parts)]


def test_a_long_run_for_one_pair_is_one_look_up() -> None:
    assert look_ups(rows("tenant")) == [PREFIX + "tenant"]
    assert look_ups(rows("tenant", FEWEST - 1)) == [""] * (FEWEST - 1)
    both = [*rows("tenant"), row(99, tenant="a", app="b"), *rows("app")]
    assert look_ups(both) == [PREFIX + "tenant", "", PREFIX + "app"]


def test_rows_that_ask_for_more_than_one_pair_are_no_look_up() -> None:
    two = [row(index, app="a", tenant=f"v{index}") for index in range(FEWEST)]
    assert look_ups(two) == [""] * FEWEST
    allow = Path("grant", AnyOf(tuple(two)))
    contexts = ({"app": "a"}, {"tenant": "v1"}, {"app": "a", "tenant": "v1"}, {"app": "b", "tenant": "v1"})
    assert agree(allow, *contexts) == [False, False, True, False]


def test_rows_that_ask_for_all_pairs_are_no_look_up() -> None:
    exact = [row(index, exact=True, tenant=f"v{index}") for index in range(FEWEST)]
    assert look_ups(exact) == [""] * FEWEST
    contexts = ({"tenant": "v1"}, {"tenant": "v1", "app": "a"})
    assert agree(Path("grant", AnyOf(tuple(exact))), *contexts) == [True, False]


def test_rows_of_other_operators_are_no_look_up() -> None:
    named = [
        Held(row(i).origin, Asked(context_test("StringEquals", "aws:username", f"v{i}"))) for i in range(9)
    ]
    assert look_ups(list(named)) == [""] * 9


def test_look_ups_beside_each_other_and_beside_other_tests() -> None:
    parts = [row(0, exact=True, app="x", tenant="x"), *rows("tenant", first=1), *rows("app", first=20)]
    allow = Path("grant", AnyOf(tuple(parts)))
    contexts = (
        {"tenant": "x", "app": "x"},
        {"tenant": "v3"},
        {"app": "v3"},
        {"tenant": ("x", "v5")},
        {"app": ("v5", "v2")},
        {"tenant": ("x", "y"), "app": ("y", "x")},
        {},
    )
    assert agree(allow, *contexts) == [True, True, True, True, True, False, False]


def test_the_first_row_of_a_value_counts() -> None:
    (table,) = by_value([*rows("tenant"), row(50, tenant="v0")])
    assert isinstance(table, ByValue)
    assert table.rows["v0"].index == 0
    for given, index in ((("v5", "v2"), 2), ("v5", 5), (("x",), None)):
        found = table.first({PREFIX + "tenant": given})
        assert (found.index if found else None) == index


def test_every_deny_that_holds_is_found_among_many_for_one_pair() -> None:
    denies = [*rows("tenant"), row(50, tenant="v0"), row(51, app="x")]
    codes = CodeTable()
    codes.note_missing(asked_by(*denies), {})
    answer = codes.answer(denies, NEVER)
    for given, expected in (({"tenant": "v0", "app": "x"}, [0, 50, 51]), ({"tenant": ("v5", "v2")}, [2, 5])):
        outcome, path, origins = answer({PREFIX + name: value for name, value in given.items()})
        assert (outcome, path) == (Outcome.EXPLICIT_DENY, None)
        assert [origin.index for origin in origins] == expected
    assert answer({PREFIX + "tenant": "other"}) == (Outcome.IMPLICIT_DENY, None, ())


def test_what_allows_without_a_path_rests_on_nothing() -> None:
    test = context_test("StringEquals", "aws:username", "a")
    answer = CodeTable().answer([], Asked(test))
    assert answer({"aws:username": "a"}) == (Outcome.ALLOWED, None, ())
    assert answer({"aws:username": "b"}) == (Outcome.IMPLICIT_DENY, None, ())
