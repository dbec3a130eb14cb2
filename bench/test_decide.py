"""Decisions on the small workload, beside floor reads; a round is a whole list of requests, not one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.floor import floor_reads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_benchmark.fixture import BenchmarkFixture

    from bench.stream import Question
    from bench.workload import Workload
    from policy_engine.model.request import RequestContext

HOT = pytest.mark.benchmark(group="decide 256 requests, hot")
STREAM = pytest.mark.benchmark(group="decide 10,000 requests, stream")


@HOT
def test_floor_reads_hot(benchmark: BenchmarkFixture, small: Workload) -> None:
    benchmark(_each, floor_reads(small.stream), small.hot)


@HOT
def test_decide_hot(benchmark: BenchmarkFixture, small: Workload) -> None:
    benchmark(_each, small.engine.decide, small.hot)


@HOT
def test_authorize_hot(benchmark: BenchmarkFixture, small: Workload) -> None:
    requests, authorize = small.requests[: len(small.hot)], small.engine.authorize
    benchmark(lambda: [authorize(request) for request in requests])


@STREAM
def test_floor_reads_stream(benchmark: BenchmarkFixture, small: Workload) -> None:
    benchmark(_each, floor_reads(small.stream), small.stream)


@STREAM
def test_decide_stream(benchmark: BenchmarkFixture, small: Workload) -> None:
    benchmark(_each, small.engine.decide, small.stream)


def _each(ask: Callable[[str, str, str, RequestContext], object], questions: Iterable[Question]) -> None:
    for principal, action, resource, context in questions:
        ask(principal, action, resource, context)
