"""Each operator by a table: what the policy says, what the request has, whether it holds."""

from __future__ import annotations

import json

import pytest

from policy_engine.conditions.operators import OPERATORS
from policy_engine.conditions.test import ContextTest
from policy_engine.engine.context import canonical_context
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy

ARN = "arn:aws:iam::111122223333:role/app"
# operator → rows of (values in the policy, value in the request or None, holds)
POSITIVE: dict[str, list[tuple[object, object, bool]]] = {
    "StringEquals": [
        ("acme", "acme", True), ("acme", "Acme", False), (["a", "b"], "b", True), ("a*", "ab", False), ("a*", "a*", True),
        ("", "", True), ("é", "e\u0301", False), (5, "5", True), (True, "true", True), ("a", None, False), ([], "a", False),
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
    ],
    "Null": [
        ("true", None, True), ("true", "x", False), ("false", "x", True), ("false", None, False), (True, None, True),
        ("maybe", None, False), ("maybe", "x", False), ("false", "", True), ("true", [], True),
    ],
}  # fmt: skip
POSITIVE["ArnLike"] = POSITIVE["ArnEquals"]
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
# An unparsable value never matches, under a negated operator too (rule 93).
NEVER = {("ArnEquals", "*"), ("ArnEquals", "arn:*:role/app"), ("ArnLike", "*"), ("ArnLike", "arn:*:role/app")}
NEVER |= {("ArnEquals", "arn:aws:iam:*:role/app"), ("ArnLike", "arn:aws:iam:*:role/app")}


def holds(operator: str, wanted: object, given: object, key: str = "kms:ViaService") -> bool:
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
    context = canonical_context({} if given is None else {key: given})  # type: ignore[dict-item]
    return ContextTest(condition).holds(context)


def test_every_operator_is_in_the_table() -> None:
    assert set(OPERATORS) == set(POSITIVE) | set(NEGATED)


@pytest.mark.parametrize("operator", POSITIVE)
def test_positive(operator: str) -> None:
    for wanted, given, expected in POSITIVE[operator]:
        assert holds(operator, wanted, given) is expected, (wanted, given)
        if operator != "Null":
            assert holds(f"{operator}IfExists", wanted, given) is (expected or given is None), (wanted, given)


@pytest.mark.parametrize("operator", NEGATED)
def test_negated(operator: str) -> None:
    positive = NEGATED[operator]
    for wanted, given, fits in POSITIVE[positive]:
        unparsable = (positive, wanted) in NEVER if isinstance(wanted, str) else False
        unparsable |= positive.startswith("Arn") and given == "role/app"
        expected = given is None or (not fits and not unparsable)
        assert holds(operator, wanted, given) is expected, (wanted, given)
        assert holds(f"{operator}IfExists", wanted, given) is expected, (wanted, given)


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
    statement = {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": {operator: {"kms:EncryptionContext:App": "x"}},
    }
    policy = read_policy(
        json.dumps({"Version": "2012-10-17", "Statement": statement}), kind=PolicyKind.IDENTITY
    )
    test = ContextTest(policy.statements[0].conditions[0])
    context = canonical_context({"kms:EncryptionContext:APP": "y", "kms:encryptioncontext:app": "x"})
    assert test.holds(context) is expected
