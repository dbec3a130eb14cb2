"""What came closest, and the changes that flip a denial: each one is tried again here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from policy_engine import Grant, GrantConstraints, Outcome, PolicyEngine, Request
from policy_engine.explain import explain
from policy_engine.explain.explanation import Element, Explanation, Side
from policy_engine.explain.request_changes import Change
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy
from tests.explain.world import (
    ACCOUNT,
    APP,
    BATCH,
    CONTEXT,
    IDENTITY_POLICY,
    KEY,
    KEY_POLICY,
    OPS,
    ask,
    holder,
    orders_key,
    world,
)

if TYPE_CHECKING:
    from policy_engine.model.request import ContextInput

TENANT = CONTEXT + "tenant"
USER = f"arn:aws:iam::{ACCOUNT}:user/alice"


def changes(explanation: Explanation, side: Side) -> list[str]:
    return [fix.change for miss in explanation.misses for fix in miss.fixes if fix.side is side]


def with_condition(condition: str) -> PolicyEngine:
    """The world with another condition in role app's policy."""
    text = IDENTITY_POLICY.replace(f'"StringEquals": {{"{TENANT}": "acme"}}', condition)
    assert text != IDENTITY_POLICY
    return world(principals=(holder(APP, text),))


def test_what_is_sent_for_a_fix_is_what_the_policy_lists() -> None:
    explanation = ask(APP, "kms:Decrypt", {TENANT: "Acme"})
    assert changes(explanation, Side.REQUEST) == ["send --encryption-context tenant=acme"]
    assert changes(explanation, Side.POLICY) == [f'add "Acme" to the values of StringEquals {TENANT}']
    fixed = IDENTITY_POLICY.replace('"acme"', '["acme", "Acme"]')
    engine = world(principals=(holder(APP, fixed),))
    assert engine.authorize(Request(APP, "kms:Decrypt", KEY, {TENANT: "Acme"})).allowed


@pytest.mark.parametrize(
    ("condition", "context", "change"),
    [
        ('"Bool": {"aws:SecureTransport": "true"}', {}, "call with aws:SecureTransport = true"),
        ('"Null": {"aws:SourceVpce": "true"}', {"aws:SourceVpce": "vpce-1"}, "call without aws:SourceVpce"),
        (
            '"StringNotEquals": {"aws:SourceVpce": "v"}',
            {"aws:SourceVpce": "v"},
            "call without aws:SourceVpce",
        ),
        (
            '"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}',
            {},
            "call through s3.us-east-1.amazonaws.com (kms:ViaService)",
        ),
        (
            '"StringEquals": {"kms:EncryptionContext:a": "1", "kms:EncryptionContext:b": "2"}',
            {"kms:EncryptionContext:A": "x"},
            "send --encryption-context a=1 and send --encryption-context b=2",
        ),
    ],
)
def test_changes_of_the_request(condition: str, context: dict[str, str], change: str) -> None:
    explanation = ask(APP, "kms:Decrypt", context, engine=with_condition(condition))
    assert explanation.decision.outcome is Outcome.IMPLICIT_DENY
    assert changes(explanation, Side.REQUEST) == [change]


@pytest.mark.parametrize(
    "condition",
    [
        f'"StringLike": {{"{TENANT}": "acme-*"}}',
        f'"Null": {{"{TENANT}": "false"}}',
        '"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/other"}',
    ],
)
def test_no_value_is_invented_and_no_fact_is_changed(condition: str) -> None:
    explanation = ask(APP, "kms:Decrypt", engine=with_condition(condition))
    assert explanation.misses[0].distance == 1
    assert changes(explanation, Side.REQUEST) == []


def test_a_value_with_a_wildcard_is_never_added_to_a_policy() -> None:
    explanation = ask(APP, "kms:Decrypt", {TENANT: "a*"})
    assert changes(explanation, Side.POLICY) == []


def test_a_miss_that_needs_another_row_too_counts_both() -> None:
    boundary = '{"Statement": {"Sid": "Cap", "Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*"}}'
    engine = world(principals=(holder(APP, boundary=boundary),))
    explanation = ask(APP, "kms:Decrypt", {TENANT: "x"}, engine=engine)
    assert [(miss.row.origin.label, miss.distance) for miss in explanation.misses] == [
        ("identity:0", 2),
        ("boundary:0", 2),
    ]
    assert [other.origin.sid for other in explanation.misses[0].others] == ["Cap"]
    assert changes(explanation, Side.POLICY) == []
    met = ask(APP, "kms:Decrypt", {TENANT: "acme"}, engine=engine)
    assert [miss.row.origin.sid for miss in met.misses] == ["Cap"]
    assert changes(met, Side.POLICY) == ['add "kms:Decrypt" to the actions']


def test_a_session_policy_is_a_place_for_a_fix_and_an_scp_is_not() -> None:
    cap = '{"Statement": {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*"}}'
    session = read_policy(cap, kind=PolicyKind.SESSION)
    engine = world(principals=(replace(holder(APP), session_policies=(session,)),))
    assert changes(ask(APP, "kms:Decrypt", {TENANT: "acme"}, engine=engine), Side.POLICY) == [
        'add "kms:Decrypt" to the actions'
    ]


