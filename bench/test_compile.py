"""Texts to what an engine keeps: reading policies, giving them to an engine, and the first question after.

No text is known: what texts cost that were read before is in `loading`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bench.account import MEDIUM, SMALL, key_arn
from bench.workload import bundle
from policy_engine import Bundle, KeyRecord, PolicyEngine
from policy_engine.model.policy import Policy, PolicyKind
from policy_engine.reading import read_policy
from policy_engine.reading.known import KNOWN_TEXTS

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from bench.workload import Workload
    from policy_engine import Outcome

ONE = pytest.mark.benchmark(group="compile one key policy")
HUNDRED = pytest.mark.benchmark(group="compile 100 key policies")


@ONE
def test_read_policy(benchmark: BenchmarkFixture, text: str) -> None:
    policy = benchmark(_read, text)
    assert len(policy.statements) == len(json.loads(text)["Statement"])


@ONE
def test_put_key(benchmark: BenchmarkFixture, text: str) -> None:
    engine, record = PolicyEngine(), KeyRecord(key_arn(0), _read(text))
    benchmark(engine.put_key, record)
    assert engine.key(record.arn) is record


@ONE
def test_put_key_policy_and_ask(benchmark: BenchmarkFixture, text: str, small: Workload) -> None:
    engine = PolicyEngine(bundle(SMALL))

    def change_and_ask() -> Outcome:
        KNOWN_TEXTS.clear()
        engine.put_key_policy(key_arn(0), text)
        return engine.decide(*small.stream[0])

    assert benchmark(change_and_ask) is small.outcomes[0]


@HUNDRED
def test_json_loads(benchmark: BenchmarkFixture, texts: list[str]) -> None:
    benchmark(lambda: [json.loads(text) for text in texts])


@HUNDRED
def test_read_and_compile(benchmark: BenchmarkFixture, texts: list[str]) -> None:
    engine = benchmark(_compile, texts)
    assert len(engine.keys) == len(texts) == MEDIUM.keys


def _read(text: str) -> Policy:
    KNOWN_TEXTS.clear()
    return read_policy(text, kind=PolicyKind.KEY, name="default")


def _compile(texts: list[str]) -> PolicyEngine:
    records = (KeyRecord(key_arn(key), _read(text)) for key, text in enumerate(texts))
    return PolicyEngine(Bundle(keys={record.arn: record for record in records}))
