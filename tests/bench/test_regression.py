"""A decision stays a small multiple of floor reads: a ratio inside one process, with room for a busy machine."""

from __future__ import annotations

from statistics import median

from bench.account import SMALL
from bench.ratios import measures, rounds
from bench.workload import workload

MOST = 8.0
"""Decisions were measured at less than three times; a graph that is walked takes seventy."""


def test_a_decision_is_a_small_multiple_of_floor_reads() -> None:
    wanted = {"floor reads, hot", "decide, hot"}
    timed = [measure for measure in measures(workload(SMALL)) if measure.name in wanted]
    assert len(timed) == len(wanted)
    taken = list(rounds(timed, 5))
    assert median(one["decide, hot"] / one["floor reads, hot"] for one in taken) <= MOST
