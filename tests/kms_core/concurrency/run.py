"""The long run: `make soak`, or `python -m tests.kms_core.concurrency.run --seconds 60 --seed 1`.

Progress goes to standard error, a table of calls and answers at the end to standard output. What is wrong is
printed with the seed, the home is kept, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from kms_core.hsm.module import find_module
from tests.kms_core.concurrency.history import DONE
from tests.kms_core.concurrency.mix import PROCESSES, THREADS
from tests.kms_core.concurrency.together import Together
from tests.kms_core.forking import fork_server, forks

if TYPE_CHECKING:
    from tests.kms_core.concurrency.history import Event

EVERY = 10.0
_FIRST_FAULTS = 20
_COLUMNS = "{:<17}{:<8}{:>8}{:>8}{:>8}{:>10}{:>14}"


def main() -> int:
    """Run, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.kms_core.concurrency.run", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of what is called (default: %(default)s)")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kmsgate-soak-"))
    with fork_server() as line, forks(line) as fork:
        together = Together(folder, find_module(), fork)
        events = together.run(asked.seconds, asked.seed, lambda: _watch(together, asked.seconds))
        faults = together.faults(events)
    _print(events)
    if faults:
        for fault in faults[:_FIRST_FAULTS]:
            _say(fault)
        _say(f"{len(faults)} faults at seed {asked.seed}; the home is kept in {folder}")
        return 1
    _say(f"{len(events)} calls: each answered by rules that held, each with its record; the audit log holds")
    shutil.rmtree(folder)
    return 0


def _watch(together: Together, seconds: float) -> None:
    _say(f"{PROCESSES} processes with {THREADS} threads each for {seconds:.0f} s")
    started = time.monotonic()
    while (left := seconds - (time.monotonic() - started)) > 0:
        time.sleep(min(EVERY, left))
        _say(f"{time.monotonic() - started:.0f} s: {together.count()} records")


def _print(events: list[Event]) -> None:
    lines = [_COLUMNS.format("call", "by", "calls", "done", "denied", "disabled", "longest (ms)")]
    for what, by in sorted({(event.what, event.by) for event in events}):
        mine = [event for event in events if (event.what, event.by) == (what, by)]
        answers = Counter(event.answer for event in mine)
        longest = max(event.ended - event.began for event in mine) * 1000
        counts = (answers[DONE], answers["AccessDeniedException"], answers["DisabledException"])
        name = by.rpartition(":")[2].removeprefix("role/")
        lines.append(_COLUMNS.format(what, name, len(mine), *counts, f"{longest:.0f}"))
    sys.stdout.write("\n".join(lines) + "\n")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
