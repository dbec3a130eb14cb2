"""What the engine costs beside floor reads, as ratios: ``python -m bench.ratios [small | medium | large]``.

An absolute figure says as much about the machine, and what else runs on it, as about the engine. So all is
measured in the same rounds, each round beginning with another measure; a ratio is taken inside a round, and
the median over the rounds is printed with the quartiles. A measure first goes once through its requests, so
that it finds its own data in the caches and not its neighbour's; the bare loop is measured too and taken off.
Time is the processor time of this thread: waiting for a busy processor would count against what takes longer.
Before that, `decide`, `authorize` and the workload must say the same of every request.
"""

from __future__ import annotations

import argparse
import gc
import platform
import sys
from dataclasses import dataclass, replace
from functools import partial
from os import cpu_count
from statistics import median, quantiles
from time import thread_time_ns
from typing import TYPE_CHECKING

from bench.account import SIZES, SMALL
from bench.floor import floor_reads
from bench.workload import bundle, require_agreement, workload
from policy_engine import PolicyEngine
from policy_engine.explain.explaining import explain
from policy_engine.model.decision import Decision, Details, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.stream import Question
    from bench.workload import Workload
    from policy_engine import Request
    from policy_engine.model.request import ContextInput, RequestContext

    Ask = Callable[[str, str, str, RequestContext], object]
    Round = dict[str, float]
    """Nanoseconds per request, by measure."""

ROUNDS = 21
GRANTS = (2, 1_000, 50_000)
_PASSES = 40
"""How often a round goes through the hot requests: about as many questions as the stream has."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Something to time; `yardstick` names the measure that it is compared with, empty for a yardstick."""

    name: str
    yardstick: str
    run: Callable[[], float]


def measures(work: Workload, grants: Sequence[int] = ()) -> list[Measure]:
    """What is timed for a workload, yardsticks first; with engines of their own for keys with many grants."""
    engine, hot, stream = work.engine, work.hot, work.stream
    floor, decide, requests = floor_reads(stream), engine.decide, work.requests[: len(hot)]
    canonical = [replace(request, context=given) for request, (*_, given) in zip(requests, hot, strict=True)]
    lower = [(*name, {k.lower(): v for k, v in given.items()}) for name, given in _as_written(work)]
    return [
        Measure("floor reads, hot", "", asking(floor, hot, _PASSES)),
        Measure("floor reads, stream", "", asking(floor, stream)),
        Measure("decide, hot", "floor reads, hot", asking(decide, hot, _PASSES)),
        Measure("decide, stream", "floor reads, stream", asking(decide, stream)),
        Measure("decide, never seen", "floor reads, stream", _never_seen(work)),
        Measure("authorize, hot", "decide, hot", authorizing(engine.authorize, requests, _PASSES)),
        Measure(
            "the same, canonical",
            "decide, hot",
            authorizing(partial(engine.authorize, canonical=True), canonical, _PASSES),
        ),
        Measure("making a decision", "decide, hot", authorizing(_made, requests, _PASSES)),
        Measure("bound, keys in lower case", "decide, hot", asking(_bound(work), lower, _PASSES)),
        Measure(
            "explain", "decide, hot", authorizing(lambda request: explain(engine, request), requests[:16])
        ),
        *_with_grants(work, grants),
    ]


def _as_written(work: Workload) -> Iterator[tuple[tuple[str, str, str], ContextInput]]:
    """The hot questions, with their contexts as a caller writes them."""
    for (principal, action, resource, _), request in zip(work.hot, work.requests, strict=False):
        yield (principal, action, resource), request.context


def _made(request: Request) -> Decision:
    """The object that `authorize` gives, and nothing of what it takes to know what is in it."""
    return Decision(request, Outcome.ALLOWED, (), _NO_DETAILS)


_NO_DETAILS = Details("")


