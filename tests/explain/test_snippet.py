"""Carets stand under what they mean, whatever the line holds."""

from __future__ import annotations

from policy_engine.explain.snippet import snippet
from policy_engine.span import Source, Span


def under(text: str, wanted: str, *, width: int = 100) -> list[str]:
    source = Source("f", text)
    start = text.index(wanted)
    return snippet(Span(source, start, start + len(wanted)), "here", width=width)


def test_a_line_with_carets() -> None:
    assert under('{\n  "a": "b"\n}', '"b"') == ["   |", ' 2 |   "a": "b"', "   |        ^^^ here"]


def test_a_tab_and_wide_characters_are_as_wide_as_they_show() -> None:
    assert under('\t"鍵": x', "x") == ["   |", ' 1 |     "鍵": x', "   |           ^ here"]


def test_invisible_characters_are_spelt_out() -> None:
    _, line, carets = under("a\u202eb\x1bc", "c")
    assert line == " 1 | a\\u202eb\\u001bc"
    assert carets == "   |               ^ here"


def test_a_long_line_is_cut_around_the_carets() -> None:
    for padding in ("", "x" * 500):
        _, line, carets = under(f"{padding}[wanted]{'y' * 500}", "wanted", width=60)
        assert len(line) <= 60
        at = carets.index("^")
        assert line[at : at + 6] == "wanted"


def test_a_span_that_is_longer_than_the_room() -> None:
    _, line, carets = under("a" + "b" * 300 + "c", "b" * 300, width=60)
    assert len(line) <= 60
    assert "^" * 50 in carets


def test_a_span_over_lines_shows_its_first() -> None:
    assert under("{\n  1\n}", "{\n  1\n}") == ["   |", " 1 | {", "   | ^ here"]


def test_an_empty_span_has_a_caret() -> None:
    source = Source("f", "ab")
    assert snippet(Span(source, 2, 2))[2] == "   |   ^"
