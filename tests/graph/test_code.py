"""The functions of decisions: they say what the graph says, hold no text of a policy, and share their code."""

from __future__ import annotations

import itertools
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from policy_engine.conditions.encryption_context import EncryptionContextTest
from policy_engine.conditions.test import ContextTest
from policy_engine.engine.context import canonical_context
from policy_engine.graph.checks import Form, checks_of, reads_as_spelt
from policy_engine.graph.code import CodeTable
from policy_engine.graph.formula import NEVER, AllOf, AnyOf, Asked, Held, Path
from policy_engine.graph.nodes import NodeTable, follow, walk
from policy_engine.graph.source import Source
from policy_engine.model.decision import Origin, OriginKind, Outcome
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy

if TYPE_CHECKING:
    from policy_engine.graph.code import Decide
    from policy_engine.graph.formula import Formula
    from policy_engine.graph.tests import Test
    from policy_engine.model.request import RequestContext

TENANT = "kms:EncryptionContext:tenant"


def made_of(**condition: dict[str, Any]) -> list[ContextTest]:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    policy = read_policy(text, kind=PolicyKind.IDENTITY)
    return [ContextTest(one) for one in policy.statements[0].conditions]


FORMS: dict[Form, list[Test]] = {
    Form.EQUALS: made_of(StringEquals={"aws:username": "a"}),
    Form.FITS: made_of(StringEqualsIfExists={"aws:username": ["a", "b"]}, Bool={"aws:SecureTransport": "true"}),
    Form.DIFFERS: made_of(StringNotEquals={"aws:username": "a"}),
    Form.FITS_NOT: made_of(StringNotEquals={"aws:username": ["a", "b"]}),
    Form.PAIR_EQUALS: [
        *made_of(StringEquals={TENANT: "a"}),
        EncryptionContextTest({"tenant": "a"}, exact=False, ignore_case=True),
    ],
    Form.PAIR_FITS: made_of(StringEquals={TENANT: ["a", "b"]}),
    Form.PAIR_DIFFERS: made_of(StringNotEquals={TENANT: "a"}),
    Form.PAIR_FITS_NOT: made_of(StringNotEquals={TENANT: ["a", "b"]}),
    Form.ANSWERS: made_of(
        StringLike={"aws:username": "a*"},
        NumericLessThan={"aws:MultiFactorAuthAge": "10"},
        Null={"aws:username": "true"},
        **{"ForAnyValue:StringEquals": {"aws:CalledVia": ["a"]}},
    ),
    Form.HOLDS: [
        *made_of(StringEquals={"aws:username": "${aws:PrincipalTag/a}"}),
        EncryptionContextTest({"tenant": "a"}, exact=True, ignore_case=True),
    ],
}  # fmt: skip
VALUES = (None, "a", "b", "ab", "", "true", "TRUE", "7", ("a", "x"), ("x", "y"), ("a",))
KEYS = ("aws:username", "aws:SecureTransport", TENANT, "aws:MultiFactorAuthAge", "aws:CalledVia")


def context_of(values: tuple[Any, ...]) -> RequestContext:
    given = {key: value for key, value in zip(KEYS, values, strict=True) if value is not None}
    return canonical_context({**given, "aws:PrincipalTag/a": "a"})


def function(codes: CodeTable, deny: Formula, allow: Formula) -> Decide:
    decide = codes.decide(deny, allow)
    assert decide is not None
    return decide


def origin(index: int) -> Origin:
    return Origin(OriginKind.STATEMENT, "key", (), index, "default")


@pytest.mark.parametrize("form", Form)
def test_a_check_says_what_its_test_says(form: Form) -> None:
    for test in FORMS[form]:
        assert {check.form for check in checks_of(test)} == {form}
        codes = CodeTable()
        codes.note_missing([test], {})
        decide = function(codes, NEVER, Asked(test))
        for value in VALUES:
            context = context_of((value,) * len(KEYS))
            assert (decide(context) is Outcome.ALLOWED) == test.holds(context), (test, value)


def test_only_what_reads_single_keys_as_they_are_given_reads_a_context_as_it_is_spelt() -> None:
    by_itself = {Form.HOLDS}
    for form, tests in FORMS.items():
        assert [reads_as_spelt(test) for test in tests] == [form not in by_itself] * len(tests), form
    (derived,) = made_of(StringEquals={"kms:EncryptionContextKeys": "a"})
    assert not reads_as_spelt(derived)


