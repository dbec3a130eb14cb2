"""Explanations where something is not known: a context key, or a part of a policy that a deployment fills in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from policy_engine import Request
from policy_engine.explain import explain
from policy_engine.explain.document import document
from policy_engine.explain.explanation import Element
from policy_engine.explain.schema import SCHEMAS
from policy_engine.explain.text import oneline, render
from policy_engine.model.decision import Outcome
from policy_engine.model.opaque import Opaque
from policy_engine.model.policy import Effect, Policy
from tests.explain.world import APP, BATCH, CONTEXT, KEY, OPS, orders_key, world

if TYPE_CHECKING:
    from policy_engine.explain import Explanation
    from policy_engine.model.bundle import KeyRecord

MFA = "aws:MultiFactorAuthPresent"
TENANT = {f"{CONTEXT}tenant": "acme"}
LATER = Opaque("aws_iam_role.later.arn")


def ask(principal: str, action: str, *unknown: str, **context: str) -> Explanation:
    return explain(world(), Request(principal, action, KEY, dict(context)), unknown=unknown)


def asked_of(key: KeyRecord, principal: str, action: str, *unknown: str) -> Explanation:
    return explain(world(key), Request(principal, action, KEY, dict(TENANT)), unknown=unknown)


def changed(index: int, **elements: object) -> KeyRecord:
    """The orders key with one statement changed."""
    key = orders_key()
    assert isinstance(key.policy, Policy)
    statements = list(key.policy.statements)
    statements[index] = replace(statements[index], **elements)  # type: ignore[arg-type] # whichever are asked for
    return replace(key, policy=replace(key.policy, statements=tuple(statements)))


def element_of(index: int, name: str) -> Any:  # noqa: ANN401 - one of three classes
    key = orders_key()
    assert key.policy is not None
    return getattr(key.policy.statements[index], name)


def test_rows_that_hang_on_an_unknown_key() -> None:
    found = ask(APP, "kms:Decrypt", MFA, f"{CONTEXT}tenant")
    assert found.decision.outcome is Outcome.UNDETERMINED
    assert found.not_known == (MFA, f"{CONTEXT}tenant")
    rows = {row.origin.label: row.effect for row in found.depends_on}
    assert rows == {"identity:0": Effect.ALLOW, "key:2": Effect.DENY}
    assert all(check.unsettled for row in found.depends_on for check in row.unmet)
    assert (found.why, found.misses, found.path, found.near_denies) == ((), (), None, ())


def test_the_text_of_an_undetermined_answer() -> None:
    lines = render(ask(APP, "kms:Decrypt", MFA, **TENANT)).splitlines()
    assert lines[0].startswith("UNDETERMINED (it depends on what is not known)  kms:Decrypt")
    assert f"allowed where     not (Bool {MFA} [false])" in lines
    assert f"not known         {MFA}" in lines
    assert f'   ? keys/orders.json:18:5 Sid "DenyNoMFA"  Deny: Bool {MFA} = "false": not known' in lines
    assert "denies            1 of 1 Deny statement may match" in lines
    assert not [line for line in lines if line.startswith(("API error", "to allow it", "no deny matched"))]


def test_a_denial_that_holds_whatever_is_not_known_keeps_its_misses() -> None:
    found = ask(APP, "kms:Decrypt", MFA, **{f"{CONTEXT}tenant": "Acme"})
    assert found.decision.outcome is Outcome.IMPLICIT_DENY
    assert [miss.row.origin.label for miss in found.misses][:1] == ["identity:0"]
    # sending tenant=acme would leave it undetermined, so it is no fix
    assert not found.misses[0].fixes
    assert ask(APP, "kms:Decrypt", **{f"{CONTEXT}tenant": "Acme"}).misses[0].fixes


def test_a_certain_deny_beside_an_unknown_key() -> None:
    found = ask(APP, "kms:Decrypt", "aws:SourceIp", **{MFA: "false", **TENANT})
    assert [row.origin.label for row in found.why] == ["key:2"]
    assert found.allowed_but_for_denies


def test_an_allow_that_does_not_depend_on_the_unknown_key_says_so() -> None:
    found = ask(APP, "kms:Decrypt", "aws:SourceIp", **TENANT)
    assert found.decision.outcome is Outcome.ALLOWED
    assert "note: this is the answer whatever aws:SourceIp may be" in render(found).splitlines()


def test_a_grant_that_hangs_on_an_unknown_key() -> None:
    found = ask(BATCH, "kms:Decrypt", CONTEXT)
    (row,) = found.depends_on
    assert (row.is_grant, found.not_known) == (True, (f"{CONTEXT}tenant",))


@pytest.mark.parametrize("name", ["principal", "action", "resource"])
def test_an_element_that_is_not_known_yet(name: str) -> None:
    """The statement for ops, with one element that lists nothing but what a deployment fills in."""
    element = element_of(1, name)
    emptied = {"entries": ()} if name == "principal" else {"patterns": ()}
    key = changed(1, **{name: replace(element, opaque=(LATER,), **emptied)})
    found = asked_of(key, OPS, "kms:DescribeKey")
    assert found.decision.outcome is Outcome.UNDETERMINED
    assert found.not_known == (str(LATER),)
    (row,) = found.depends_on
    (check,) = row.unmet
    assert (check.element, check.wanted, check.unsettled) == (Element(name), (str(LATER),), True)
    assert f"{name} <aws_iam_role.later.arn>: not known" in render(found)


def test_a_negated_element_that_is_not_known_yet() -> None:
    principal = replace(element_of(2, "principal"), entries=(), negated=True, opaque=(LATER,))
    found = asked_of(changed(2, principal=principal, conditions=()), APP, "kms:Decrypt")
    assert found.decision.outcome is Outcome.UNDETERMINED
    (row,) = found.depends_on
    assert (row.effect, [check.negated for check in row.unmet]) == (Effect.DENY, [True])


def test_a_value_that_is_not_known_yet() -> None:
    (condition,) = element_of(2, "conditions")
    value = replace(condition.values[0], text="", opaque=LATER)
    key = changed(2, conditions=(replace(condition, values=(value,)),))
    found = explain(world(key), Request(APP, "kms:Decrypt", KEY, {MFA: "true", **TENANT}))
    assert found.not_known == (str(LATER),)
    assert f'Bool {MFA} = "<aws_iam_role.later.arn>": not known' in render(found)


def test_a_statement_that_may_not_count() -> None:
    found = asked_of(changed(2, conditions=(), opaque=(LATER,)), APP, "kms:Decrypt")
    assert found.decision.outcome is Outcome.UNDETERMINED
    assert "the statement, by <aws_iam_role.later.arn>: not known" in render(found)


@pytest.mark.parametrize("unknown", [(), (MFA,), (CONTEXT,)])
@pytest.mark.parametrize("effect", list(Effect))
def test_what_is_not_known_can_be_shown_and_written(unknown: tuple[str, ...], effect: Effect) -> None:
    key = changed(1, opaque=(LATER,), effect=effect)
    for principal in (APP, BATCH, OPS):
        for action in ("kms:Decrypt", "kms:DescribeKey", "kms:PutKeyPolicy"):
            found = asked_of(key, principal, action, *unknown)
            jsonschema.validate(document(found), SCHEMAS["check"]())
            assert render(found).partition(" ")[0] == oneline(found).partition(" ")[0]
            assert document(found)["expression"] == found.decision.expression
