"""What the engine keeps, and how it shows itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine import Request
from tests.engine.world import KEY, ROLE

if TYPE_CHECKING:
    import pytest

    from policy_engine import PolicyEngine


def test_what_is_kept_is_bounded(engine: PolicyEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policy_engine.engine.compiled.MOST", 2)
    context = {"kms:EncryptionContext:tenant": "acme"}
    for name in ("batch", "app", "nobody", "app"):
        outcome = engine.decide(ROLE + name, "kms:Decrypt", KEY, context)
        assert (outcome == "allowed") is (name != "nobody")
        assert engine.authorize(Request(ROLE + name, "kms:Decrypt", KEY, context)).outcome is outcome
        for table in (engine._decide, engine._decide_spelt, engine._answers):
            assert 1 <= sum(len(callers) for callers in table[KEY].values()) <= 2


def test_an_engine_says_how_many_keys_it_has(engine: PolicyEngine) -> None:
    assert repr(engine) == "<PolicyEngine with 1 keys>"
