"""One run for one size: who is there, who agrees, and then all of them timed in the same rounds.

Timed are the hot requests, as `bench.ratios` does it: interleaved, warmed up, garbage collector off, and each
ratio to `decide` taken inside a round. Of an engine that needs too long for all of them the first ones are
timed, and compared with `decide` on the same ones.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING

from bench.floor import floor_reads
from bench.peers.agreement import check
from bench.peers.rules import Rules
from bench.ratios import Measure, asking, authorizing, rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.peers.agreement import Agreement
    from bench.peers.peer import Peer, Prepared
    from bench.ratios import Round
    from bench.workload import Workload

DECIDE, AUTHORIZE, FLOOR = "kmsgate, `decide`", "kmsgate, `authorize`", "floor reads"
_QUESTIONS = 10_000
"""How many questions `decide` and floor reads are asked in a round."""
_BUDGET = 0.2e9
"""Nanoseconds that a peer may take to go through its questions once."""
_FEWEST = 4


@dataclass(frozen=True, slots=True)
class Time:
    """What was measured of one engine."""

    requests: int
    nanoseconds: float
    ratio: float
    quartiles: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a run says of one engine at one size; `time` is None where there is a reason why not."""

    name: str
    how: str
    version: str = ""
    missing: str = ""
    agreement: Agreement | None = None
    time: Time | None = None


def contest(
    work: Workload, peers: Sequence[Peer], count: int, tell: Callable[[str], object]
) -> Iterator[Entry]:
    """Check every peer and time those that agree, in `count` rounds."""
    rules = Rules(work)
    entries = [_entry(peer, work, rules, tell) for peer in peers]
    agreeing = {entry.name for entry in entries if entry.agreement and not entry.agreement.differing}
    with ExitStack() as open_until_timed:
        prepared = {
            peer.name: open_until_timed.enter_context(peer.prepare(rules, work.hot))
            for peer in peers
            if peer.name in agreeing
        }
        tell(f"{work.size.name}: {count} rounds")
        times = _times(work, prepared, count)
    yield from (Entry(name, how, time=times[name]) for name, how in _OWN.items())
    yield from (Entry(e.name, e.how, e.version, e.missing, e.agreement, times.get(e.name)) for e in entries)


_OWN = {
    FLOOR: "three table lookups and three context reads, no logic",
    DECIDE: "the outcome",
    AUTHORIZE: "the outcome with what determines it, missing keys, diagnostics and an id",
}


def _entry(peer: Peer, work: Workload, rules: Rules, tell: Callable[[str], object]) -> Entry:
    if reason := peer.missing():
        tell(f"{work.size.name}: {peer.name}: {reason}")
        return Entry(peer.name, peer.how, missing=reason)
    agreement = check(peer, work, rules)
    differs = f"{agreement.differing} differ: {agreement.example}" if agreement.differing else "agrees"
    tell(f"{work.size.name}: {peer.name}: {agreement.checked} requests, {differs}")
    return Entry(peer.name, peer.how, peer.version(), agreement=agreement)


def _times(work: Workload, prepared: dict[str, Prepared], count: int) -> dict[str, Time]:
    requests = {FLOOR: len(work.hot), DECIDE: len(work.hot), AUTHORIZE: len(work.hot)}
    requests |= {name: _affordable(one, len(work.hot)) for name, one in prepared.items()}
    timed = [
        Measure(FLOOR, "", asking(floor_reads(work.stream), work.hot, _passes(len(work.hot)))),
        Measure(AUTHORIZE, "", authorizing(work.engine.authorize, work.requests[: len(work.hot)])),
        *(_yardstick(work, number) for number in sorted(set(requests.values()))),
        *(Measure(name, "", one.timed(requests[name])) for name, one in prepared.items()),
    ]
    taken = list(rounds(timed, count))
    return {
        name: _time(taken, _yardstick_name(number) if name == DECIDE else name, number)
        for name, number in requests.items()
    }


def _yardstick(work: Workload, requests: int) -> Measure:
    return Measure(
        _yardstick_name(requests), "", asking(work.engine.decide, work.hot[:requests], _passes(requests))
    )


def _yardstick_name(requests: int) -> str:
    return f"{DECIDE}, {requests} requests"


def _passes(requests: int) -> int:
    return -(-_QUESTIONS // requests)


def _affordable(prepared: Prepared, hot: int) -> int:
    few = min(_FEWEST, hot)
    return min(hot, max(few, int(_BUDGET / prepared.timed(few)())))


def _time(taken: Sequence[Round], name: str, requests: int) -> Time:
    ratios = [one[name] / one[_yardstick_name(requests)] for one in taken]
    low, middle, high = quantiles(ratios, n=4, method="inclusive")
    return Time(requests, median(one[name] for one in taken), middle, (low, high))
