"""The figures of a run as bars on a logarithmic axis, in SVG."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from bench.peers.table import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.peers.contest import Entry
    from bench.peers.table import Figures

_LABELS, _AXIS, _MARGIN = 270, 520, 110
_BAR, _GAP, _TOP, _BOTTOM = 13, 12, 64, 34
_COLOURS = ("#9ecae1", "#4292c6", "#084594")
_FONT = "font-family: system-ui, sans-serif; font-size: 12px"


def svg(figures: Figures) -> str:
    """A picture with a group of bars for each engine that was timed, one bar a size."""
    rows = [row for row in zip(*figures.values(), strict=True) if any(entry.time for entry in row)]
    group = _BAR * len(figures) + _GAP
    height, width = _TOP + group * len(rows), _LABELS + _AXIS + _MARGIN
    picture = ET.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width} {height + _BOTTOM}", style=_FONT
    )
    ET.SubElement(picture, "rect", width="100%", height="100%", fill="white")
    _text(picture, 12, 24, "Time of a decision as a multiple of kmsgate's decide", style="font-size: 15px")
    _legend(picture, list(figures))
    low, high = _decades(rows)
    for decade in range(low, high + 1):
        x = _LABELS + _AXIS * (decade - low) / (high - low)
        line = {"stroke": "#444" if decade == 0 else "#ddd"}
        ET.SubElement(picture, "line", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=str(_TOP - 6), y2=str(height), **line)
        _text(picture, x, height + 18, f"{10.0**decade:,g}x", anchor="middle")
    for number, row in enumerate(rows):
        _bars(picture, row, _TOP + group * number, (low, high))
    ET.indent(picture)
    return ET.tostring(picture, encoding="unicode") + "\n"


def _bars(picture: ET.Element, row: Sequence[Entry], top: float, axis: tuple[int, int]) -> None:
    low, high = axis
    _text(picture, _LABELS - 10, top + _BAR * len(row) / 2 + 4, row[0].name.replace("`", ""), anchor="end")
    for place, (entry, colour) in enumerate(zip(row, _COLOURS, strict=False)):
        if entry.time is None:
            continue
        length = _AXIS * (log10(entry.time.ratio) - low) / (high - low)
        y = top + _BAR * place
        bar = {"x": str(_LABELS), "y": f"{y:.1f}", "width": f"{length:.1f}", "height": str(_BAR - 2)}
        ET.SubElement(picture, "rect", fill=colour, **bar)
        _text(picture, _LABELS + length + 5, y + 10, f"{short(entry.time.ratio)}x", style="font-size: 11px")


def _legend(picture: ET.Element, sizes: Sequence[str]) -> None:
    for place, (size, colour) in enumerate(zip(sizes, _COLOURS, strict=False)):
        x = _LABELS + 90 * place
        ET.SubElement(picture, "rect", x=str(x), y="37", width="12", height="12", fill=colour)
        _text(picture, x + 18, 47, size)


def _decades(rows: Sequence[Sequence[Entry]]) -> tuple[int, int]:
    """The powers of ten that the axis runs between; bars begin at the lower one."""
    ratios = list(_ratios(rows))
    return floor(log10(min(ratios)) - 0.3), max(1, ceil(log10(max(ratios))))


def _ratios(rows: Sequence[Sequence[Entry]]) -> Iterator[float]:
    return (entry.time.ratio for row in rows for entry in row if entry.time)


def _text(
    picture: ET.Element, x: float, y: float, text: str, *, anchor: str = "start", style: str = ""
) -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "style": style}
    ET.SubElement(picture, "text", {name: value for name, value in place.items() if value}).text = text
