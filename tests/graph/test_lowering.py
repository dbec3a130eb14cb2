"""Rows from policies and grants."""

from __future__ import annotations

import pytest

from policy_engine import Grant
from policy_engine.graph.lowering import account_of, context_test, lower_grant
from policy_engine.graph.tests import SharedTests
from tests.engine.world import ROLE


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


def test_a_grant_is_named_by_its_name_or_its_id() -> None:
    tests = SharedTests()
    for name, shown in (("nightly", "nightly"), (None, "g-1")):
        (row,) = lower_grant(Grant("g-1", ROLE + "a", ("Decrypt",), name=name), tests)
        assert (row.origin.policy, row.origin.grant_id, row.origin.label) == (shown, "g-1", "grant:g-1")
