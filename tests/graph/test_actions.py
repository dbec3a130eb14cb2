"""Whether an element covers an action, its empty forms included."""

from __future__ import annotations

import pytest

from policy_engine.graph.actions import LONGEST_ACTION, ActionTest, OperationTest, _covers
from policy_engine.model.policy import Effect, PolicyKind
from tests.engine.world import allow, policy

ALLOW, DENY = Effect.ALLOW, Effect.DENY


def covers(actions: object, effect: Effect, *, negated: bool = False) -> bool:
    name = "NotAction" if negated else "Action"
    read = policy({"Effect": effect, name: actions, "Resource": "*"}, kind=PolicyKind.IDENTITY)
    return ActionTest(read.statements[0].action, effect).covers("kms:decrypt")


@pytest.mark.parametrize("effect", [ALLOW, DENY])
@pytest.mark.parametrize(
    ("actions", "listed"),
    [
        ("kms:Decrypt", True),
        ("KMS:DECRYPT", True),
        (["kms:Sign", "kms:De*"], True),
        ("kms:Decryp?", True),
        ("*", True),
        ("kms:Sign", False),
        ("kms:Decryp", False),
        ("kms:Decrypt?", False),
    ],
)
def test_an_action_is_listed_or_not(actions: object, effect: Effect, listed: bool) -> None:
    assert covers(actions, effect) is listed
    assert covers(actions, effect, negated=True) is not listed


def test_an_empty_list_covers_nothing_but_for_a_deny_of_all_that_is_not_listed() -> None:
    assert not covers([], ALLOW)
    assert not covers([], DENY)
    assert not covers([], ALLOW, negated=True)
    assert covers([], DENY, negated=True)


def test_a_missing_element_covers_nothing() -> None:
    assert ActionTest(None, ALLOW).covers("kms:decrypt") is False
    assert ActionTest(None, DENY).covers("kms:decrypt") is False


def test_of_a_long_action_nothing_is_remembered() -> None:
    read = policy(allow(Action=["kms:De*", "kms:Sign"]), kind=PolicyKind.IDENTITY)
    test = ActionTest(read.statements[0].action)
    longest = "kms:de".ljust(LONGEST_ACTION, "x")
    for action, is_remembered in ((longest, True), (longest + "x", False)):
        before = _covers.cache_info().misses
        assert test.covers(action)
        assert test.covers(action)
        assert _covers.cache_info().misses - before == is_remembered
        assert not test.covers(action.replace("de", "en"))


def test_the_operations_of_a_grant() -> None:
    test = OperationTest(("Decrypt", "Sign"))
    assert test.covers("kms:decrypt")
    assert not test.covers("kms:encrypt")
    assert not test.covers("decrypt")
