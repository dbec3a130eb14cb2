"""The tests of a graph that no condition operator makes: grants, endpoints, and what is not known yet."""

from __future__ import annotations

import pytest

from policy_engine.conditions.answers import LONGEST_VALUE, MOST_VALUES, Answers
from policy_engine.conditions.encryption_context import EncryptionContextTest, GrantTokenTest
from policy_engine.conditions.endpoint import ComesThroughTest
from policy_engine.conditions.opaque import OpaqueTest
from policy_engine.engine.context import canonical_context
from policy_engine.model.opaque import Opaque

TENANT = "kms:EncryptionContext:tenant"


def constraint(*, exact: bool = False, ignore_case: bool = True, **pairs: str) -> EncryptionContextTest:
    return EncryptionContextTest(pairs, exact=exact, ignore_case=ignore_case)


def test_they_are_shown_as_what_they_ask() -> None:
    assert repr(constraint(Tenant="a")) == "<EncryptionContextSubset {'Tenant': 'a'}>"
    assert repr(constraint(exact=True, Tenant="a")) == "<EncryptionContextEquals {'Tenant': 'a'}>"
    assert repr(GrantTokenTest("secret")) == "<grant token>"
    assert repr(ComesThroughTest(None, negated=False)) == "<through the endpoint>"
    assert repr(ComesThroughTest("vpce-1", negated=True)) == "<not through vpce-1>"
    assert repr(OpaqueTest("Action", Opaque("later"))) == f"<Action is {Opaque('later')}>"


@pytest.mark.parametrize(
    ("one", "others"),
    [
        (
            constraint(a="1", b="2"),
            [
                constraint(a="1"),
                constraint(a="2", b="2"),
                constraint(A="1", b="2"),
                constraint(exact=True, a="1", b="2"),
                constraint(ignore_case=False, a="1", b="2"),
            ],
        ),
        (GrantTokenTest("t"), [GrantTokenTest("u"), GrantTokenTest()]),
        (
            ComesThroughTest("vpce-1", negated=False),
            [ComesThroughTest("vpce-2", negated=False), ComesThroughTest("vpce-1", negated=True)],
        ),
    ],
)
def test_another_question_is_another_identity(one: GrantTokenTest, others: list[GrantTokenTest]) -> None:
    assert one.identity not in [other.identity for other in others]


def test_the_same_question_is_the_same_identity() -> None:
    assert constraint(a="1", b="2").identity == constraint(b="2", a="1").identity
    assert GrantTokenTest("t").identity == GrantTokenTest("t").identity
    assert ComesThroughTest("e", negated=True).identity == ComesThroughTest("e", negated=True).identity


def test_one_unknown_value_may_answer_two_questions_differently() -> None:
    opaque = Opaque("later")
    one, two = OpaqueTest("Action", opaque), OpaqueTest("Action", opaque)
    assert one.identity == one.identity != two.identity


def test_nobody_answers_what_is_not_known_yet() -> None:
    test = OpaqueTest("Principal", Opaque("later"))
    assert (test.key, test.keys, test.is_opaque) == ("opaque:later", (), True)
    with pytest.raises(TypeError, match=r"Principal is .*later.* has no answer yet$"):
        test.holds({})


def test_what_they_read() -> None:
    assert constraint(Tenant="a", App="b").keys == ("kms:EncryptionContext:app", TENANT)
    names = [f"k{number}" for number in range(9)]
    many = constraint(**dict.fromkeys(reversed(names), "a"))
    assert many.keys == tuple(f"kms:EncryptionContext:{name}" for name in names)
    assert constraint(exact=True, Tenant="a").keys == ("kms:EncryptionContext:",)
    assert constraint(ignore_case=False, Tenant="a").keys == ("kms:EncryptionContext:",)
    assert constraint(Tenant="a").key == "kms:EncryptionContext:"
    assert GrantTokenTest().keys == (GrantTokenTest().key,) == ("kmsgate:GrantTokens",)
    through = ComesThroughTest(None, negated=False)
    assert through.keys == ("aws:SourceVpce", "kms:ViaService", "aws:ViaAWSService")
    assert not any(test.is_opaque for test in (constraint(), GrantTokenTest(), through))


