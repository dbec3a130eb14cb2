from __future__ import annotations

import pytest

from policy_engine.syntax.arn import parse_arn
from policy_engine.syntax.operator_name import OPERATOR_NAMES, OperatorName, Quantifier, parse_operator
from policy_engine.syntax.pattern import BadVariable, PolicyVariable, Wildcard, parse_pattern

MANY, ONE = Wildcard.MANY, Wildcard.ONE


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("abc", ("abc",)),
        ("*", (MANY,)),
        ("a**b", ("a", MANY, MANY, "b")),
        ("a?b*", ("a", ONE, "b", MANY)),
        ("$x*", ("$x", MANY)),
        ("${aws:username}", (PolicyVariable("aws:username"),)),
        (
            "a/${aws:PrincipalTag/team, 'none'}/*",
            ("a/", PolicyVariable("aws:PrincipalTag/team", "none"), "/", MANY),
        ),
        ("${*}x${?}${$}", ("*x?$",)),
        ("a\nb*", ("a\nb", MANY)),
    ],
)
def test_parts(text: str, parts: tuple[object, ...]) -> None:
    assert parse_pattern(text, variables=True).parts == parts


@pytest.mark.parametrize(
    "text", ["${", "a${aws:username", "${}", "${x}", "${aws:a b}", "${aws:a,'b'}", "${${aws:a}}"]
)
def test_what_begins_no_variable_is_refused_where_it_begins(text: str) -> None:
    with pytest.raises(BadVariable) as caught:
        parse_pattern(text, variables=True)
    assert caught.value.offset == text.index("${")


def test_without_variables_a_dollar_is_text() -> None:
    assert parse_pattern("${aws:username}*", variables=False).parts == ("${aws:username}", MANY)


@pytest.mark.parametrize("name", OPERATOR_NAMES)
@pytest.mark.parametrize("quantifier", [None, *Quantifier])
def test_every_operator_reads_in_any_case(name: str, quantifier: Quantifier | None) -> None:
    text = f"{quantifier}:{name}" if quantifier else name
    assert parse_operator(text) == parse_operator(text.upper()) == OperatorName(name, quantifier)


def test_if_exists_goes_with_all_but_null() -> None:
    for name in OPERATOR_NAMES:
        expected = None if name == "Null" else OperatorName(name, None, if_exists=True)
        assert parse_operator(f"{name}IfExists") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "StringEqual",
        "StringEqualsIfExistsIfExists",
        "ForAllValue:StringEquals",
        " StringEquals",
        "BOO\u212a",
        "StringLi\u212ae",
        "IfExists",
    ],
)
def test_what_is_no_operator(text: str) -> None:
    assert parse_operator(text) is None


def test_arns_keep_colons_in_the_resource() -> None:
    arn = parse_arn("arn:aws:kms:us-east-1:111122223333:key/a:b")
    assert arn is not None
    assert (arn.service, arn.account, arn.resource) == ("kms", "111122223333", "key/a:b")
    assert str(arn) == "arn:aws:kms:us-east-1:111122223333:key/a:b"


@pytest.mark.parametrize(
    "text", ["", "*", "arn:aws:kms:us-east-1:111122223333", "arn:aws:kms:::", "ARN:a:b:c:d:e"]
)
def test_what_is_no_arn(text: str) -> None:
    assert parse_arn(text) is None
