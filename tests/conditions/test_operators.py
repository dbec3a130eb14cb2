"""Each operator by a table: what the policy says, what the request has, whether it holds."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from policy_engine.conditions.operators import OPERATORS
from policy_engine.conditions.test import ContextTest
from policy_engine.engine.context import canonical_context
from policy_engine.model.opaque import Opaque
from policy_engine.model.options import Options
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy

if TYPE_CHECKING:
    from policy_engine.model.condition import Condition, ConditionValue

ARN = "arn:aws:iam::111122223333:role/app"
# operator → rows of (values in the policy, value in the request or None, holds)
POSITIVE: dict[str, list[tuple[object, object, bool]]] = {
    "StringEquals": [
        ("acme", "acme", True), ("acme", "Acme", False), (["a", "b"], "b", True), ("a*", "ab", False), ("a*", "a*", True),
        ("", "", True), ("é", "e\u0301", False), (5, "5", True), (True, "true", True), ("a", None, False), ([], "a", False),
        ([], None, False),
    ],
    "StringEqualsIgnoreCase": [
        ("Acme", "aCME", True), ("acme", "acm", False), ("\u212a", "k", False), ("a", None, False), ([], "a", False),
    ],
    "StringLike": [
        ("a*", "abc", True), ("a*", "a", True), ("a?c", "abc", True), ("a?c", "ac", False), ("?", "😀", True),
        ("a*", "A", False), ("*", "", True), ("a*c", "a\nb:/c", True), ("*a*b*", "xaybz", True), ("*a*b*", "ba", False),
        ("a", None, False), ([], "a", False), ("**", "x", True), ("s3.*.amazonaws.com", "s3.us-east-1.amazonaws.com", True),
    ],
    "Bool": [
        ("true", "true", True), (True, "TRUE", True), ("false", "true", False), ("yes", "yes", False), ("true", "1", False),
        ("true", None, False), ([], "true", False),
    ],
    "ArnEquals": [
        (ARN, ARN, True), ("arn:aws:iam::*:role/app", ARN, True), ("arn:aws:iam::111122223333:*", ARN, True),
        ("arn:*:role/app", ARN, False), ("*", ARN, False), (ARN, "role/app", False), ("arn:aws:iam::1111222?3333:role/*", ARN, True),
        ("arn:aws:sns:*:*:a:b*", "arn:aws:sns:us-east-1:1:a:bc", True), ("arn:aws:iam::111122223333:role/APP", ARN, False), (ARN, None, False),
        ("arn:aws:iam:*:role/app", "arn:aws:iam::111122223333:role/app", False), ([], ARN, False),
        ("arn:aws:iam::*/app", ARN, False), ("*:aws:iam::111122223333:role/app", ARN, False), (ARN, "arn:aws:iam", False),
        ("arn:aws:iam:*:111122223333:*", ARN, True), ("arn:aws:iam::111122223333:*:x", "arn:aws:iam::111122223333:a:b:x", True),
    ],
    "Null": [
        ("true", None, True), ("true", "x", False), ("false", "x", True), ("false", None, False), (True, None, True),
        ("maybe", None, False), ("maybe", "x", False), ("false", "", True), ("true", [], True),
    ],
    "NumericEquals": [
        (10, "10", True), ("10", "10.0", True), ("1e1", "10", True), ("10", "11", False), ("0x10", "16", False),
        (" 1", "1", False), ("1", " 1", False), ("\u0661", "1", False), ("1_0", "10", False), ("10", "x", False),
        ("10", None, False), ([], "1", False), (["1", "2"], "2", True),
    ],
    "NumericLessThan": [(10, "9", True), (10, "10", False), (10, "-1.5", True), (10, "abc", False), ("abc", "1", False)],
    "NumericLessThanEquals": [(10, "10", True), (10, "10.01", False), (10, None, False)],
    "NumericGreaterThan": [(10, "10", False), (10, "11", True), (10, "1e2", True)],
    "NumericGreaterThanEquals": [(10, "10", True), (10, "9.99", False)],
    "DateEquals": [
        ("2026-11-23T10:00:00Z", "2026-11-23T11:00:00+01:00", True), ("2026-11-23", "2026-11-23T00:00:00Z", True),
        ("2026", "2026-01-01", True), ("2026-02", "2026-02-01", True), ("1795428000", "2026-11-23T10:00:00Z", True),
        ("2026-11-23T10:00Z", "2026-11-23T10:00:00.0Z", True), ("2026-02-30", "2026-02-30", False),
        ("2026-11-23T10:00:00", "2026-11-23T10:00:00Z", False), ("2026-11-23T10:00:60Z", "2026-11-23T10:01:00Z", False),
        ("10000-01-01", "10000-01-01", False), ("2026-11-23T10:00:00+01:60", "2026-11-23T08:00:00Z", False),
        ("2026-11-23T10:15:20Z", "2026-11-23T21:45:20+11:30", True), ("2026-11-23T10:15:20Z", "2026-11-22T22:45:20-11:30", True),
        ("2026-11-23T10:00:00Z", "2026-11-23T10:59:00+00:59", True), ("2026-11-23T10:15:20.5Z", "2026-11-23T10:15:20.500Z", True),
        ("2026-11-23T10:15:20.5Z", "2026-11-23T10:15:20Z", False), ("1969-12-31T23:59:59.75Z", "-0.25", True), ("0.5", "0.50", True),
        ("1795428000", "1795428000000", False), ("2026-1-1", "2026-01-01", False), ("2026", None, False),
    ],
    "DateLessThan": [("2026-11-23", "2026-11-22T23:59:59.999Z", True), ("2026-11-23", "2026-11-23", False), ("x", "2026", False)],
    "DateLessThanEquals": [("2026-11-23", "2026-11-23", True), ("2026-11-23", "2026-11-24", False)],
    "DateGreaterThan": [("2026-11-23", "2026-11-24", True), ("2026-11-23", "2026-11-23", False)],
    "DateGreaterThanEquals": [("2026-11-23", "2026-11-23", True), ("1795428000", "1795427999", False)],
    "BinaryEquals": [
        ("QUI=", "QUI=", True), ("QUI=", "QUM=", False), ("QUI", "QUI", False), ("QU I=", "QUI=", False), ("é", "é", False),
        ("", "", True), ("QUI=", None, False),
    ],
    "IpAddress": [
        ("10.0.0.0/8", "10.1.2.3", True), ("10.0.0.0/8", "11.0.0.1", False), ("10.0.0.1", "10.0.0.1", True),
        ("2001:db8::/32", "2001:DB8:0:0::1", True), ("2001:db8::1", "2001:0db8::0001", True), ("0.0.0.0/0", "::1", False),
        ("::/0", "10.0.0.1", False), ("10.0.0.1/8", "10.0.0.1", False), ("10.0.0.0/33", "10.0.0.1", False),
        ("10.0.0.0/08", "10.0.0.1", True), ("010.0.0.0/8", "10.0.0.1", False), ("10.0.0.0/8", "010.0.0.1", False),
        ("10.0.0.0/255.0.0.0", "10.0.0.1", False), ("fe80::%1/64", "fe80::1", False), ("fe80::/64", "fe80::1%1", False),
        ("::ffff:1.2.3.4", "1.2.3.4", False), ("10.0.0.0/", "10.0.0.0", False), ("10.0.0.0/8", None, False),
    ],
}  # fmt: skip
POSITIVE["ArnLike"] = POSITIVE["ArnEquals"]
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}


def value_of(text: object) -> ConditionValue:
    return only_condition("StringEquals", text).values[0]


def only_condition(operator: str, wanted: object, key: str = "kms:ViaService") -> Condition:
    statement = {
        "Effect": "Allow",
        "Action": "kms:*",
        "Resource": "*",
        "Condition": {operator: {key: wanted}},
    }
    policy = read_policy(
        json.dumps({"Version": "2012-10-17", "Statement": statement}), kind=PolicyKind.IDENTITY
    )
    (condition,) = policy.statements[0].conditions
    return condition


def holds(operator: str, wanted: object, given: object, key: str = "kms:ViaService", **more: str) -> bool:
    context = canonical_context({**({} if given is None else {key: given}), **more})  # type: ignore[dict-item]
    return ContextTest(only_condition(operator, wanted, key)).holds(context)


def test_every_operator_is_in_the_table() -> None:
    assert set(OPERATORS) == set(POSITIVE) | set(NEGATED)


@pytest.mark.parametrize("operator", POSITIVE)
def test_positive(operator: str) -> None:
    for wanted, given, expected in POSITIVE[operator]:
        assert holds(operator, wanted, given) is expected, (wanted, given)
        if operator != "Null":
            if_exists = expected or (given is None and wanted != [])
            assert holds(f"{operator}IfExists", wanted, given) is if_exists, (wanted, given)


@pytest.mark.parametrize("operator", NEGATED)
def test_negated(operator: str) -> None:
    positive = NEGATED[operator]
    for wanted, given, fits in POSITIVE[positive]:
        unparsable = not isinstance(wanted, list) and OPERATORS[positive].parse(value_of(wanted)) is None
        unparsable |= given is not None and OPERATORS[positive].given(str(given)) is None
        expected = wanted == [] or given is None or (not fits and not unparsable)
        assert holds(operator, wanted, given) is expected, (wanted, given)
        assert holds(f"{operator}IfExists", wanted, given) is expected, (wanted, given)


# negated operator → (value in the policy, value in the request) of which one says nothing to it
UNPARSABLE = {
    "ArnNotEquals": [
        (ARN, "role/app"), (ARN, "brn:aws:iam::111122223333:role/app"), (ARN, "arn:aws:iam"), ("arn:*", ARN), ("*", ARN),
        ("*:aws:iam::111122223333:role/x", ARN), ("arn:aws:iam::*/x", ARN), ("", ARN), (ARN, ""),
    ],
    "NumericNotEquals": [("abc", "1"), ("1", "abc"), ("0x1", "2"), ("1", "0x2"), ("", "1"), ("1", "")],
    "DateNotEquals": [("abc", "2026"), ("2026", "abc"), ("2026-02-30", "2027"), ("2027", "2026-02-30"), ("", "2026")],
    "NotIpAddress": [
        ("abc", "10.0.0.1"), ("10.0.0.0/8", "abc"), ("10.0.0.0/33", "10.0.0.1"), ("11.0.0.1/8", "10.0.0.1"),
        ("fe80::%1/64", "::1"), ("::1", "fe80::1%1"), ("10.0.0.0/", "11.0.0.1"), ("10.0.0.0/+8", "11.0.0.1"),
        ("10.0.0.0/255.0.0.0", "11.0.0.1"), ("10.0.0.0/\u0668", "11.0.0.1"), ("10.0.0.0/8", "11.0.0.0/8"),
    ],
}  # fmt: skip
UNPARSABLE["ArnNotLike"] = UNPARSABLE["ArnNotEquals"]


@pytest.mark.parametrize("operator", UNPARSABLE)
def test_what_says_nothing_never_matches_under_a_negated_operator_too(operator: str) -> None:
    for wanted, given in UNPARSABLE[operator]:
        assert not holds(operator, wanted, given), (wanted, given)
        assert not holds(f"{operator}IfExists", wanted, given), (wanted, given)
        assert not holds(operator.replace("Not", ""), wanted, given), (wanted, given)


@pytest.mark.parametrize("operator", [name for name in OPERATORS if name.startswith(("String", "Arn"))])
def test_operators_on_text_and_arns_take_variables(operator: str) -> None:
    for given in (ARN, ARN + "x"):
        name = {"aws:username": given.removeprefix(ARN)}
        assert holds(operator, ARN + "${aws:username}", given, **name) is ("Not" not in operator)
        assert holds(operator, ARN + "y${aws:username}", given, **name) is ("Not" in operator)


def test_operator_names_ignore_case() -> None:
    assert holds("STRINGEQUALS", "a", "a")


@pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals", "StringLike", "Bool"])
def test_a_single_valued_operator_never_matches_many_values(operator: str) -> None:
    assert not holds(operator, "true", ["true", "b"])
    assert not holds(operator, "true", ["true"], key="aws:TagKeys")


def test_one_element_is_its_element_where_the_key_is_not_multivalued() -> None:
    assert holds("StringEquals", "a", ["a"])
    assert holds("StringEquals", "a", ["a"], key="custom:key")


@pytest.mark.parametrize(("operator", "expected"), [("StringEquals", True), ("StringNotEquals", False)])
def test_names_that_differ_in_case_are_one_encryption_context_key(operator: str, expected: bool) -> None:
    test = ContextTest(only_condition(operator, "x", "kms:EncryptionContext:App"))
    context = canonical_context({"kms:EncryptionContext:APP": "y", "kms:encryptioncontext:app": "x"})
    assert test.holds(context) is expected


def test_an_unparsable_value_fails_a_negated_operator_beside_others_too() -> None:
    assert not holds("NumericNotEquals", ["abc", "5"], "6")
    assert holds("NumericEquals", ["abc", "5"], "5")


# quantifier and operator → rows of (values in the policy, values in the request or None, holds)
SETS: dict[str, list[tuple[object, object, bool]]] = {
    "ForAnyValue:StringEquals": [
        (["a", "b"], ["x", "b"], True), (["a"], ["x"], False), (["a"], None, False), (["a"], [], False), (["a"], [""], False),
        ([""], ["", "x"], True),
    ],
    "ForAllValues:StringEquals": [
        (["a", "b"], ["a", "b"], True), (["a"], ["a", "x"], False), (["a"], None, True), (["a"], [""], True), ([], ["a"], False),
        ([], None, True),
    ],
    "ForAnyValue:StringNotEquals": [(["a"], ["a", "x"], True), (["a"], ["a"], False), (["a"], None, False), ([], ["a"], True), ([], None, False)],
    "ForAllValues:StringNotEquals": [(["a"], ["x", "y"], True), (["a"], ["a", "x"], False), (["a"], None, True)],
    "ForAnyValue:StringEqualsIfExists": [(["a"], None, False), (["a"], ["a"], True)],
    "ForAllValues:StringLike": [(["a*"], ["ab", "ac"], True), (["a*"], ["ab", "b"], False)],
    "ForAllValues:NumericLessThan": [([5], ["1", "4"], True), ([5], ["1", "x"], False)],
    "ForAllValues:Null": [(["true"], None, True), (["true"], ["a"], False)],
}  # fmt: skip


@pytest.mark.parametrize("operator", SETS)
def test_sets(operator: str) -> None:
    for wanted, given, expected in SETS[operator]:
        assert holds(operator, wanted, given, key="aws:TagKeys") is expected, (wanted, given)


VARIABLES: list[tuple[str, object, str | None, dict[str, str], bool]] = [
    ("StringEquals", "${aws:username}", "alice", {"aws:username": "alice"}, True),
    ("StringEquals", "${AWS:UserName}/x", "alice/x", {"aws:username": "alice"}, True),
    ("StringEquals", "${aws:username}", "alice", {}, False),
    ("StringNotEquals", "${aws:username}", "alice", {}, True),
    ("StringEquals", "${aws:username, 'nobody'}", "nobody", {}, True),
    ("StringEquals", "${aws:username}x", "x", {"aws:username": ""}, True),
    ("StringLike", "*${aws:username}*", "", {"aws:username": ""}, True),
    ("StringEquals", ["${aws:username}", "bob"], "bob", {}, True),
    ("StringNotEquals", ["${aws:username}", "bob"], "bob", {}, False),
    ("StringLike", "${aws:username}*", "a*b", {"aws:username": "a*"}, True),
    ("StringLike", "${aws:username}*", "abb", {"aws:username": "a*"}, False),
    ("StringLike", "${*}", "*", {}, True),
    ("StringLike", "${*}", "x", {}, False),
    ("StringEquals", "${$}{x}", "${x}", {}, True),
    ("StringEquals", "a**${aws:username}", "a**b", {"aws:username": "b"}, True),
    ("ArnLike", "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::1:user/a", {"aws:username": "a"}, True),
    ("ArnLike", "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::1:user/a", {}, False),
    ("ArnNotLike", "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::1:user/a", {}, True),
    ("Bool", "${aws:username}", "true", {"aws:username": "true"}, False),
    ("NumericEquals", "${aws:username}", "1", {"aws:username": "1"}, False),
    ("NumericNotEquals", "${aws:username}", "1", {}, False),
    ("ArnNotLike", "arn:aws:iam::*:user/${aws:username}", "user/a", {}, True),
    ("NumericNotEquals", [], "x", {}, True),
]


@pytest.mark.parametrize(("operator", "wanted", "given", "more", "expected"), VARIABLES)
def test_variables(
    operator: str, wanted: object, given: str | None, more: dict[str, str], expected: bool
) -> None:
    assert holds(operator, wanted, given, **more) is expected


def test_a_variable_of_a_multivalued_key_has_no_value() -> None:
    assert not holds("StringEquals", "${aws:TagKeys}", "a", **{"aws:TagKeys": "a"})


def test_an_old_version_has_no_variables() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"x:y": "${aws:username}"}},
    }
    policy = read_policy(
        json.dumps({"Version": "2008-10-17", "Statement": statement}), kind=PolicyKind.IDENTITY
    )
    test = ContextTest(policy.statements[0].conditions[0])
    assert test.holds({"x:y": "${aws:username}", "aws:username": "alice"})
    assert not test.holds({"x:y": "alice", "aws:username": "alice"})


def test_where_variables_mean_nothing_none_is_read() -> None:
    for operator in ("NumericEquals", "DateEquals", "IpAddress", "Null", "Bool", "BinaryEquals"):
        assert ContextTest(only_condition(operator, "${aws:username}")).keys == ("kms:ViaService",)


def test_where_variables_mean_nothing_one_is_an_unparsable_value() -> None:
    for operator in ("NumericNotEquals", "DateNotEquals", "NotIpAddress"):
        given = {"NumericNotEquals": "1", "DateNotEquals": "2026-01-01", "NotIpAddress": "10.0.0.1"}[operator]
        assert not holds(operator, "${aws:username}", given)


@pytest.mark.parametrize("substituted", [True, False])
def test_a_variable_of_bool_that_is_bound_is_substituted_where_the_option_says_so(substituted: bool) -> None:
    options = Options(bool_takes_variables=substituted)
    test = ContextTest(only_condition("Bool", "${aws:username}"), {"aws:username": "true"}, options=options)
    assert test.holds({"kms:ViaService": "true"}) is substituted


def test_the_option_gives_variables_to_bool_alone() -> None:
    options, context = Options(bool_takes_variables=True), {"kms:ViaService": "1", "aws:username": "1"}
    for operator in ("NumericEquals", "DateEquals", "IpAddress", "Null", "BinaryEquals"):
        test = ContextTest(only_condition(operator, "${aws:username}"), options=options)
        assert test.keys == ("kms:ViaService",)
        assert not test.holds(context)
    assert ContextTest(only_condition("Bool", "${x:y}"), options=options).keys == ("kms:ViaService", "x:y")


def test_the_option_for_absent_keys_is_about_if_exists_alone() -> None:
    options = Options(any_value_if_exists_holds_when_absent=True)
    for operator, expected in (
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringEqualsIfExists", True),
    ):
        assert ContextTest(only_condition(operator, "a"), options=options).holds({}) is expected


def test_a_value_that_is_not_known_yet_fits_nothing() -> None:
    condition = only_condition("StringEquals", ["a", ""])
    later = replace(condition.values[1], opaque=Opaque("later"))
    test = ContextTest(replace(condition, values=(condition.values[0], later)))
    assert test.is_opaque is True
    assert ContextTest(condition).is_opaque is False
    assert test.holds({"kms:ViaService": "a"})
    assert not test.holds({"kms:ViaService": ""})
    assert ContextTest(condition).holds({"kms:ViaService": ""})
    assert test.identity != ContextTest(condition).identity


def test_a_test_is_shown_as_its_condition() -> None:
    test = ContextTest(only_condition("ForAnyValue:StringLikeIfExists", ["a*", "b"]))
    assert repr(test) == "<ForAnyValue:StringLikeIfExists kms:ViaService [a*, b]>"


def test_the_order_of_bindings_makes_no_other_test() -> None:
    test = ContextTest(only_condition("StringEquals", "${aws:username}/${aws:userid}"))
    one, two = {"aws:username": "a"}, {"aws:userid": "b"}
    assert test.bound(one).bound(two).identity == test.bound(two).bound(one).identity
    assert test.bound(one).identity != test.bound({"aws:username": "b"}).identity
    defaults = ({"aws:userid": "c"}, {"aws:userid": "d"})
    assert test.bound(one, defaults[0]).identity != test.bound(one, defaults[1]).identity


def test_bound_variables_and_keys_are_decided() -> None:
    test = ContextTest(only_condition("StringEquals", "${aws:username}"))
    assert test.keys == ("kms:ViaService", "aws:username")
    half = test.bound({"aws:username": "alice"})
    assert half.keys == ("kms:ViaService",)
    assert half.holds({"kms:ViaService": "alice", "aws:username": "mallory"})
    whole = half.bound({"kms:ViaService": "alice"})
    assert whole.keys == ()
    assert whole.holds({"kms:ViaService": "mallory"})
    assert test.bound({}) is test
    assert half.identity != test.identity


def test_what_a_test_works_out_it_keeps() -> None:
    test = ContextTest(only_condition("StringEquals", ["a", "b"]))
    assert test.texts == {"a", "b"}
    assert test.texts is test.texts
    assert test.answers is not None
    assert test.answers is test.answers


def test_a_default_of_what_is_bound_makes_no_other_test() -> None:
    test = ContextTest(only_condition("StringEquals", "${aws:username}"))
    bound = {"aws:username": "a"}
    assert test.bound(bound, {"aws:username": "b"}).identity == test.bound(bound).identity
    assert test.bound({}, {"aws:username": "b"}).identity != test.identity
