"""What loading policies costs beside `json.loads` of the same texts: ``python -m bench.loading [WHAT]``.

Two sets of 10,000 key policies: those of the large workload, of which 2,000 are different, since five keys
share a role, and the same with a role for each key, so that no two are equal. As in `ratios`, all is measured
in the same rounds and a ratio is taken inside a round; but what counts is processor time, since a round takes
seconds. `json.loads` keeps no positions, takes more, and what it gives is thrown away.

Memory is what `tracemalloc` counts after texts and bundle are dropped: what the engine keeps, and the table
of known texts with it.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import sys
import tempfile
import tracemalloc
from dataclasses import replace
from os import cpu_count
from pathlib import Path
from statistics import median, quantiles
from time import process_time_ns
from typing import TYPE_CHECKING

from bench.account import LARGE, key_arn, role_arn
from bench.ratios import Measure, rounds
from bench.workload import bundle, key_texts
from policy_engine import Bundle, KeyRecord, PolicyEngine
from policy_engine.bundle.compiled import load_compiled, save_compiled
from policy_engine.model.policy import Policy, PolicyKind
from policy_engine.reading import read_policy
from policy_engine.reading.known import KNOWN_TEXTS
from policy_engine.syntax.arn import parse_arn
from policy_engine.syntax.json_document import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
DIFFERENT = replace(LARGE, name="different", principals=LARGE.keys)
_FEW = 100
_ROUNDS_OF_FEW = 15
_PASSES = 50
"""How often `json.loads` goes through the few, so that it takes about as long as what is compared with it."""
_ROUNDS_OF_ALL = 7
_JSON = "json.loads"


def few_measures(texts: Sequence[str]) -> Iterator[Measure]:
    """Texts that are read for the first time."""

    def first() -> None:
        KNOWN_TEXTS.clear()
        for text in texts:
            _read(text)

    yield _measure(_JSON, list(texts) * _PASSES, json.loads)
    yield _measure("text to tree with positions", texts, parse_json)
    yield Measure("read_policy, a new text", _JSON, lambda: _nanoseconds(first) / len(texts))


def all_measures(texts: Sequence[str], path: Path) -> Iterator[Measure]:
    """Texts that were read before, by this process or another."""
    files = [f"<key policy of {key_arn(key)}>" for key in range(len(texts))]

    def known() -> None:
        for text, file in zip(texts, files, strict=True):
            _read(text, file)

    def elsewhere() -> None:
        for text, file in zip(texts, reversed(files), strict=True):
            _read(text, file)

    def reload() -> None:
        load_compiled(path)
        for text in texts:
            _read(text)

    yield _measure(_JSON, texts, json.loads)
    yield _measure("read_policy, a known text", texts, _read)
    yield Measure("the same, each in its file", _JSON, lambda: _after(known, known) / len(texts))
    yield Measure("the same, in another file", _JSON, lambda: _after(known, elsewhere) / len(texts))
    yield Measure("load_compiled", _JSON, lambda: _after(_forget, lambda: load_compiled(path)) / len(texts))
    yield Measure("and read_policy of all", _JSON, lambda: _after(_forget, reload) / len(texts))
    yield Measure("PolicyEngine of all", _JSON, lambda: _engine_of(texts) / len(texts))


def report(timed: Sequence[Measure], count: int) -> Iterator[str]:
    """The table, line by line."""
    taken = list(rounds(timed, count))
    yield f"{'':<30}{'us/policy':>10}{'x json.loads':>14}{'quartiles':>14}"
    for measure in timed:
        line = f"{measure.name:<30}{median(one[measure.name] for one in taken) / 1000:>10.2f}"
        if measure.yardstick:
            ratios = [one[measure.name] / one[measure.yardstick] for one in taken]
            low, middle, high = quantiles(ratios, n=4, method="inclusive")
            line += f"{middle:>14.2f}{low:>8.2f}{high:>6.2f}"
        yield line


def times() -> Iterator[str]:
    """The tables of times."""
    few = list(key_texts(replace(LARGE, keys=_FEW)))
    yield f"{_FEW} key policies, {_ROUNDS_OF_FEW} rounds"
    yield from report(list(few_measures(few)), _ROUNDS_OF_FEW)
    for size in (LARGE, DIFFERENT):
        texts = list(key_texts(size))
        yield f"\n{len(texts):,} key policies, {len(set(texts)):,} different, {_ROUNDS_OF_ALL} rounds"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "compiled")
            save_compiled(path, [(text, PolicyKind.KEY) for text in texts])
            yield from report(list(all_measures(texts, path)), _ROUNDS_OF_ALL)
    yield f"\nput_key_policy, one changed policy of {LARGE.keys:,}: {_change() / 1000:.0f} us"


def memory() -> Iterator[str]:
    """The table of memory."""
    yield f"{'MB that an engine keeps':<50}{'loaded':>8}{'each key asked about':>22}"
    sizes = {
        "10,000 key policies, 2,000 different": replace(LARGE, hot_grants=0, grants=0),
        "10,000 key policies, all different": replace(DIFFERENT, hot_grants=0, grants=0),
    }
    for name, size in sizes.items():
        loaded, asked = _kept(lambda size=size: PolicyEngine(Bundle(bundle(size).keys)))  # type: ignore[misc] # a default has no type
        yield f"{name:<50}{loaded:>8.1f}{asked:>22.1f}"
    loaded, asked = _kept(lambda: PolicyEngine(bundle(LARGE)))
    yield f"{'10,000 keys, 2,000 roles, 20,998 grants':<50}{loaded:>8.1f}{asked:>22.1f}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.loading", description="loading beside json.loads")
    parser.add_argument("what", nargs="?", choices=("times", "memory"))
    what = parser.parse_args().what
    machine = f"{platform.python_implementation()} {platform.python_version()}, {cpu_count()} CPUs\n"
    sys.stdout.write(machine)
    for table in (times, memory):
        for line in table() if what in {None, table.__name__} else ():
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


def _read(text: str, file: str = "<policy>") -> Policy:
    return read_policy(text, kind=PolicyKind.KEY, name="default", file=file)


def _forget() -> None:
    KNOWN_TEXTS.clear()


def _measure(name: str, texts: Sequence[str], call: Callable[[str], object]) -> Measure:
    def calls() -> None:
        for text in texts:
            call(text)

    yardstick = "" if name == _JSON else _JSON
    return Measure(name, yardstick, lambda: _after(calls, calls) / len(texts))


def _after(before: Callable[[], object], timed: Callable[[], object]) -> float:
    before()
    return _nanoseconds(timed)


def _nanoseconds(timed: Callable[[], object]) -> float:
    begin = process_time_ns()
    timed()
    return process_time_ns() - begin


def _engine_of(texts: Sequence[str]) -> float:
    records = (KeyRecord(key_arn(key), _read(text)) for key, text in enumerate(texts))
    account = Bundle({record.arn: record for record in records})
    return _nanoseconds(lambda: PolicyEngine(account))


def _change() -> float:
    """How long it takes to change one policy of many, in nanoseconds: the median of some."""
    records = (KeyRecord(key_arn(key), _read(text)) for key, text in enumerate(key_texts(LARGE)))
    engine = PolicyEngine(Bundle({record.arn: record for record in records}))
    changed = [
        text.replace("KeepInside", f"Keep{n}") for n, text in enumerate(key_texts(replace(LARGE, keys=25)))
    ]
    return median(
        _nanoseconds(lambda n=n, text=text: engine.put_key_policy(key_arn(n), text))  # type: ignore[misc] # as above
        for n, text in enumerate(changed)
    )


def _kept(make: Callable[[], PolicyEngine]) -> tuple[float, float]:
    """How many MB an engine keeps, and once each key's rows were used by a question."""
    KNOWN_TEXTS.clear()
    for cached in (key_arn, role_arn, parse_arn):  # so that the first engine does not pay for all
        cached.cache_clear()
    gc.collect()
    tracemalloc.start(1)
    before = tracemalloc.get_traced_memory()[0]
    engine = make()
    gc.collect()
    loaded = tracemalloc.get_traced_memory()[0] - before
    for key in engine.keys:
        engine.decide(role_arn(0), "kms:Decrypt", key, {})
    gc.collect()
    asked = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return loaded / 1e6, asked / 1e6


if __name__ == "__main__":
    main()