def test_a_resource_that_is_not_listed() -> None:
    other = IDENTITY_POLICY.replace(KEY, KEY.replace("1234abcd-", "ffffffff-"))
    explanation = ask(APP, "kms:Decrypt", {TENANT: "acme"}, engine=world(principals=(holder(APP, other),)))
    assert [check.element for check in explanation.misses[0].row.unmet] == [Element.RESOURCE]
    assert changes(explanation, Side.POLICY) == [f'add "{KEY}" to the resources']


def test_a_grant_is_a_miss_with_its_constraint() -> None:
    explanation = ask(BATCH, "kms:Decrypt", {CONTEXT + "Tenant": "ACME"})
    (miss,) = explanation.misses
    assert miss.row.is_grant
    assert miss.row.unmet[0].wanted == ("tenant=acme",)
    assert miss.row.unmet[0].got == ("Tenant=ACME",)
    assert miss.row.unmet[0].note == "the constraint is case-sensitive"
    assert changes(explanation, Side.REQUEST) == ["send --encryption-context tenant=acme"]


def test_an_exact_constraint_leaves_other_pairs_out() -> None:
    grant = Grant("g", USER, ("Decrypt",), GrantConstraints(encryption_context_equals={"a": "1"}))
    engine = world(replace(orders_key(), grants=(grant,)))
    explanation = ask(USER, "kms:Decrypt", {CONTEXT + "a": "1", CONTEXT + "b": "2"}, engine=engine)
    assert (
        explanation.misses[0].row.unmet[0].note
        == "the encryption context must hold these pairs and no others"
    )
    assert changes(explanation, Side.REQUEST) == ["leave the pair `b` out of the encryption context"]


def test_a_pending_grant_wants_its_token() -> None:
    grant = Grant("g", USER, ("Decrypt",), pending=True, token="tok")
    engine = world(replace(orders_key(), grants=(grant,)))
    denied = ask(USER, "kms:Decrypt", engine=engine)
    assert changes(denied, Side.REQUEST) == ["present the grant token tok"]
    assert ask(USER, "kms:Decrypt", engine=engine, tokens=("tok",)).path == "grant"


def test_a_grant_is_one_miss_though_it_has_two_rows() -> None:
    grant = Grant(
        "g", USER, ("Decrypt", "DescribeKey"), GrantConstraints(encryption_context_subset={"a": "1"})
    )
    engine = world(replace(orders_key(), grants=(grant,)))
    explanation = ask(USER, "kms:Decrypt", engine=engine)
    assert [miss.row.origin.grant_id for miss in explanation.misses] == ["g"]
    assert explanation.misses[0].row.unmet[0].element is Element.CONDITION


def test_every_deny_that_matches_must_stop_matching() -> None:
    second = KEY_POLICY.replace("DenyNoMFA", "DenyVpce").replace(
        '{"Bool": {"aws:MultiFactorAuthPresent": "false"}}',
        '{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}',
    )
    key = replace(orders_key(), shared_policy=read_policy(second, kind=PolicyKind.KEY))
    context: ContextInput = {TENANT: "acme", "aws:MultiFactorAuthPresent": False}
    explanation = ask(APP, "kms:Decrypt", context, engine=world(key))
    assert explanation.decision.outcome is Outcome.EXPLICIT_DENY
    assert [miss.distance for miss in explanation.misses] == [2, 2]
    assert explanation.misses[0].fixes[0].change == (
        "call with aws:MultiFactorAuthPresent = true and call with aws:SourceVpce = vpce-1"
    )


def test_a_deny_without_conditions_has_no_fix() -> None:
    always = KEY_POLICY.replace(',\n      "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}', "")
    assert always != KEY_POLICY
    explanation = ask(APP, "kms:Decrypt", {TENANT: "acme"}, engine=world(orders_key(always)))
    assert explanation.decision.outcome is Outcome.EXPLICIT_DENY
    assert explanation.misses[0].fixes == ()


def test_a_statement_of_other_services_is_no_near_miss() -> None:
    s3 = '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
    explanation = ask(APP, "kms:Decrypt", engine=world(principals=(holder(APP, s3),)))
    assert explanation.misses == ()


def test_explaining_does_not_change_the_engine() -> None:
    engine = world()
    request = Request(APP, "kms:Decrypt", KEY, {TENANT: "Acme"})
    before = engine.authorize(request)
    assert explain(engine, request).misses[0].fixes
    assert engine.authorize(request) == before


def test_a_change_replaces_a_key_whatever_its_spelling() -> None:
    request = Request(OPS, "kms:Decrypt", KEY, {"KMS:encryptioncontext:TENANT": "x", "aws:a": "1"})
    changed = Change(send=((TENANT, "acme"),), leave_out=("AWS:A",), tokens=("t",)).apply(request)
    assert changed.context == {TENANT: "acme"}
    assert changed.grant_tokens == ("t",)


def test_what_holds_and_does_not_suffice_is_told() -> None:
    denied = ask(APP, "kms:Decrypt", {TENANT: "Acme"})
    assert [row.origin.label for row in denied.held] == ["key:0"]
    assert ask(APP, "kms:Decrypt", {TENANT: "acme"}).held == ()
    refused = ask(APP, "kms:Decrypt", {TENANT: "acme", "aws:MultiFactorAuthPresent": False})
    assert refused.held == ()
    cap = '{"Statement": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}}'
    empty = '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
    engine = world(principals=(holder(APP, empty, boundary=cap),))
    assert [row.origin.label for row in ask(APP, "kms:Decrypt", engine=engine).held] == ["key:0"]
