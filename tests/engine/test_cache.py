"""What the engine keeps, and how it shows itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policy_engine import Bundle, BundleError, KeyRecord, Outcome, PolicyEngine, Request
from policy_engine.engine.compiled import Compiled
from policy_engine.engine.context import _OWN, _SPELLINGS, canonical_context
from policy_engine.errors import Diagnostic
from tests.engine.world import KEY, ROLE, ROOT, allow, deny, policy, role

if TYPE_CHECKING:
    from policy_engine.graph.code import Answer
    from policy_engine.model.request import RequestContext


def test_what_is_kept_is_bounded(engine: PolicyEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policy_engine.engine.compiled.MOST", 2)
    context = {"kms:EncryptionContext:tenant": "acme"}
    for name in ("batch", "app", "nobody", "app"):
        outcome = engine.decide(ROLE + name, "kms:Decrypt", KEY, context)
        assert (outcome == "allowed") is (name != "nobody")
        ask = engine.bind(ROLE + name)
        assert [ask("kms:Decrypt", KEY, context) for _ in range(3)] == [outcome] * 3
        assert engine.authorize(Request(ROLE + name, "kms:Decrypt", KEY, context)).outcome is outcome
        for table in (engine._decide, engine._decide_spelt, engine._answers):
            assert 1 <= sum(len(asked[KEY]) for asked in table.values()) <= 2


@pytest.fixture
def named(engine: PolicyEngine) -> PolicyEngine:
    """An engine whose key names roles one by one."""
    names = [allow(Principal={"AWS": ROLE + name}) for name in ("a", "b", "c", "d")]
    engine.put_key(KeyRecord(KEY, policy(*names)))
    return engine


def allowed(engine: PolicyEngine, name: str) -> bool:
    return engine.decide(ROLE + name, "kms:Decrypt", KEY, {}) is Outcome.ALLOWED


def test_the_callers_that_are_remembered_are_bounded(
    named: PolicyEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policy_engine.engine.policy_engine.MOST_CALLERS", 2)
    for name in ("a", "d", "e", "b", "a"):
        assert allowed(named, name) is (name != "e")
        assert 1 <= len(named._callers) <= 2


def test_what_is_remembered_of_each_caller_is_bounded(
    named: PolicyEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bound in range(1, 5):
        monkeypatch.setattr("policy_engine.graph.residual.MOST_MATCHES", bound)
        named.forget_questions()
        for name in ("a", "d", "e", "b"):
            assert allowed(named, name) is (name != "e")
            assert len(named._callers[ROLE + name].matches) == {1: 1, 2: 2, 3: 1, 4: 4}[bound]


def test_questions_that_were_forgotten_are_answered_as_before(engine: PolicyEngine) -> None:
    context = {"kms:EncryptionContext:tenant": "acme"}
    asked = [(ROLE + name, "kms:Decrypt", KEY, context) for name in ("app", "batch", "nobody")]
    before = engine.decide_many(asked)
    assert before == [Outcome.ALLOWED, Outcome.ALLOWED, Outcome.IMPLICIT_DENY]
    engine.forget_questions()
    assert not engine._decide
    assert engine.decide_many(asked) == before


SPELT = {"X:Tenant": "acme", "aws:requesttag/Owner": "acme"}
AS_TAGGED = {"StringEquals": {"x:tenant": "${aws:RequestTag/Owner}"}}
TENANT = {"StringEquals": {"x:tenant": "acme"}}


@pytest.mark.parametrize(
    ("action", "condition", "by_spelling"),
    [
        ("kms:Decrypt", TENANT, True),
        ("kms:Decrypt", AS_TAGGED, False),
        ("s3:GetObject", TENANT, True),
        ("s3:GetObject", AS_TAGGED, False),
    ],
)
def test_a_context_as_it_is_spelt_is_read_so_where_its_keys_are_asked_about_one_by_one(
    action: str, condition: dict[str, object], by_spelling: bool
) -> None:
    record = role("app", allow(Action=action, Condition=condition))
    key = KeyRecord(KEY, policy(allow(Principal=ROOT)))
    engine = PolicyEngine(Bundle({KEY: key}, {record.arn: record}))
    ask = engine.bind(record.arn)
    for context, outcome in (
        (SPELT, Outcome.ALLOWED),
        ({**SPELT, "X:Tenant": "b"}, Outcome.IMPLICIT_DENY),
    ):
        assert [ask(action, KEY, context) for _ in range(3)] == [outcome] * 3
    assert bool(engine._decide_spelt) is by_spelling


def test_what_cannot_read_a_context_as_it_is_spelt_is_not_found_there(engine: PolicyEngine) -> None:
    engine.put_key(KeyRecord(KEY, policy(allow(Principal="*", Condition=AS_TAGGED))))
    engine.decide(ROLE + "x", "kms:Decrypt", KEY, {})
    compiled = engine._compiled.find(ROLE + "x", "kms:Decrypt", KEY)
    assert compiled is not None
    engine._compiled.put_spelt(ROLE + "x", "kms:Decrypt", KEY, compiled)
    assert not engine._decide_spelt


def test_a_function_that_a_change_has_overtaken_answers_nothing(
    engine: PolicyEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Compiled.decide_spelt.fget
    assert made is not None

    def while_the_policy_changes(compiled: Compiled) -> object:
        function = made(compiled)
        engine.put_key(KeyRecord(KEY, policy(deny(Principal="*"))))
        return function

    ask, context = engine.bind(ROLE + "app"), {"kms:EncryptionContext:tenant": "acme"}
    canonical_context(context)  # how it is spelt is known from now on
    monkeypatch.setattr(Compiled, "decide_spelt", property(while_the_policy_changes))
    assert ask("kms:Decrypt", KEY, context) is Outcome.ALLOWED
    assert ask("kms:Decrypt", KEY, context) is Outcome.EXPLICIT_DENY


def test_an_answer_that_a_change_has_overtaken_is_not_kept(
    engine: PolicyEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Compiled.answer

    def while_the_policy_changes(compiled: Compiled, context: RequestContext) -> Answer:
        answer = made(compiled, context)
        engine.put_key(KeyRecord(KEY, policy(deny(Principal="*"))))
        return answer

    monkeypatch.setattr(Compiled, "answer", while_the_policy_changes)
    request = Request(ROLE + "app", "kms:Decrypt", KEY, {"kms:EncryptionContext:tenant": "acme"})
    assert engine.authorize(request).outcome is Outcome.ALLOWED
    assert engine.authorize(request).outcome is Outcome.EXPLICIT_DENY


def test_a_key_that_was_always_there_may_be_missing(engine: PolicyEngine) -> None:
    acme = {"kms:EncryptionContext:tenant": "acme"}
    for context, outcome in (
        (acme, "allowed"),
        ({}, "implicitDeny"),
        (acme, "allowed"),
        ({}, "implicitDeny"),
    ):
        assert engine.decide(ROLE + "app", "kms:Decrypt", KEY, context) == outcome
        assert engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY, context)).outcome == outcome


def test_what_is_too_large_for_a_function_is_decided_by_the_graph(
    engine: PolicyEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policy_engine.graph.code.MOST_CONSTANTS", 0)
    for tenant, outcome in (("acme", "allowed"), ("other", "implicitDeny")):
        context = {"kms:EncryptionContext:tenant": tenant}
        assert engine.decide(ROLE + "app", "kms:Decrypt", KEY, context) == outcome
        decision = engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY, context))
        assert decision.outcome == outcome
        assert [origin.layer for origin in decision.determining] == ["key", "identity"] * decision.allowed


def test_the_spellings_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policy_engine.engine.context._MOST_SPELLINGS", 2)
    for number in range(5):
        assert canonical_context({f"X:K{number}": "a"}) == {f"x:k{number}": "a"}
        assert 1 <= len(_SPELLINGS) <= 2
        assert len(_OWN) <= 2


def test_a_bundle_with_faults_makes_no_engine() -> None:
    fault = Diagnostic("duplicate-definition", "the key stands twice", None, "remove one of them")
    with pytest.raises(BundleError, match="nothing is decided from it") as caught:
        PolicyEngine(Bundle(diagnostics=(fault,)))
    assert fault in caught.value.diagnostics


def test_an_engine_says_how_many_keys_it_has(engine: PolicyEngine) -> None:
    assert repr(engine) == "<PolicyEngine with 1 keys>"
