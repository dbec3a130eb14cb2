"""Rows from policies and grants."""

from __future__ import annotations

import pytest

from policy_engine.graph.lowering import account_of, context_test


def test_a_test_that_no_policy_spells_has_a_known_operator() -> None:
    test = context_test("StringEquals", "aws:SourceArn", "a*")
    assert test.holds({"aws:SourceArn": "a*"})
    assert not test.holds({"aws:SourceArn": "ab"})
    with pytest.raises(KeyError, match="StringIsh"):
        context_test("StringIsh", "aws:SourceArn", "a")


@pytest.mark.parametrize(
    ("principal", "account"),
    [
        ("111122223333", "111122223333"),
        ("arn:aws:iam::111122223333:root", "111122223333"),
        ("arn:aws:iam::111122223333:role/root", None),
        ("arn:aws:sts::111122223333:root", None),
        ("s3.amazonaws.com", None),
        ("somebody", None),
        (None, None),
    ],
)
def test_the_account_of_an_account_principal(principal: str | None, account: str | None) -> None:
    assert account_of(principal) == account
