"""Rows from policies and grants."""

from __future__ import annotations

import pytest

from policy_engine import Grant, GrantConstraints
from policy_engine.calls.principals import parse_principal
from policy_engine.conditions.encryption_context import GrantTokenTest
from policy_engine.conditions.test import ContextTest
from policy_engine.graph.lowering import (
    account_of,
    context_test,
    lower_grant,
    lower_policies,
    lower_policy,
    lower_retirement,
)
from policy_engine.graph.tests import SharedTests
from policy_engine.span import Source, Span
from tests.engine.world import ROLE, allow, deny, policy


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
    assert account_of(principal, "aws") == account
    assert account_of(principal, None) == account
    in_another = account if principal == account else None  # a bare number has no partition
    assert account_of(principal, "aws-cn") == in_another


def test_a_grant_is_named_by_its_name_or_its_id() -> None:
    tests = SharedTests()
    for name, shown in (("nightly", "nightly"), (None, "g-1")):
        (row,) = lower_grant(Grant("g-1", ROLE + "a", ("Decrypt",), name=name), tests)
        assert (row.origin.policy, row.origin.grant_id, row.origin.label) == (shown, "g-1", "grant:g-1")
        assert (row.origin.layer, row.origin.document, row.origin.index) == ("grant", (), 0)


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
    for given, expected in ((span, "grants.json:1:1"), (None, "<grant>:1:1")):
        (row,) = lower_grant(Grant("g", ROLE + "a", ("Decrypt",), span=given), SharedTests())
        element = row.grantee.test.element
        assert element is not None
        assert str(element.span) == str(element.entries[0].span) == expected


def test_constraints_bind_the_operations_that_have_an_encryption_context_and_a_source() -> None:
    """Rules 44 and 46."""
    constraints = GrantConstraints(encryption_context_subset={"a": "b"}, source_arn="arn:aws:s3:::b")
    operations = ("Decrypt", "DescribeKey", "CreateGrant", "RetireGrant")
    rows = lower_grant(Grant("g", ROLE + "a", operations, constraints), SharedTests())
    asked = {
        operation: [type(test).__name__ for row in rows if row.actions.covers(f"kms:{operation}".lower()) for test in row.tests]
        for operation in operations
    }  # fmt: skip
    assert asked == {
        "Decrypt": ["EncryptionContextTest", "ContextTest"],
        "DescribeKey": ["ContextTest"],
        "CreateGrant": ["ContextTest"],
        "RetireGrant": [],
    }


def test_only_a_grantee_with_the_right_and_the_retiring_principal_retire() -> None:
    for operations, retiring, expected in (
        (("Decrypt",), None, []),
        (("Decrypt", "RetireGrant"), None, [ROLE + "a"]),
        (("Decrypt",), ROLE + "b", [ROLE + "b"]),
        (("RetireGrant",), ROLE + "b", [ROLE + "b", ROLE + "a"]),
    ):
        rows = lower_retirement(Grant("g", ROLE + "a", operations, retiring_principal=retiring))
        elements = [row.grantee.test.element for row in rows]
        assert [entry.value for element in elements if element for entry in element.entries] == expected
        assert all(row.actions.covers("kms:retiregrant") and not row.tests for row in rows)
        assert not any(row.actions.covers("kms:decrypt") for row in rows)


def test_a_row_knows_its_statement() -> None:
    read = policy(allow(Sid="a", Principal="*"), deny(Sid="b", Principal="*"))
    rows = lower_policy(read, (3,), SharedTests())
    assert [row.statement for row in rows] == list(read.statements)
    assert rows[1].saying(read.statements[0]).statement == read.statements[0]
    assert [row.origin.label for row in rows] == ["key[3]:0", "key[3]:1"]
    assert [(row.origin.sid, row.origin.policy) for row in rows] == [("a", "default"), ("b", "default")]


def test_policies_of_a_layer_are_numbered_where_there_are_several() -> None:
    one, two = (policy(allow(Principal="*"), name=name) for name in ("a", "b"))
    assert [row.origin.label for row in lower_policies([one], SharedTests())] == ["key:0"]
    labels = [(row.origin.label, row.origin.policy) for row in lower_policies([one, two], SharedTests())]
    assert labels == [("key[0]:0", "a"), ("key[1]:0", "b")]


def test_a_constraint_on_the_source_stands_where_the_grant_does() -> None:
    span = Span(Source("grants.json", "{}"), 0, 2)
    for given, expected in ((span, "grants.json:1:1"), (None, "<grant>:1:1")):
        grant = Grant(
            "g", ROLE + "a", ("Decrypt",), GrantConstraints(source_arn="arn:aws:s3:::b"), span=given
        )
        (row,) = lower_grant(grant, SharedTests())
        (test,) = row.tests
        assert isinstance(test, ContextTest)
        assert str(test.condition.span) == str(test.condition.values[0].span) == expected
