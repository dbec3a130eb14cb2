"""The figures of a run as a Markdown table and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from bench.peers.contest import DECIDE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.peers.contest import Entry

    Figures = Mapping[str, Sequence[Entry]]
    """What a run says, by size."""


def markdown(figures: Figures) -> Iterator[str]:
    """The table, line by line; then one request of each engine that differs."""
    yield f"| x `decide` (µs a decision) | {' | '.join(figures)} |"
    yield f"| --- |{' ---: |' * len(figures)}"
    for row in zip(*figures.values(), strict=True):
        version = next((f" {entry.version.partition('.post')[0]}" for entry in row if entry.version), "")
        yield f"| {_titled(row[0].name, version)} | {' | '.join(map(_cell, row))} |"
    yield from _differences(figures)


def record(figures: Figures) -> dict[str, list[dict[str, object]]]:
    """All that was measured."""
    return {size: [_recorded(entry) for entry in entries] for size, entries in figures.items()}


def short(number: float) -> str:
    """A figure with as many digits as it deserves."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"  # noqa: PLR2004 - two digits suffice


def _titled(name: str, version: str) -> str:
    engine, comma, way = name.partition(",")
    return f"{engine}{version}{comma}{way}"


def _cell(entry: Entry) -> str:
    if entry.time:
        ratio = "1" if entry.name == DECIDE else short(entry.time.ratio)
        return f"{ratio} ({short(entry.time.nanoseconds / 1_000)})"
    if entry.agreement:
        return f"{entry.agreement.differing} of {entry.agreement.checked} differ"
    return "not installed"


def _differences(figures: Figures) -> Iterator[str]:
    for size, entries in figures.items():
        for entry in entries:
            if entry.agreement and entry.agreement.example:
                yield ""
                yield f"{entry.name} differs at {size}: {entry.agreement.example}."


def _recorded(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "how": entry.how,
        "version": entry.version,
        "missing": entry.missing,
        "agreement": entry.agreement.record() if entry.agreement else None,
        "time": asdict(entry.time) if entry.time else None,
    }