def _never_seen(work: Workload) -> Callable[[], float]:
    """Decide each (caller, action, key) of half the stream for the first time.

    The engine is a new one each time, with the code that the stream needs. It was asked the other half, and
    only questions about keys and by callers that came by then are timed.
    """
    known = bundle(work.size)
    questions = [*{question[:3]: question for question in work.stream}.values()]
    before, after = questions[::2], questions[1::2]
    keys, callers = {key for _, _, key, _ in before}, {caller for caller, _, _, _ in before}
    timed = [question for question in after if question[2] in keys and question[0] in callers]

    def run() -> float:
        engine = PolicyEngine(known)
        engine._tools = work.engine._tools  # noqa: SLF001 - the code, and nothing that depends on a policy
        for principal, action, resource, context in before:
            engine.decide(principal, action, resource, context)
        begin = thread_time_ns()
        for principal, action, resource, context in timed:
            engine.decide(principal, action, resource, context)
        return (thread_time_ns() - begin) / len(timed)

    return run


def _bound(work: Workload) -> Ask:
    """Callers that are bound once, as an application would."""
    bound = {principal: work.engine.bind(principal) for principal, _, _, _ in work.hot}
    return lambda principal, action, resource, context: bound[principal](action, resource, context)


def _with_grants(work: Workload, numbers: Sequence[int]) -> Iterator[Measure]:
    """The same questions to a key with more grants, all for the role that asks."""
    for number in numbers:
        engine = PolicyEngine(bundle(replace(work.size, hot_grants=number)))
        yield Measure(
            f"decide, {number:,} grants",
            f"decide, {numbers[0]:,} grants",
            asking(engine.decide, work.hot, _PASSES),
        )


def rounds(timed: Sequence[Measure], count: int) -> Iterator[Round]:
    """Time everything `count` times, interleaved, without the garbage collector."""
    for number in range(count):
        first = number % len(timed)
        gc.collect()
        gc.disable()
        try:
            yield {measure.name: measure.run() for measure in (*timed[first:], *timed[:first])}
        finally:
            gc.enable()


def report(timed: Sequence[Measure], taken: Sequence[Round]) -> Iterator[str]:
    """The table, line by line."""
    yield f"{'':<27}{'ns/request':>12}{'times':>9}{'quartiles':>16}  what"
    for measure in timed:
        line = f"{measure.name:<27}{median(one[measure.name] for one in taken):>12,.0f}"
        if measure.yardstick:
            ratios = [one[measure.name] / one[measure.yardstick] for one in taken]
            low, middle, high = quantiles(ratios, n=4, method="inclusive")
            line += f"{middle:>9.2f}{low:>9.2f}{high:>7.2f}  {measure.yardstick}"
        yield line


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.ratios", description="decisions beside floor reads"
    )
    parser.add_argument("size", nargs="?", default="small", choices=SIZES)
    work = workload(SIZES[parser.parse_args().size])
    require_agreement(work)
    timed = measures(work, GRANTS if work.size is SMALL else ())
    taken = list(rounds(timed, ROUNDS))
    lines = (f"{work.size.name} workload, {ROUNDS} rounds, {machine()}", *report(timed, taken), "")
    sys.stdout.write("\n".join(lines))


def machine() -> str:
    """What measures."""
    return f"{platform.python_implementation()} {platform.python_version()}, {cpu_count()} CPUs"


def asking(ask: Ask, questions: Sequence[Question], passes: int = 1) -> Callable[[], float]:
    """A measure of a function that is asked as `decide` is, without its loop."""

    def calls() -> None:
        for principal, action, resource, context in questions:
            ask(principal, action, resource, context)

    def loop() -> None:
        for _principal, _action, _resource, _context in questions:
            pass

    return lambda: _nanoseconds(calls, loop, passes) / len(questions)


def authorizing(
    ask: Callable[[Request], object], requests: Sequence[Request], passes: int = 1
) -> Callable[[], float]:
    """A measure of a function that takes requests."""

    def calls() -> None:
        for request in requests:
            ask(request)

    def loop() -> None:
        for _request in requests:
            pass

    return lambda: _nanoseconds(calls, loop, passes) / len(requests)


def _nanoseconds(calls: Callable[[], None], loop: Callable[[], None], passes: int) -> float:
    """What a pass of the calls takes, less what its loop takes; the first pass does not count."""
    calls()
    begin = thread_time_ns()
    for _ in range(passes):
        calls()
    called = thread_time_ns()
    for _ in range(passes):
        loop()
    return (called - begin - (thread_time_ns() - called)) / passes


if __name__ == "__main__":
    main()
