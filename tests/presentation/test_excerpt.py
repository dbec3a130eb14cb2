"""A marked line is escaped, measured and cut, and the mark stands under what it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.presentation.excerpt import Excerpt, columns, escaped, excerpt
from policy_engine.span import Source, Span


def of(before: str, marked: str, after: str, room: int = 96) -> Excerpt:
    return excerpt(Span(Source("f", before + marked + after), len(before), len(before + marked)), room)


@pytest.mark.parametrize(
    ("text", "width"), [("", 0), ("abc", 3), ("鍵", 2), ("e\u0301", 1), ("ｆ", 2), ("…", 1)]
)
def test_columns(text: str, width: int) -> None:
    assert columns(text) == width


def test_nothing_is_shown_raw_and_a_tab_is_four_blanks() -> None:
    assert escaped("\ta\x1b\u202eb") == "    a\\u001b\\u202eb"
    assert escaped("\U000e0041" * 50).count("\\") == 50


def test_the_marks_stand_under_the_marked_part() -> None:
    shown = of("\t鍵 ", "ab", " rest")
    assert str(shown) == "    鍵 ab rest"
    assert shown.underline("-") == "       --"
    assert of("ab", "", "c").underline() == "  ^"


def test_of_several_lines_the_first_is_shown() -> None:
    source = Source("f", "{  \n  1\n}")
    assert excerpt(Span(source, 0, len(source.text)), 96).marked == "{"


@given(st.text("ab", max_size=200), st.text("[]", min_size=1, max_size=200), st.text("cd", max_size=200))
def test_a_cut_line_keeps_to_its_room_and_its_mark_in_sight(before: str, marked: str, after: str) -> None:
    shown = of(before, marked, after, room=40)
    assert columns(str(shown)) <= 40
    assert shown.marked.rstrip("…") == marked[: len(shown.marked.rstrip("…"))]
    assert shown.marked
    if len(before + marked + after) <= 40:
        assert (shown.before, shown.marked, shown.after) == (before, marked, after)
