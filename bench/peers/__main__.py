"""Decisions beside other engines: `make bench-peers`, ``python -m bench.peers --size small medium large``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bench.account import SIZES
from bench.peers.contest import contest
from bench.peers.plot import svg
from bench.peers.roster import PEERS
from bench.peers.table import markdown, record
from bench.ratios import machine
from bench.workload import require_agreement, workload

_ROUNDS = 15


def main() -> None:
    """Measure, print the table, and write it with the picture and all figures to a folder."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers", description="decisions beside other engines"
    )
    parser.add_argument("--size", nargs="+", default=["small", "medium"], choices=SIZES)
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="at least 2 (15)")
    parser.add_argument("--out", type=Path, default=Path("bench/results"), help="the folder (bench/results)")
    chosen = parser.parse_args()
    figures = {}
    for size in chosen.size:
        _tell(f"{size}: making the workload")
        work = workload(SIZES[size])
        require_agreement(work)
        figures[size] = list(contest(work, PEERS, chosen.rounds, _tell))
    lines = [f"{machine()}, {chosen.rounds} rounds, medians.", "", *markdown(figures), ""]
    chosen.out.mkdir(parents=True, exist_ok=True)
    about = {"machine": machine(), "rounds": chosen.rounds, "sizes": record(figures)}
    (chosen.out / "peers.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    (chosen.out / "peers.md").write_text("\n".join(lines), encoding="utf-8")
    (chosen.out / "peers.svg").write_text(svg(figures), encoding="utf-8")
    sys.stdout.write("\n".join(lines))
    _tell(f"peers.json, peers.md and peers.svg are in {chosen.out}")


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
