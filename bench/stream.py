"""The stream of requests: drawn with a seed, and kept so that the outcomes come out in exact shares.

Candidates are drawn from the table below; the engine is asked, and a candidate is kept as long as its outcome
is still wanted: half allowed, a quarter implicitly and a quarter explicitly denied. Then they are shuffled.
Contexts are canonical, as the hot path takes them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.account import ACCOUNT, ORGANIZATION, REGION, TENANTS, key_arn, neighbour, role_arn, tenant
from policy_engine import Outcome, PolicyEngine

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.account import Size
    from policy_engine.model.request import ContextInput, RequestContext

    Question = tuple[str, str, str, RequestContext]
    """What `decide` takes: principal, action, resource, context."""

CRYPTOGRAPHIC = (
    *("kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext"),
    *("kms:ReEncryptFrom", "kms:ReEncryptTo"),
)
GRANTING = ("kms:CreateGrant", "kms:RevokeGrant", "kms:ListGrants")
MANAGING = (
    *("kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy", "kms:EnableKeyRotation"),
    *("kms:ScheduleKeyDeletion", "kms:ListResourceTags"),
)
ACTIONS = (*CRYPTOGRAPHIC, *GRANTING, *MANAGING)
"""Fifteen actions; the first ones are asked about the most."""
_WEIGHTS = (6, 5, 4, 3, 2, 2, *(1,) * (len(ACTIONS) - len(CRYPTOGRAPHIC)))
_OWN_KEYS = 0.2
"""The share of requests that go to a key of the caller's tenant on purpose."""
_ATTEMPTS = 1_000
"""How many candidates a kept request may cost, before the workload counts as one that has no such outcome."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who asks for what, by number, and the dice for the rest."""

    rng: random.Random
    principal: int
    key: int
    action: str

    def often(self, share: float, usual: str, other: str) -> str:
        """One of two values."""
        return usual if self.rng.random() < share else other


def _address(candidate: Candidate) -> str:
    rng = candidate.rng
    network = rng.choices(("10.20", "10.9", "192.168", "203.0"), (50, 25, 15, 10))[0]
    return f"{network}.{rng.randrange(256)}.{rng.randrange(256)}"


def _tenant(candidate: Candidate) -> str:
    anybody = candidate.rng.randrange(TENANTS)
    tenants = (tenant(candidate.key), tenant(candidate.principal), neighbour(candidate.key), tenant(anybody))
    return candidate.rng.choices(tenants, (40, 25, 20, 15))[0]


def _service(candidate: Candidate) -> str:
    name = candidate.rng.choices(("s3", "ec2", "rds", "lambda"), (30, 10, 30, 30))[0]
    return f"{name}.{REGION}.amazonaws.com"


CONTEXT: tuple[tuple[str, float, tuple[str, ...], Callable[[Candidate], str]], ...] = (
    ("aws:PrincipalArn", 1.0, ACTIONS, lambda c: role_arn(c.principal)),
    ("aws:PrincipalAccount", 1.0, ACTIONS, lambda _: ACCOUNT),
    ("aws:PrincipalType", 1.0, ACTIONS, lambda _: "AssumedRole"),
    ("aws:PrincipalOrgID", 1.0, ACTIONS, lambda c: c.often(0.95, ORGANIZATION, "o-z9y8x7w6v5")),
    ("aws:SourceIp", 1.0, ACTIONS, _address),
    ("aws:SecureTransport", 1.0, ACTIONS, lambda c: c.often(0.97, "true", "false")),
    ("aws:RequestedRegion", 1.0, ACTIONS, lambda c: c.often(0.95, REGION, "ap-south-2")),
    ("kms:CallerAccount", 1.0, ACTIONS, lambda _: ACCOUNT),
    ("aws:MultiFactorAuthPresent", 0.5, ACTIONS, lambda c: c.often(0.7, "true", "false")),
    ("aws:MultiFactorAuthAge", 0.55, ACTIONS, lambda c: str(c.rng.randrange(4_000))),
    ("kms:ViaService", 0.55, ACTIONS, _service),
    ("aws:SourceArn", 0.5, ACTIONS, lambda c: f"arn:aws:s3:::{c.often(0.5, 'acme', 'other')}-{c.principal}"),
    ("kms:EncryptionAlgorithm", 1.0, CRYPTOGRAPHIC, lambda _: "SYMMETRIC_DEFAULT"),
    ("kms:EncryptionContext:tenant", 0.9, CRYPTOGRAPHIC, _tenant),
    ("kms:EncryptionContext:purpose", 0.4, CRYPTOGRAPHIC, lambda c: c.often(0.5, "backup", "serving")),
    ("kms:GrantIsForAWSResource", 1.0, GRANTING, lambda c: c.often(0.3, "true", "false")),
)
"""Condition key, the share of requests that carry it, the actions that can, and its value."""


def draw(rng: random.Random, size: Size) -> tuple[str, str, str, ContextInput]:
    """A candidate."""
    principal = rng.randrange(size.principals)
    action = rng.choices(ACTIONS, _WEIGHTS)[0]
    candidate = Candidate(rng, principal, _key(rng, size, principal), action)
    context = {
        name: value(candidate)
        for name, share, actions, value in CONTEXT
        if action in actions and rng.random() < share
    }
    return role_arn(principal), action, key_arn(candidate.key), context


def select(engine: PolicyEngine, size: Size, seed: int) -> list[tuple[Question, Outcome]]:
    """The stream: exactly half of it allowed, a quarter implicitly denied, a quarter explicitly.

    Raises:
        RuntimeError: the account has too few requests of some outcome.
    """
    rng = random.Random(f"stream {size.name} {seed}")
    quarter = size.requests // 4
    wanted = {Outcome.ALLOWED: 2 * quarter, Outcome.IMPLICIT_DENY: quarter, Outcome.EXPLICIT_DENY: quarter}
    kept: list[tuple[Question, Outcome]] = []
    for _ in range(_ATTEMPTS * size.requests):
        if len(kept) == size.requests:
            rng.shuffle(kept)
            # in memory as in the stream: what a shuffle scatters measures the memory and not the decision
            return [((who, what, key, dict(given)), outcome) for (who, what, key, given), outcome in kept]
        principal, action, resource, context = draw(rng, size)
        question = principal, action, resource, engine.context(context)
        outcome = engine.decide(*question)
        if wanted[outcome]:
            wanted[outcome] -= 1
            kept.append((question, outcome))
    raise RuntimeError(f"the {size.name} workload has too few requests: {wanted} are missing")


def _key(rng: random.Random, size: Size, principal: int) -> int:
    chance = rng.random()
    if chance < size.hot_share:
        return 0
    own = range(principal % TENANTS, size.keys, TENANTS)
    return rng.choice(own) if own and chance < size.hot_share + _OWN_KEYS else rng.randrange(size.keys)
