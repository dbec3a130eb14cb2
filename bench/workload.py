"""The workload: an account of a size, the engine that knows it, and a stream of requests to it.

The generator is the project's own and has a seed: the same size and seed give the same texts and requests
everywhere. Texts come one at a time, so that a large account need not be held twice.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import policies
from bench.account import key_arn, role_arn
from bench.stream import select
from policy_engine import Bundle, KeyRecord, PolicyEngine, PrincipalRecord, Request
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.account import Size
    from bench.stream import Question
    from policy_engine import Outcome
    from policy_engine.model.request import RequestContext

HOT = 256
"""How many requests are repeated where the caches are to be warm."""


@dataclass(frozen=True, slots=True)
class Workload:
    """An account with its engine, and what is asked of it.

    Attributes:
        size: how big it is.
        engine: knows all of it.
        stream: the requests.
        outcomes: the outcome of each.
    """

    size: Size
    engine: PolicyEngine
    stream: tuple[Question, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def hot(self) -> tuple[Question, ...]:
        """The requests that are repeated."""
        return self.stream[:HOT]

    @property
    def requests(self) -> tuple[Request, ...]:
        """The stream as `authorize` takes it."""
        return tuple(Request(who, what, key, _as_written(given)) for who, what, key, given in self.stream)


def workload(size: Size, seed: int = 1) -> Workload:
    """Make a workload; for the large size that takes about a minute."""
    engine = PolicyEngine(bundle(size, seed))
    kept = select(engine, size, seed)
    return Workload(size, engine, tuple(q for q, _ in kept), tuple(outcome for _, outcome in kept))


def bundle(size: Size, seed: int = 1) -> Bundle:
    """Everything that the engine of a workload is made from."""
    return Bundle(
        keys={record.arn: record for record in key_records(size, seed)},
        principals={record.arn: record for record in principal_records(size)},
    )


def key_records(size: Size, seed: int = 1) -> Iterator[KeyRecord]:
    """The keys, one after the other."""
    rng = random.Random(f"grants {size.name} {seed}")
    for key, text in enumerate(key_texts(size)):
        policy = read_policy(text, kind=PolicyKind.KEY, name="default")
        yield KeyRecord(key_arn(key), policy, policies.grants(key, size, rng))


def principal_records(size: Size) -> Iterator[PrincipalRecord]:
    """The roles, one after the other."""
    for principal in range(size.principals):
        texts = zip(("work", "guard"), policies.identity_policies(principal), strict=True)
        held = tuple(read_policy(text, kind=PolicyKind.IDENTITY, name=name) for name, text in texts)
        yield PrincipalRecord(role_arn(principal), identity_policies=held)


def key_texts(size: Size) -> Iterator[str]:
    """The texts of the key policies, one after the other."""
    return (policies.key_policy(key, size) for key in range(size.keys))


def require_agreement(work: Workload) -> None:
    """Check that `decide`, `authorize` and the workload say the same of every request: before any timing.

    Raises:
        RuntimeError: they do not.
    """
    for question, request, expected in zip(work.stream, work.requests, work.outcomes, strict=True):
        answers = work.engine.decide(*question), work.engine.authorize(request).outcome
        if answers != (expected, expected):
            raise RuntimeError(f"{question} is {expected}, and not {answers}")


def _as_written(context: RequestContext) -> dict[str, str]:
    """A canonical context as a caller writes it: without what the engine derives."""
    return {key: value for key, value in context.items() if isinstance(value, str)}
