"""Whether a peer says what the workload says, request by request: before anything is timed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from policy_engine import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.peers.peer import Answer, Peer
    from bench.peers.rules import Rules
    from bench.stream import Question
    from bench.workload import Workload

_CHUNK = 1_000
"""How many questions a peer is prepared for at once: what it keeps for all of them need not fit in memory."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A request that a peer decides differently."""

    question: Question
    expected: Outcome
    answer: Answer

    def __str__(self) -> str:
        principal, action, resource, _ = self.question
        return f"{principal} {action} {resource}: {_worded(self.expected)}, and not {_worded(self.answer)}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many requests were checked, how many differ, and one that does."""

    checked: int
    differing: int
    example: Difference | None

    def record(self) -> dict[str, object]:
        """It as JSON has it."""
        found = asdict(self)
        if self.example:
            found["example"]["expected"] = _worded(self.example.expected)
            found["example"]["answer"] = _worded(self.example.answer)
        return found


def check(peer: Peer, work: Workload, rules: Rules) -> Agreement:
    """Ask a peer, and compare."""
    count = min(peer.checked(work.size), len(work.stream))
    differences = list(_differences(peer, work, rules, count))
    return Agreement(count, len(differences), differences[0] if differences else None)


def _differences(peer: Peer, work: Workload, rules: Rules, count: int) -> Iterator[Difference]:
    for begin in range(0, count, _CHUNK):
        part = slice(begin, min(begin + _CHUNK, count))
        with peer.prepare(rules, work.stream[part]) as prepared:
            answers = prepared.answers()
        for question, expected, answer in zip(work.stream[part], work.outcomes[part], answers, strict=True):
            if not _same(expected, answer):
                yield Difference(question, expected, answer)


def _same(expected: Outcome, answer: Answer) -> bool:
    return (expected is Outcome.ALLOWED) is answer if isinstance(answer, bool) else expected is answer


def _worded(answer: Answer) -> str:
    if isinstance(answer, bool):
        return "allowed" if answer else "not allowed"
    return answer.value
