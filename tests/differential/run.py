"""The long run: `python -m tests.differential.run --cases 200000 --seed 1`.

Case number N of a run is the generator's case of seed SEED + N. Progress goes to standard error. At the first disagreement
the case is printed as small as it can be made, and the exit code is 1.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter

from tests.differential.comparison import Case, compare, smallest
from tests.differential.open_points import is_open
from tests.differential.strategies import random_case

EVERY = 5000


def main() -> int:
    """Run, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.differential.run", description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000, help="how many cases (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="the first case's seed (default: %(default)s)")
    asked = parser.parse_args()
    return run(asked.cases, asked.seed)


def run(size: int, first: int) -> int:
    """Put `size` cases to both; 1 at the first disagreement, else 0."""
    seen: Counter[str] = Counter()
    started = time.monotonic()
    for number in range(size):
        case = random_case(random.Random(first + number))
        left_out, found = is_open(case), compare(case)
        if not (left_out or found.agree):
            _report(case, first + number)
            return 1
        seen["left out" if left_out else found.engine.outcome] += 1
        if (number + 1) % EVERY == 0 or number + 1 == size:
            counts = ", ".join(f"{outcome} {count}" for outcome, count in seen.most_common())
            _say(f"{number + 1} of {size} cases in {time.monotonic() - started:.0f} s: {counts}")
    return 0


def _report(case: Case, seed: int) -> None:
    minimal = smallest(case)
    found = compare(minimal)
    _say(f"disagreement at seed {seed}")
    _say(f"  engine:    {found.engine}")
    _say(f"  reference: {found.reference}")
    sys.stdout.write(json.dumps(minimal, indent=2) + "\n")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