def test_every_operator_agrees_with_its_code_on_many_values_and_on_none() -> None:
    """What can be listed is compared at once, and a list of values never passes a single-valued operator."""
    denied = CodeTable()
    for test in FORMS[Form.DIFFERS] + FORMS[Form.FITS_NOT]:
        denied.note_missing([test], {})
        decide = denied.decide(Asked(test), NEVER)
        assert decide({}) is Outcome.EXPLICIT_DENY
        assert decide({"aws:username": ("x", "y")}) is Outcome.IMPLICIT_DENY


def random_formula(rng: random.Random, depth: int) -> Formula:
    if depth == 0 or rng.random() < 0.3:
        return Asked(rng.choice(FORMS[rng.choice(list(FORMS))]))
    parts = tuple(random_formula(rng, depth - 1) for _ in range(rng.randrange(4)))
    return (AllOf if rng.random() < 0.5 else AnyOf)(parts)


def rows(rng: random.Random) -> Formula:
    """A layer's rows: each holds or not, and leaves its mark."""
    return AnyOf(
        tuple(Held(origin(rng.randrange(9)), random_formula(rng, 2)) for _ in range(rng.randrange(4)))
    )


@pytest.mark.parametrize("seed", range(120))
def test_functions_say_what_the_graph_says(seed: int) -> None:
    rng = random.Random(seed)
    denies = [Held(origin(index), random_formula(rng, 2)) for index in range(rng.randrange(3))]
    ways = (Path("one", rows(rng)), Path("two", AllOf((rows(rng), random_formula(rng, 1), rows(rng)))))
    allow = AllOf((random_formula(rng, 1), AnyOf(ways)))
    nodes, codes = NodeTable(), CodeTable()
    decides = nodes.build(allow, nodes.leaf(Outcome.ALLOWED), nodes.leaf(Outcome.IMPLICIT_DENY))
    node = nodes.build(AnyOf(tuple(denies)), nodes.leaf(Outcome.EXPLICIT_DENY), decides)
    tests = [test for family in FORMS.values() for test in family]
    codes.note_missing(tests, {})
    decide, answer = codes.decide(AnyOf(tuple(denies)), allow), codes.answer(denies, allow)
    for _ in range(60):
        context = context_of(tuple(rng.choice(VALUES) for _ in KEYS))
        outcome, path, origins = answer(context)
        trail = follow(node, context)
        assert decide(context) is outcome is walk(node, context)
        if outcome is Outcome.ALLOWED:
            assert (path, origins) == (trail.path, trail.origins)
        elif outcome is Outcome.EXPLICIT_DENY:
            held = tuple(deny.origin for deny in denies if truth(deny.part, context))
            assert (path, origins) == (None, held)
        else:
            assert (path, origins) == (None, ())


def truth(formula: Formula, context: RequestContext) -> bool:
    nodes = NodeTable()
    node = nodes.build(formula, nodes.leaf(Outcome.ALLOWED), nodes.leaf(Outcome.IMPLICIT_DENY))
    return walk(node, context) is Outcome.ALLOWED


def test_no_text_of_a_policy_is_code() -> None:
    evil = '"]) or True #'
    tests = made_of(
        StringEquals={evil: evil, f"kms:EncryptionContext:{evil}": evil, "aws:username": evil},
        StringLike={f"aws:PrincipalTag/{evil}": f"{evil}*"},
    )
    formula = AnyOf(tuple(Held(origin(0), Asked(test)) for test in tests))
    for source in (Source((formula,)), Source((formula,), spelt=True)):
        source.reads(formula)
        source.denies([formula])
        source.ways(formula)
        assert "true #" not in source.text().lower()
        assert "'aws:username'" in source.text()
        assert evil in source.constants
    codes = CodeTable()
    codes.note_missing(tests, {})
    assert function(codes, NEVER, formula)({}) is Outcome.IMPLICIT_DENY


def test_decisions_of_one_shape_share_their_code() -> None:
    codes = CodeTable()
    functions = [codes.decide(NEVER, Asked(made_of(StringEquals={TENANT: name})[0])) for name in ("a", "b")]
    assert len(codes) == 1
    assert [f({TENANT: "b"}) for f in functions] == [Outcome.IMPLICIT_DENY, Outcome.ALLOWED]


def test_a_key_is_read_as_present_until_it_is_missing() -> None:
    test = made_of(StringNotEquals={"aws:username": "a"})[0]
    codes = CodeTable()
    decide = function(codes, NEVER, Asked(test))
    assert decide({"aws:username": "b"}) is Outcome.ALLOWED
    with pytest.raises(KeyError):
        decide({})
    codes.note_missing([test], {})
    assert function(codes, NEVER, Asked(test))({}) is Outcome.ALLOWED


