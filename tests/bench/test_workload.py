"""The benchmarks' workload is what the figures say it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest

from bench import stream
from bench.account import LARGE, MEDIUM, SMALL, Size, key_arn, role_arn
from bench.floor import floor_reads
from bench.policies import identity_policies, key_policy
from bench.ratios import Measure, report, rounds
from bench.workload import HOT, Workload, bundle, key_texts, require_agreement, workload
from policy_engine import Outcome, PolicyEngine
from policy_engine.conditions.encryption_context import INTERNAL_KEYS
from policy_engine.engine.context import check_canonical

ROOT = Path(__file__).parents[2]
SHARES = {Outcome.ALLOWED: 1_000, Outcome.IMPLICIT_DENY: 500, Outcome.EXPLICIT_DENY: 500}


def short(size: Size) -> Size:
    return replace(size, requests=2_000)


@pytest.fixture(scope="module")
def small() -> Workload:
    return workload(short(SMALL))


@pytest.fixture(scope="module")
def few() -> Workload:
    """The medium workload's shape with a tenth of its keys and roles."""
    return workload(replace(MEDIUM, keys=10, principals=10, requests=2_000))


def test_the_same_seed_gives_the_same_workload(small: Workload) -> None:
    again = workload(short(SMALL))
    assert again.stream == small.stream
    assert again.outcomes == small.outcomes


def test_another_seed_gives_another_stream_and_other_grants(small: Workload) -> None:
    assert workload(short(SMALL), seed=2).stream != small.stream
    size = replace(MEDIUM, keys=2)
    assert bundle(size, seed=2).keys[key_arn(1)].grants != bundle(size).keys[key_arn(1)].grants


def test_the_order_of_hashes_does_not_matter() -> None:
    code = (
        "import hashlib\nfrom dataclasses import replace\nfrom bench.account import SMALL\n"
        "from bench.workload import workload\n"
        "print(hashlib.sha256(repr(workload(replace(SMALL, requests=40)).stream).encode()).hexdigest())\n"
    )

    def run(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert run("1") == run("2") != ""


def test_outcomes_come_in_exact_shares(small: Workload, few: Workload) -> None:
    assert Counter(small.outcomes) == SHARES
    assert Counter(few.outcomes) == SHARES
    require_agreement(small)
    require_agreement(few)


def test_outcomes_are_mixed_all_along_the_stream(small: Workload) -> None:
    allowed = Counter(small.outcomes[:HOT])[Outcome.ALLOWED]
    assert 0.35 * HOT < allowed < 0.65 * HOT


def test_contexts_have_twelve_and_a_half_keys_on_average(small: Workload, few: Workload) -> None:
    for work in (small, few):
        sizes = (len(context.keys() - INTERNAL_KEYS) for _, _, _, context in work.stream)
        assert 12.25 < mean(sizes) < 12.75


def test_contexts_are_canonical_and_contradict_no_fact(small: Workload) -> None:
    for context in (context for _, _, _, context in small.stream[:HOT]):
        check_canonical(context)
    assert all(not small.engine.authorize(request).diagnostics for request in small.requests[:HOT])


def test_a_small_account_is_asked_fifteen_questions(small: Workload) -> None:
    assert len({question[:3] for question in small.stream}) == 15


def test_policies_have_the_statements_that_the_figures_name() -> None:
    assert len(json.loads(key_policy(0, SMALL))["Statement"]) == 6
    assert [len(json.loads(text)["Statement"]) for text in identity_policies(0)] == [5, 5]
    roots = sum(":root" in text for text in key_texts(MEDIUM))
    assert roots == 0.9 * MEDIUM.keys


def test_sizes_hold_the_grants_that_the_figures_name() -> None:
    assert [size.hot_grants + (size.keys - 1) * size.grants for size in (SMALL, MEDIUM, LARGE)] == [
        2,
        2_000,
        20_998,
    ]
    assert len(bundle(SMALL).keys[key_arn(0)].grants) == 2
    grants = [grant for record in bundle(replace(MEDIUM, keys=3)).keys.values() for grant in record.grants]
    assert len(grants) == 60
    assert all(grant.constraints.encryption_context_subset for grant in grants)


@pytest.mark.parametrize("layer", ["key", "identity", "grant"])
def test_every_layer_decides_something(small: Workload, layer: str) -> None:
    decided = {o.layer for request in small.requests for o in small.engine.authorize(request).determining}
    assert layer in decided


def test_a_large_account_costs_nothing_until_it_is_looked_at() -> None:
    assert json.loads(next(key_texts(LARGE)))["Statement"][2]["Principal"]["AWS"][0] == role_arn(0)


def test_requests_that_cannot_be_shared_out_are_refused() -> None:
    with pytest.raises(ValueError, match="10 requests"):
        replace(SMALL, requests=10)


def test_an_account_without_an_outcome_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_ATTEMPTS", 5)
    with pytest.raises(RuntimeError, match="too few requests"):
        stream.select(PolicyEngine(), replace(SMALL, requests=4), seed=1)


def test_disagreement_stops_the_timing(small: Workload) -> None:
    with pytest.raises(RuntimeError, match="and not"):
        require_agreement(replace(small, engine=PolicyEngine()))


def test_floor_reads_compare_what_is_asked(small: Workload) -> None:
    read = floor_reads(small.stream)
    principal, action, resource, context = small.stream[0]
    assert read(principal, action, resource, context)
    assert not read(principal, action, resource, {**context, "kms:CallerAccount": "444455556666"})
    with pytest.raises(KeyError):
        read("somebody else", action, resource, context)


def test_ratios_are_medians_of_what_one_round_took() -> None:
    ticks = iter([100.0, 200.0, 1_000.0, 50.0, 100.0, 400.0])
    timed = [Measure("floor", "", lambda: next(ticks)), Measure("decide", "floor", lambda: next(ticks))]
    taken = list(rounds(timed, 3))
    # the second round begins with the other measure
    assert taken == [
        {"floor": 100.0, "decide": 200.0},
        {"decide": 1_000.0, "floor": 50.0},
        {"floor": 100.0, "decide": 400.0},
    ]
    assert [line.split() for line in report(timed, taken)][1:] == [
        ["floor", "100"],
        ["decide", "400", "4.00", "3.00", "12.00", "floor"],
    ]
