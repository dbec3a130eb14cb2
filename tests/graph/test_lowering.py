"""Rows from policies and grants."""

from __future__ import annotations

import pytest

from policy_engine import Grant
from policy_engine.calls.principals import parse_principal
from policy_engine.conditions.encryption_context import GrantTokenTest
from policy_engine.graph.lowering import account_of, context_test, lower_grant
from policy_engine.graph.tests import SharedTests
from policy_engine.span import Source, Span
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


def test_a_grant_without_a_token_takes_none() -> None:
    for token, taken in ((None, ()), ("", ()), ("t", ("t",))):
        (row,) = lower_grant(Grant("g", ROLE + "a", ("Decrypt",), pending=True, token=token), SharedTests())
        (test,) = row.tests
        assert isinstance(test, GrantTokenTest)
        assert test.tokens == taken


def test_what_is_no_principal_covers_nobody() -> None:
    (row,) = lower_grant(Grant("g", "AWS Internal", ("Decrypt",)), SharedTests())
    assert row.grantee.match(parse_principal(ROLE + "a")) is None


def test_a_grant_s_principal_stands_where_the_grant_does() -> None:
    span = Span(Source("grants.json", "{}"), 0, 2)
    (row,) = lower_grant(Grant("g", ROLE + "a", ("Decrypt",), span=span), SharedTests())
    element = row.grantee.test.element
    assert element is not None
    assert (element.span, element.entries[0].span) == (span, span)
