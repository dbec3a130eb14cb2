"""Explanations of RetireGrant and of CreateGrant by way of a grant, and of a grant's source."""

from __future__ import annotations

from dataclasses import replace

from policy_engine import Grant, GrantConstraints, Request
from policy_engine.explain import explain
from policy_engine.explain.explanation import Element
from policy_engine.explain.text import render
from policy_engine.model.decision import Outcome
from tests.explain.world import BATCH, KEY, OPS, orders_key, world

RETIRER = "arn:aws:iam::111122223333:role/batch-retirer"
SERVICE = "dynamodb.amazonaws.com"
SOURCE = "arn:aws:dynamodb:us-east-1:111122223333:table/orders"
PARENT = Grant("parent", BATCH, ("CreateGrant", "Decrypt"))


def test_who_retires_a_grant_is_named_with_its_checks() -> None:
    found = explain(world(), Request(RETIRER, "kms:RetireGrant", KEY))
    assert (found.decision.outcome, found.path) == (Outcome.ALLOWED, "grant")
    (row,) = found.why
    assert row.is_grant
    assert [(c.element, c.met) for c in row.checks] == [(Element.PRINCIPAL, True), (Element.ACTION, True)]
    assert row.of(Element.PRINCIPAL)[0].wanted == (RETIRER,)
    assert f"Retiring    {RETIRER}" in render(found)
    assert "Operations  RetireGrant" in render(found)


def test_who_cannot_retire_a_grant_is_told_what_is_missing() -> None:
    found = explain(world(), Request(OPS, "kms:RetireGrant", KEY))
    assert found.decision.outcome is Outcome.IMPLICIT_DENY
    missed = next(miss for miss in found.misses if miss.row.is_grant)
    assert [check.element for check in missed.row.unmet] == [Element.PRINCIPAL]


def test_the_grant_to_retire_is_what_the_key_says_it_is() -> None:
    other = Grant("other", BATCH, ("Decrypt",), retiring_principal=OPS)
    engine = world(replace(orders_key(), grants=(other, replace(other, grant_id="another"))))
    named = replace(other, retiring_principal=None)
    found = explain(engine, Request(OPS, "kms:RetireGrant", KEY, grant=named))
    assert [row.origin.label for row in found.why] == ["grant:other"]


def test_a_grant_that_the_key_does_not_have_is_not_retired() -> None:
    other = Grant("other", BATCH, ("Decrypt",), retiring_principal=OPS)
    found = explain(world(), Request(OPS, "kms:RetireGrant", KEY, grant=other))
    assert (found.decision.outcome, found.why, found.misses) == (Outcome.IMPLICIT_DENY, (), ())
    lines = render(found).splitlines()
    assert "warning: the key has no grant `other`, so nobody can retire it" in lines
    assert "because the key does not have the grant" in lines


def test_a_pending_grant_is_retired_by_its_token() -> None:
    pending = Grant("g", BATCH, ("Decrypt",), retiring_principal=OPS, pending=True, token="T")
    engine = world(replace(orders_key(), grants=(pending,)))
    assert explain(engine, Request(OPS, "kms:RetireGrant", KEY, grant_tokens=("T",))).decision.allowed
    found = explain(engine, Request(OPS, "kms:RetireGrant", KEY))
    assert [fix.change for miss in found.misses for fix in miss.fixes] == ["present the grant token T"]


def test_a_parent_that_is_too_narrow_is_told() -> None:
    engine = world(replace(orders_key(), grants=(PARENT,)))
    wider = Grant("", OPS, ("Decrypt", "Encrypt"))
    found = explain(engine, Request(BATCH, "kms:CreateGrant", KEY, grant=wider))
    assert [grant.grant_id for grant in found.too_narrow] == ["parent"]
    assert "not wide enough   grant parent: the grant to be made is wider" in render(found).splitlines()
    bare = explain(engine, Request(BATCH, "kms:CreateGrant", KEY))
    assert "the request does not say which grant is to be made" in render(bare)
    within = explain(
        engine, Request(BATCH, "kms:CreateGrant", KEY, grant=replace(wider, operations=("Decrypt",)))
    )
    assert (within.path, within.too_narrow) == ("grant", ())


def test_the_source_of_a_grant_is_a_check() -> None:
    grant = Grant("g", SERVICE, ("Decrypt",), GrantConstraints(source_arn=SOURCE))
    engine = world(replace(orders_key(), grants=(grant,)))

    def checked(source: str) -> tuple[bool, str]:
        found = explain(engine, Request(SERVICE, "kms:Decrypt", KEY, {"aws:SourceArn": source}))
        rows = [*found.why, *(miss.row for miss in found.misses)]
        (check,) = next(row for row in rows if row.is_grant).of(Element.CONDITION)
        assert (check.operator, check.wanted, check.got) == ("SourceArn", (SOURCE,), (source,))
        return check.met, render(found)

    met, text = checked(SOURCE)
    assert met
    assert f'Constraint  SourceArn aws:SourceArn = "{SOURCE}"' in text
    met, text = checked(SOURCE.upper())
    assert not met
    assert "the constraint is case-sensitive" in text