def test_alternatives_of_unequal_length_leave_no_stale_row() -> None:
    """A row that held in an alternative which then failed is not among what the decision rests on."""
    one, two = (Asked(test) for test in FORMS[Form.EQUALS] + FORMS[Form.PAIR_EQUALS][:1])
    pair = AllOf((Held(origin(1), one), Held(origin(2), two)))
    answer = CodeTable().answer([], Path("p", AnyOf((pair, Held(origin(3), one)))))
    yes, no = {"aws:username": "a", TENANT: "a"}, {"aws:username": "a", TENANT: "b"}
    assert answer(yes) == (Outcome.ALLOWED, "p", (origin(1), origin(2)))
    assert answer(no) == (Outcome.ALLOWED, "p", (origin(3),))


def many_grants(size: int) -> tuple[Formula, list[Origin]]:
    """Alternatives for one pair each, the last for the same value as the first."""
    values = [*(f"v{index}" for index in range(size - 1)), "v0"]
    tests = [EncryptionContextTest({"tenant": value}, exact=False, ignore_case=True) for value in values]
    origins = [origin(index) for index in range(size)]
    rows = zip(origins, tests, strict=True)
    return Path("grant", AnyOf(tuple(Held(o, AllOf((Asked(t),))) for o, t in rows))), origins


@pytest.mark.parametrize("size", [7, 8, 300])
def test_many_alternatives_for_one_value_are_asked_as_they_stand(size: int) -> None:
    allow, _ = many_grants(size)
    nodes, codes = NodeTable(), CodeTable()
    node = nodes.build(allow, nodes.leaf(Outcome.ALLOWED), nodes.leaf(Outcome.IMPLICIT_DENY))
    decide, answer = codes.decide(NEVER, allow), codes.answer([], allow)
    assert decide is not None
    for value in ("v0", "v3", "v5", "other", ("v3", "other"), ("v5", "v3"), ("x", "y")):
        context = {TENANT: value}
        trail = follow(node, context)
        assert decide(context) is trail.outcome
        assert answer(context)[:1] == (trail.outcome,)
        assert answer(context)[2] == (trail.origins if trail.outcome is Outcome.ALLOWED else ())


def test_many_alternatives_for_one_value_are_one_look_up() -> None:
    """The function for 50,000 grants of one grantee is as large as that for eight."""
    sizes = set()
    for size in (8, 50_000):
        allow, _ = many_grants(size)
        source = Source((allow,))
        source.reads(allow)
        source.ways(allow)
        sizes.add((source.text(), len(source.constants)))
    assert len(sizes) == 1


def test_what_would_be_very_large_is_left_to_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policy_engine.graph.code.MOST_CONSTANTS", 3)
    few, many = (
        AnyOf(
            tuple(Asked(test) for test in made_of(StringLike={f"aws:PrincipalTag/{n}": "a*" for n in names}))
        )
        for names in ("a", "abc")
    )
    assert CodeTable().decide(NEVER, few) is not None
    assert CodeTable().decide(NEVER, many) is None


def test_the_code_that_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policy_engine.graph.code.MOST_SHAPES", 2)
    codes = CodeTable()
    for test in FORMS[Form.ANSWERS] + FORMS[Form.EQUALS] + FORMS[Form.DIFFERS]:
        function(codes, NEVER, Asked(test))
        assert 1 <= len(codes) <= 2


def test_a_context_as_it_is_spelt() -> None:
    tests = made_of(StringEquals={"aws:username": "a"}, StringLike={TENANT: "b*"})
    formula = AllOf(tuple(map(Asked, tests)))
    decide = CodeTable().decide_spelt(NEVER, formula)
    for own in itertools.product(("AWS:UserName", "aws:username"), ("kms:encryptioncontext:TENANT", TENANT)):
        spelling = dict(zip(("aws:username", TENANT), own, strict=True))
        assert decide({own[0]: "a", own[1]: "bc"}, spelling) is Outcome.ALLOWED
        assert decide({own[0]: "A", own[1]: "bc"}, spelling) is Outcome.IMPLICIT_DENY


def test_a_context_as_it_is_spelt_that_lacks_a_key() -> None:
    test = made_of(StringNotEquals={"aws:username": "a"})[0]
    codes = CodeTable()
    with pytest.raises(KeyError):
        codes.decide_spelt(NEVER, Asked(test))({}, {})
    codes.note_missing([test], {})
    assert codes.decide_spelt(NEVER, Asked(test))({}, {}) is Outcome.ALLOWED