@pytest.mark.parametrize(
    ("endpoint", "context", "through"),
    [
        (None, {}, True),
        (None, {"aws:SourceVpce": "vpce-1"}, True),
        (None, {"kms:ViaService": "s3.us-east-1.amazonaws.com"}, False),
        (None, {"kms:ViaService": ""}, True),
        (None, {"aws:ViaAWSService": "true"}, False),
        (None, {"aws:ViaAWSService": "false"}, True),
        ("vpce-1", {}, False),
        ("vpce-1", {"aws:SourceVpce": "vpce-1"}, True),
        ("vpce-1", {"aws:SourceVpce": "vpce-2"}, False),
        ("vpce-1", {"aws:SourceVpce": "vpce-12"}, False),
        ("vpce-1", {"aws:SourceVpce": ("vpce-2", "vpce-1")}, True),
        ("vpce-1", {"aws:SourceVpce": ("vpce-2",)}, False),
        ("vpce-1", {"aws:SourceVpce": "vpce-1", "aws:ViaAWSService": "true"}, False),
    ],
)
def test_through_an_endpoint(
    endpoint: str | None, context: dict[str, str | tuple[str, ...]], through: bool
) -> None:
    assert ComesThroughTest(endpoint, negated=False).holds(context) is through
    assert ComesThroughTest(endpoint, negated=True).holds(context) is not through


def test_a_token_is_one_of_those_presented() -> None:
    test = GrantTokenTest("t", "u")
    assert test.holds({"kmsgate:GrantTokens": ("x", "u")})
    assert test.holds({"kmsgate:GrantTokens": "t"})
    assert not test.holds({"kmsgate:GrantTokens": ("x",)})
    assert not test.holds({})
    assert not GrantTokenTest().holds({"kmsgate:GrantTokens": ("x",)})


# constraint (exact, whether case is ignored), pairs of the request → whether it passes, for {"Tenant": "a", "App": "b"}
PAIRS: list[tuple[bool, bool, dict[str, str], bool]] = [
    (exact, ignore_case, given, (exact, ignore_case) in passing)
    for given, passing in (
        ({"Tenant": "a", "App": "b"}, {(True, True), (True, False), (False, True), (False, False)}),
        ({"tenant": "a", "APP": "b"}, {(True, True), (False, True)}),
        ({"Tenant": "a", "App": "b", "x": "y"}, {(False, True), (False, False)}),
        ({"tenant": "a", "App": "b", "x": "y"}, {(False, True)}),
        ({"Tenant": "a", "tenant": "a", "App": "b"}, {(False, True), (False, False)}),
        ({"Tenant": "a"}, set()),
        ({"Tenant": "a", "App": "B"}, set()),
        ({"Tenant": "A", "App": "b"}, set()),
        ({"Tenant": "b", "App": "a"}, set()),
        ({}, set()),
    )
    for exact in (True, False)
    for ignore_case in (True, False)
]


@pytest.mark.parametrize(("exact", "ignore_case", "given", "expected"), PAIRS)
def test_pairs_of_a_constraint(exact: bool, ignore_case: bool, given: dict[str, str], expected: bool) -> None:
    test = constraint(exact=exact, ignore_case=ignore_case, Tenant="a", App="b")
    context = canonical_context({f"kms:EncryptionContext:{name}": value for name, value in given.items()})
    assert test.holds(context) is expected


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("given", [{"a\0b": "c"}, {"ab": "\0c"}, {"a": "\0bc"}, {"a\0b\0c": ""}])
def test_where_a_name_ends_is_not_the_callers_to_say(exact: bool, given: dict[str, str]) -> None:
    context = canonical_context({f"kms:EncryptionContext:{name}": value for name, value in given.items()})
    assert not EncryptionContextTest({"a": "b\0c"}, exact=exact, ignore_case=False).holds(context)
    assert EncryptionContextTest(given, exact=exact, ignore_case=False).holds(context)


def test_what_a_constraint_folds_is_what_it_asks_for_one_by_one() -> None:
    assert constraint(Tenant="a", App="b").folded_pairs == (("kms:EncryptionContext:app", "b"), (TENANT, "a"))
    assert constraint(exact=True, Tenant="a").folded_pairs is None
    assert constraint(ignore_case=False, Tenant="a").folded_pairs is None


def test_answers_are_remembered_in_bounds() -> None:
    asked: list[object] = []

    def answer(value: object) -> bool:
        asked.append(value)
        return value == "yes" or value is None

    answers = Answers(answer)
    assert asked == [None]
    assert [answers[value] for value in ("yes", "no", "yes", None)] == [True, False, True, True]
    assert asked == [None, "yes", "no"]
    longest = "x" * LONGEST_VALUE
    for value in (longest, longest + "x", ("yes",)):
        asked.clear()
        assert [answers[value], answers[value]] == [False, False]
        assert len(asked) == (1 if value == longest else 2)
    for number in range(MOST_VALUES):
        assert not answers[f"v{number}"]
        assert len(answers) <= MOST_VALUES
    asked.clear()
    assert answers["yes"]
    assert asked == ["yes"]
