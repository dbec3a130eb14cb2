"""The long run: `make crash`, or `python -m tests.kms_core.crash.run --kills 200 --seed 1`.

At least a quarter of the kills come at random moments, the others at the named points, one after the other; each
on a fresh copy of a home that is made once. Progress goes to standard error, the table at the end to standard
output. What is wrong is printed with the seed of its kill, the home is kept, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kms_core.hsm.module import find_module
from tests.kms_core.crash.changes import JOBS, TODAY
from tests.kms_core.crash.killing import Killing
from tests.kms_core.crash.points import POINTS
from tests.kms_core.forking import fork_server, forks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.kms_core.crash.killing import Found
    from tests.kms_core.crash.points import Point

EVERY = 20
_COLUMNS = "{:<27}{:<40}{:>6}{:>11}{:>14}{:>13}"
_LONGEST = 0.5
"""Seconds that a process which is killed at random has had at most."""


@dataclass
class Tally:
    """What the kills at one place came to, all being well."""

    kills: int = 0
    under_way: int = 0
    acknowledged: int = 0
    found: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    @classmethod
    def of(cls, found: Found) -> Tally:
        """One kill; what was acknowledged is found, and what was under way is or is not."""
        acknowledged = len(found.acknowledged)
        return cls(1, found.under_way is not None, acknowledged, acknowledged + found.kept)


@dataclass(frozen=True)
class Kill:
    """A kind of kill: what is under way, where it comes, and how it is done with a generator of its own."""

    change: str
    place: str
    do: Callable[[Killing, random.Random], tuple[Found, list[str]]]


def main() -> int:
    """Run, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.kms_core.crash.run", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments (default: %(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=900, help="stop after so long (default: %(default)s)"
    )
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kmsgate-crash-"))
    (folder / "prepared").mkdir()
    with fork_server() as line, forks(line) as fork:
        killing = Killing(folder / "prepared", folder, find_module(), fork)
        killing.prepare()
        wrong = run(killing, asked.kills, asked.seed, asked.seconds)
    if wrong:
        sys.stdout.write(f"the home is kept in {folder}\n")
        return 1
    shutil.rmtree(folder)
    return 0


def run(killing: Killing, kills: int, seed: int, seconds: float) -> list[str]:
    """Kill so often, or so long; what was wrong at the first kill after which something was."""
    started, tallies = time.monotonic(), defaultdict[tuple[str, str], Tally](Tally)
    for number, kill in enumerate(itertools.islice(_kinds(kills), kills), start=1):
        if time.monotonic() - started > seconds:
            _say(f"stopped after {seconds:.0f} s, {kills - number + 1} kills before the end")
            break
        found, wrong = kill.do(killing, random.Random(f"{seed} {number}"))
        if wrong:
            _say(f"kill {number} of seed {seed}, {kill.change}, {kill.place}:")
            for each in wrong:
                _say(f"  {each}")
            return wrong
        tallies[kill.change, kill.place] += Tally.of(found)
        if number % EVERY == 0 or number == kills:
            _say(f"{number} of {kills} kills in {time.monotonic() - started:.0f} s, nothing lost")
    _print(tallies)
    return []


def _kinds(kills: int) -> Iterator[Kill]:
    """Every point as often as three quarters of the kills let it come, then random moments."""
    rounds = max(1, kills * 3 // 4 // len(POINTS))
    for _ in range(rounds):
        yield from (Kill(point.change, point.name, _at(point)) for point in POINTS)
    while True:
        yield Kill("any change", "a random moment", _at_random(TODAY))
        yield Kill("create_key", "a random moment", _at_random(["create_key"]))
        yield Kill("any change", "a random moment", _at_random(TODAY))
        yield Kill("create_resident_key", "a random moment", _at_random(["create_resident_key"]))
        yield Kill("log_in", "a random moment, two processes", _logins)


def _at(point: Point) -> Callable[[Killing, random.Random], tuple[Found, list[str]]]:
    def do(killing: Killing, _: random.Random) -> tuple[Found, list[str]]:
        found = killing.at(point)
        wrong = found.wrong + ([] if found.kept == point.kept else [f"kept: {found.kept}"])
        if point.change in JOBS and not wrong:
            wrong = killing.unfinished()
        return found, wrong

    return do


def _at_random(names: list[str]) -> Callable[[Killing, random.Random], tuple[Found, list[str]]]:
    def do(killing: Killing, chance: random.Random) -> tuple[Found, list[str]]:
        found = killing.at_random(chance.uniform(0, _LONGEST), chance.randrange(2**32), names)
        return found, found.wrong

    return do


def _logins(killing: Killing, chance: random.Random) -> tuple[Found, list[str]]:
    found = killing.logins_at_random(chance.uniform(0, _LONGEST))
    return found, found.wrong


def _print(tallies: dict[tuple[str, str], Tally]) -> None:
    lines = [_COLUMNS.format("change", "killed at", "kills", "under way", "acknowledged", "found after")]
    total = sum(tallies.values(), Tally())
    for (change, place), tally in [*tallies.items(), (("all", ""), total)]:
        lines.append(_COLUMNS.format(change, place, *astuple(tally)))
    sys.stdout.write("\n".join(lines) + "\n")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
