"""What calls of the KMS cost beside the bare calls to its HSM: ``python -m bench.kms_calls [KEYS ...]``.

Five operations, each at several numbers of keys, all of which have material of their own; a call goes to the
next key. The bare calls take the same keys in the same order, so that the token brings as many back. Sign
uses eight RSA keys among the others, since making one takes a tenth of a second; CreateKey makes one more.

As in `ratios`, all is measured in the same rounds and a ratio is taken inside a round. It is processor time
that counts, of the whole process where several threads call: how long a disk takes says nothing of the core.
A call of one thread alone waits for the disk, and then finds the processor's caches cold; threads share
commits (`store.group_commit`). What is around the HSM is told twice: the call less the bare call of one
thread, and less the bare call of as many, which fight for Python's lock and for the processor themselves.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter_ns, process_time_ns
from typing import TYPE_CHECKING

from bench.core import new_token
from bench.kms_operations import MANY, in_threads, operations
from bench.ratios import Measure, machine, rounds
from bench.stages import REST, STAGES, measured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.kms_operations import Operation
    from bench.ratios import Round
    from kms_core.service.core import Core

KEYS = (1, 100, 10_000)
THREADS = (1, 8, MANY)
ROUNDS = 15


def measures(operation: Operation) -> list[Measure]:
    """The bare call and the call, each by so many threads at once."""
    name, count, alone = operation.name, operation.count, THREADS[0]
    bare = [
        Measure(
            f"{name} bare {threads}",
            "",
            lambda threads=threads: _cpu(operation.bare, 4 * count if threads == alone else count, threads),
        )
        for threads in THREADS
    ]
    calls = [
        Measure(
            f"{name} call {threads}",
            bare[0].name,
            lambda threads=threads: _cpu(operation.call, count, threads),
        )
        for threads in THREADS
    ]
    return [*bare, *calls]


def _cpu(call: Callable[[], object], count: int, threads: int = 1) -> float:
    """Nanoseconds of processor time a call; the first calls of a measure do not count."""
    for _ in range(2):
        call()
    begin = process_time_ns()
    in_threads(call, count, threads)
    return (process_time_ns() - begin) / (count * threads)


@dataclass(frozen=True, slots=True)
class Group:
    """What threads that call Encrypt at once get out of shared commits."""

    threads: int
    calls_a_commit: float
    calls_a_second: float


def groups(core: Core, operation: Operation) -> Iterator[Group]:
    """Count commits: how many records each had, and how many calls the clock saw in a second."""
    disk, count = core.gate._log._disk, 100  # noqa: SLF001 - commits are nobody else's business
    commit, commits = disk._commit, []  # noqa: SLF001 - as above

    def counted(group: Sequence[object]) -> None:
        commits.append(len(group))
        commit(group)  # type: ignore[arg-type] # what is in it is not looked at

    disk._commit = counted  # type: ignore[method-assign] # noqa: SLF001 - as above
    for threads in THREADS:
        commits.clear()
        begin = perf_counter_ns()
        in_threads(operation.call, count, threads)
        seconds = (perf_counter_ns() - begin) / 1e9
        yield Group(threads, sum(commits) / len(commits), threads * count / seconds)
    disk._commit = commit  # type: ignore[method-assign] # noqa: SLF001 - as above


def stages(operation: Operation, threads: int) -> dict[str, float]:
    """The share of each stage in the processor time of a call, in percent."""
    with measured() as taken:

        def call() -> None:
            taken.begin()
            operation.call()
            taken.end()

        in_threads(call, 3 * operation.count, threads)
    return taken.shares()


def report(number: int, taken: Sequence[Round]) -> Iterator[str]:
    """The table of one number of keys, line by line: microseconds, and ratios to bare calls of one thread.

    First with what is around the bare call of one thread, then around that of as many.
    """
    heads = ("call", "bare", "less one", "x bare", "x RSA Sign", "less bare", "x bare", "x RSA Sign")
    yield f"{number:,} keys".ljust(24) + "".join(f"{head:>11}" for head in heads)
    for name in taken[0]:
        operation, what, threads = name.split()
        if what != "call":
            continue
        line = f"{operation:<16}{threads:<8}{_median(taken, name):>11.1f}"
        line += f"{_median(taken, f'{operation} bare {threads}'):>11.1f}"
        for bare in (f"{operation} bare {THREADS[0]}", f"{operation} bare {threads}"):
            line += f"{median(one[name] - one[bare] for one in taken) / 1e3:>11.1f}"
            for beside in (operation, "Sign"):
                alone = f"{beside} bare {THREADS[0]}"
                line += f"{median((one[name] - one[bare]) / one[alone] for one in taken):>11.2f}"
        yield line


def _median(taken: Sequence[Round], name: str) -> float:
    """Microseconds."""
    return median(one[name] for one in taken) / 1e3


def report_stages(listed: Sequence[Operation]) -> Iterator[str]:
    """The shares of the stages, for one thread and for many."""
    names = (*STAGES, REST)
    yield f"{'share of a call in %':<24}" + "".join(f"{name:>9}" for name in names)
    for operation, threads in itertools.product(listed, (THREADS[0], THREADS[-1])):
        shares = stages(operation, threads)
        yield f"{operation.name:<16}{threads:<8}" + "".join(f"{shares[name]:>9.1f}" for name in names)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.kms_calls", description="calls beside bare HSM calls"
    )
    parser.add_argument("keys", nargs="*", type=int, default=KEYS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    if given.rounds < 2:  # noqa: PLR2004 - of one round there are no quartiles
        parser.error("--rounds: two at least")
    _print(f"{given.rounds} rounds, {machine()}; 1, 8, 16: so many threads")
    with tempfile.TemporaryDirectory() as folder, new_token(Path(folder) / "home") as hsm:
        for number in given.keys:
            with operations(hsm, Path(folder), number) as (core, listed):
                timed = [measure for operation in listed for measure in measures(operation)]
                _print(*report(number, list(rounds(timed, given.rounds))), "")
                _print(*report_stages(listed), "")
                for group in groups(core, listed[0]):
                    _print(
                        f"Encrypt, {group.threads} threads: {group.calls_a_commit:.1f} calls a commit, "
                        f"{group.calls_a_second:,.0f} calls a second by the clock"
                    )
                _print("")


def _print(*lines: str) -> None:
    sys.stdout.write("\n".join((*lines, "")))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
