"""The graph: formulas become shared nodes, and the walk and the trail agree."""

from __future__ import annotations

import gc
import itertools
import json
import random

import pytest

from policy_engine.conditions.test import ContextTest
from policy_engine.graph.formula import (
    ALWAYS,
    NEVER,
    AllOf,
    AnyOf,
    Asked,
    Formula,
    Held,
    Path,
    all_of,
    any_of,
    path,
    unmarked,
)
from policy_engine.graph.formula import tests_of as asked_by
from policy_engine.graph.nodes import Ask, NodeTable, asked_tests, follow, walk
from policy_engine.graph.tests import SharedTests
from policy_engine.model.decision import Origin, OriginKind, Outcome
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy
from tests.conditions.test_steps import steps

KEYS = ["x:a", "x:b", "x:c"]


def context_test(key: str, value: str = "1") -> ContextTest:
    statement = {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {key: value}},
    }
    policy = read_policy(json.dumps({"Statement": statement}), kind=PolicyKind.IDENTITY)
    return ContextTest(policy.statements[0].conditions[0])


def origin(index: int) -> Origin:
    return Origin(OriginKind.STATEMENT, "key", (), index, "default")


def truth(formula: Formula, context: dict[str, str]) -> bool:
    match formula:
        case Asked(test):
            return test.holds(context)
        case Held(_, part) | Path(_, part):
            return truth(part, context)
        case AllOf(parts):
            return all(truth(part, context) for part in parts)
        case AnyOf(parts):
            return any(truth(part, context) for part in parts)


def random_formula(rng: random.Random, tests: list[ContextTest], depth: int) -> Formula:
    if depth == 0 or rng.random() < 0.3:
        return Asked(rng.choice(tests))
    parts = [random_formula(rng, tests, depth - 1) for _ in range(rng.randrange(4))]
    match rng.randrange(4):
        case 0:
            return all_of(*parts)
        case 1:
            return any_of(*parts)
        case 2:
            return Held(origin(rng.randrange(9)), AllOf(tuple(parts)))
        case _:
            return Path(rng.choice("pq"), AnyOf(tuple(parts)))


@pytest.mark.parametrize("seed", range(150))
def test_the_graph_of_a_formula_means_what_the_formula_says(seed: int) -> None:
    rng = random.Random(seed)
    tests = [context_test(key) for key in KEYS]
    formula = random_formula(rng, tests, 4)
    nodes = NodeTable()
    node = nodes.build(formula, nodes.leaf(Outcome.ALLOWED), nodes.leaf(Outcome.IMPLICIT_DENY))
    for values in itertools.product("01", repeat=3):
        context = dict(zip(KEYS, values, strict=True))
        expected = Outcome.ALLOWED if truth(formula, context) else Outcome.IMPLICIT_DENY
        assert walk(node, context) is expected
        assert follow(node, context).outcome is expected


def test_constants_vanish() -> None:
    asked = Asked(context_test("x:a"))
    assert all_of(ALWAYS, asked) == asked
    assert all_of(asked, NEVER) == NEVER
    assert any_of(NEVER, asked) == asked
    assert any_of() == NEVER
    assert path("p", NEVER) == NEVER
    assert path("p", asked) == Path("p", asked)


def test_nothing_is_noted_of_what_is_unmarked() -> None:
    asked = Asked(context_test("x:a"))
    marked = AllOf(
        (Path("p", Held(origin(1), asked)), AnyOf((Held(origin(2), Held(origin(3), asked)), asked)))
    )
    assert unmarked(marked) == AllOf((asked, AnyOf((asked, asked))))


def test_equal_tests_and_equal_nodes_are_one_object() -> None:
    table, nodes = SharedTests(), NodeTable()
    one, two = table.intern(context_test("x:a")), table.intern(context_test("x:a"))
    assert one is two
    assert table.intern(context_test("x:a", "2")) is not one
    yes, no = nodes.leaf(Outcome.ALLOWED), nodes.leaf(Outcome.IMPLICIT_DENY)
    assert nodes.build(Asked(one), yes, no) is nodes.build(Asked(two), yes, no)
    assert nodes.build(Asked(one), yes, yes) is yes


def test_what_no_graph_uses_is_forgotten() -> None:
    table, nodes = SharedTests(), NodeTable()
    node: object = nodes.build(
        Asked(table.intern(context_test("x:a"))),
        nodes.leaf(Outcome.ALLOWED),
        nodes.leaf(Outcome.IMPLICIT_DENY),
    )
    assert (len(table), len(nodes)) == (1, 3)
    del node
    gc.collect()
    assert (len(table), len(nodes)) == (0, 0)


def test_marks_of_a_path_that_failed_do_not_count() -> None:
    a, b = Asked(context_test("x:a")), Asked(context_test("x:b"))
    first = Path("delegated", all_of(Held(origin(0), a), Held(origin(1), b)))
    formula = any_of(first, Path("grant", Held(origin(2), a)))
    nodes = NodeTable()
    node = nodes.build(formula, nodes.leaf(Outcome.ALLOWED), nodes.leaf(Outcome.IMPLICIT_DENY))
    trail = follow(node, {"x:a": "1"})
    assert (trail.outcome, trail.path, [o.index for o in trail.origins]) == (Outcome.ALLOWED, "grant", [2])
    assert [o.index for o in follow(node, {"x:a": "1", "x:b": "1"}).origins] == [0, 1]


def test_every_test_of_a_graph_is_found_once() -> None:
    tests = [context_test(key) for key in KEYS]
    nodes = NodeTable()
    ways = [Held(origin(0), all_of(Asked(one), Asked(two))) for one in tests for two in tests]
    formula = any_of(Asked(tests[0]), *(Path("p", way) for way in ways))
    node = nodes.build(formula, nodes.leaf(Outcome.ALLOWED), nodes.leaf(Outcome.IMPLICIT_DENY))
    assert isinstance(node, Ask)
    assert {id(test) for test in asked_tests(node)} == {id(test) for test in tests}
    assert len(asked_tests(node)) == len(KEYS)


def test_a_graph_that_many_ways_lead_through_is_looked_at_once() -> None:
    either = [any_of(Asked(context_test(f"x:{n}")), Asked(context_test(f"x:{n}", "2"))) for n in range(12)]
    nodes = NodeTable()
    node = nodes.build(all_of(*either), nodes.leaf(Outcome.ALLOWED), nodes.leaf(Outcome.IMPLICIT_DENY))
    assert len(asked_tests(node)) == 24
    assert steps(lambda: asked_tests(node)) < 24 * 20  # there are 2 ** 12 ways


def test_the_tests_of_formulas_are_told_in_their_order() -> None:
    one, two, three, four = (context_test(key) for key in ("x:a", "x:b", "x:c", "x:d"))
    formula = Path("p", AllOf((Asked(one), Held(origin(0), AnyOf((Asked(two), Asked(one)))), Asked(three))))
    assert asked_by(formula, Asked(four)) == [one, two, one, three, four]
