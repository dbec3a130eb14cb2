"""What the engine keeps, and how it shows itself."""

from __future__ import annotations

import pytest

from policy_engine import Bundle, BundleError, PolicyEngine, Request
from policy_engine.engine.context import _OWN, _SPELLINGS, canonical_context
from policy_engine.errors import Diagnostic
from tests.engine.world import KEY, ROLE


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
