"""Whether anybody at all can change a key policy.

Asked of the decision graph for kms:PutKeyPolicy: for whoever the policy names, administrators of the account
that it delegates to, and the root user. Grants cannot give kms:PutKeyPolicy. AWS services are not asked: they
change no key policies for their own account.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy_engine.analysis.callers import Place, give_everything, insiders
from policy_engine.analysis.standpoint import possible_keys
from policy_engine.analysis.witness import Search, find_witness
from policy_engine.engine.policy_engine import PolicyEngine
from policy_engine.graph.actions import ActionTest
from policy_engine.model.bundle import KeyRecord
from policy_engine.model.policy import Effect
from policy_engine.model.request import Request
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from policy_engine.model.policy import Policy, Statement
    from policy_engine.model.principal import Principal

PUT_KEY_POLICY = "kms:PutKeyPolicy"


@dataclass(frozen=True, slots=True)
class Lockout:
    """Nobody can change a key policy.

    Attributes:
        denies: the Deny statements without which somebody could; empty where nothing allows it.
        complete: whether everything was tried; otherwise nothing is proved.
    """

    denies: tuple[Statement, ...] = ()
    complete: bool = True


def find_lockout(policy: Policy, key_arn: str | None = None) -> Lockout | None:
    """Whether a key policy locks everybody out, from every standpoint; None where somebody can change it.

    Args:
        policy: the key policy.
        key_arn: the key that it belongs to, where that is known.
    """
    search = who_can_administer(policy, key_arn)
    if search.witness is not None:
        return None
    if not search.complete:
        return Lockout(complete=False)
    return Lockout(_denies_to_blame(policy, key_arn))


def who_can_administer(policy: Policy, key_arn: str | None = None) -> Search:
    """Search for a request for kms:PutKeyPolicy that a key policy allows, from any standpoint."""
    complete = True
    for key in possible_keys(policy, key_arn):
        search = _search(policy, key)
        if search.witness is not None:
            return search
        complete = complete and search.complete
    return Search(None, complete)


def _search(policy: Policy, key: str) -> Search:
    """Ask for each Allow statement by itself, with every Deny: what allows is a union."""
    arn = parse_arn(key)
    callers = list(insiders(policy, Place(arn.partition, arn.account) if arn else Place("aws", "")))
    denies = tuple(s for s in policy.statements if s.effect is Effect.DENY)
    complete = True
    for statement in policy.statements:
        if statement.effect is Effect.ALLOW and allows_to_put(statement):
            alone = replace(policy, statements=(*denies, statement))
            search = _by_statement(alone, statement, key, callers)
            if search.witness is not None:
                return search
            complete = complete and search.complete
    return Search(None, complete)


def _by_statement(policy: Policy, statement: Statement, key: str, callers: list[Principal]) -> Search:
    engine = PolicyEngine()
    engine.put_key(KeyRecord(key, policy=policy))
    complete = True
    for principal in callers:
        give_everything(engine, principal)
        request = Request(principal, PUT_KEY_POLICY, key)
        search = find_witness(engine, request, required=statement.conditions)
        if search.witness is not None:
            return search
        complete = complete and search.complete
    return Search(None, complete)


def allows_to_put(statement: Statement) -> bool:
    """Whether a statement's actions cover kms:PutKeyPolicy."""
    return ActionTest(statement.action).covers(PUT_KEY_POLICY.lower())


def _denies_to_blame(policy: Policy, key_arn: str | None) -> tuple[Statement, ...]:
    """The denies that alone keep somebody out; all where only together they do; none where no allow is."""
    denies = tuple(s for s in policy.statements if s.effect is Effect.DENY)
    if not denies or who_can_administer(_without(policy, denies), key_arn).witness is None:
        return ()
    alone = tuple(
        s for s in denies if who_can_administer(_without(policy, (s,)), key_arn).witness is not None
    )
    return alone or denies


def _without(policy: Policy, statements: tuple[Statement, ...]) -> Policy:
    return replace(policy, statements=tuple(s for s in policy.statements if s not in statements))
