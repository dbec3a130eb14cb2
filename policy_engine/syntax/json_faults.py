"""Says what is wrong with a text that is not JSON, and how to mend it.

The parser tells only the offset at which it had to give up. What stands there decides what a person is told:
the table below goes from what is found to the words.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from policy_engine.errors import Diagnostic, Severity
from policy_engine.span import Source, Span


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, without its place."""

    code: str
    message: str
    help: str

    def at(self, span: Span) -> Diagnostic:
        """The diagnostic of this fault at a place."""
        return Diagnostic(self.code, self.message, span, self.help)


EMPTY = Fault("empty", "the text is empty", "a policy is a JSON object with `Version` and `Statement`")
NUMBER_TOO_LONG = Fault(
    "number-too-long", "the number is too long", "write at most 64 characters, or a string"
)
NUMBER_OUT_OF_RANGE = Fault(
    "number-out-of-range", "the number is out of range", "write a smaller number, or a string"
)
_ENDED = Fault(
    "unexpected-end", "the text ends before the JSON value is complete", "close every string, `[` and `{`"
)
_TRAILING_COMMA = Fault(
    "trailing-comma", "JSON does not allow a comma before a closing bracket", "remove the comma"
)
_NO_COMMA = Fault(
    "missing-comma", "a comma is missing before this value", "put a comma after the value before it"
)
_NO_COLON = Fault("missing-colon", "a colon is missing after the key", "write the key, a colon and a value")
_TRAILING = Fault("trailing-text", "there is text after the JSON value", "keep one JSON value in the file")
_UNTERMINATED = Fault("unterminated-string", "the string is not closed", 'close it with `"` on the same line')
_BAD_ESCAPE = Fault(
    "bad-escape",
    "JSON does not know this escape",
    r"JSON escapes are \" \\ \/ \b \f \n \r \t and \u with four hexadecimal digits",
)
_SURROGATE = Fault(
    "lone-surrogate", "half of a surrogate pair stands alone", "write both halves, or the character itself"
)
_KEY_WANTED = Fault("key-expected", "a key in double quotes is expected here", 'write `"key": value`')
_VALUE_WANTED = Fault(
    "value-expected", "a JSON value is expected here", "write a string, number, list or object"
)

# What stands at the place where the parser gave up → what to say. The first that fits is taken.
_FOUND: tuple[tuple[re.Pattern[str], Fault], ...] = (
    (re.compile(r"//|/\*|#"), Fault("comment", "JSON does not allow comments", "remove the comment")),
    (re.compile(r"'"), Fault("single-quote", "JSON does not allow single quotes", "use double quotes")),
    (
        re.compile(r"-?(?:NaN|Infinity)"),
        Fault("not-a-number", "JSON does not allow NaN or Infinity", "write a string, or remove it"),
    ),
    (
        re.compile(r"(?i:true|false|null|none)(?![0-9A-Za-z_])"),
        Fault("bad-literal", "JSON writes true, false and null in lower case", "write it in lower case"),
    ),
    (
        re.compile(r"[+-]?\.?[0-9]"),
        Fault(
            "bad-number",
            "this is not a JSON number",
            "no leading zero, plus sign, hexadecimal or bare point: write 1, -1, 0.5 or 1e3",
        ),
    ),
    (
        re.compile(r"[“”„‟«»]"),
        Fault("typographic-quote", "JSON does not allow typographic quotes", 'use `"`'),
    ),
)
_GOOD_STRING = re.compile(r'"(?:[^"\\\x00-\x1f\ud800-\udfff]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*')
_GOOD_VALUE = re.compile(
    r"(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![0-9A-Za-z_.+-])"
)
_WHITESPACE = " \t\n\r"
_LONE_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|(?P<lone>\\u[dD][89a-fA-F][0-9A-Fa-f]{2})|\\."
)


def printable(text: str, limit: int = 80) -> str:
    """`text` for a message: control, bidirectional and other invisible characters escaped, cut at `limit`."""
    shown = "".join(
        c if c == " " or unicodedata.category(c)[0] not in "CZ" else _escape(c) for c in text[:limit]
    )
    return shown + ("…" if len(text) > limit else "")


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - the basic multilingual plane


def byte_order_mark(source: Source) -> Diagnostic:
    """The mild diagnostic of a text that begins with U+FEFF."""
    return Diagnostic(
        "byte-order-mark",
        "the text begins with a byte-order mark",
        Span(source, 0, 1),
        "save the file as UTF-8 without one: AWS refuses it",
        Severity.WARNING,
    )


def lone_surrogate(start: int, body: str) -> tuple[int, int, Fault]:
    """The place of the first escaped surrogate without its other half in a string token."""
    match = next(match for match in _LONE_ESCAPE.finditer(body) if match["lone"])
    return start + match.start(), start + match.end(), _SURROGATE


def explain(source: Source, offset: int) -> Diagnostic:
    """The diagnostic for a parser that gave up at `offset`."""
    text = source.text
    before = text[:offset].rstrip(_WHITESPACE)
    if offset >= len(text):
        return _ENDED.at(Span(source, len(text), len(text)))
    if text[offset] in "]}" and before.endswith(","):
        return _TRAILING_COMMA.at(Span(source, len(before) - 1, len(before)))
    if text[offset] == '"':
        return _explain_string(source, offset, before)
    if before and before[-1] not in ",:[{" and _GOOD_VALUE.match(text, offset):
        return (_TRAILING if _complete(source, before) else _NO_COMMA).at(Span(source, offset, offset + 1))
    for pattern, fault in _FOUND:
        match = pattern.match(text, offset)
        if match:
            return fault.at(Span(source, offset, max(match.end(), offset + 1)))
    return _explain_character(source, offset, before)


def _explain_string(source: Source, offset: int, before: str) -> Diagnostic:
    """A quotation mark where the parser gave up: the string is broken, or stands in the wrong place."""
    text = source.text
    good = _GOOD_STRING.match(text, offset)
    end = good.end() if good else offset + 1
    if end >= len(text):
        return _UNTERMINATED.at(Span(source, offset, len(text)))
    if text[end] == "\\":
        return _BAD_ESCAPE.at(Span(source, end, min(end + 2, len(text))))
    if text[end] != '"':
        return _bad_character(text[end]).at(Span(source, end, end + 1))
    if before and before[-1] not in ",:[{":
        return _NO_COMMA.at(Span(source, offset, end + 1))
    return _NO_COLON.at(Span(source, offset, end + 1))


def _bad_character(character: str) -> Fault:
    if "\ud800" <= character <= "\udfff":
        return _SURROGATE
    if character in "\r\n":
        return Fault(
            "raw-newline", "a string may not run over the end of a line", r"close the string, or write \n"
        )
    return Fault(
        "control-character",
        f"a string may not hold the control character U+{ord(character):04X}",
        f"write it as \\u{ord(character):04x}, or remove it",
    )


def _explain_character(source: Source, offset: int, before: str) -> Diagnostic:
    text = source.text
    span = Span(source, offset, offset + 1)
    character = text[offset]
    if not before or before == "\ufeff":
        return Fault(
            "not-json", f"`{printable(character)}` begins no JSON value", "a policy begins with `{`"
        ).at(span)
    if _complete(source, before):
        return _TRAILING.at(span)
    if character in "{[":
        return (_KEY_WANTED if before[-1] == "{" else _NO_COMMA).at(span)
    if before[-1] in "{," and character not in ",:]}":
        return _KEY_WANTED.at(span)
    if before[-1] in ":[,{":
        return _VALUE_WANTED.at(span)
    return Fault(
        "unexpected-character",
        f"`{printable(character)}` cannot stand here",
        "after a value comes a comma or a closing bracket",
    ).at(span)


def _complete(source: Source, before: str) -> bool:
    """Whether what stands before the place is a whole JSON value already, as two documents in a file are."""
    depth = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', before):
        if match[0] in "[{":
            depth += 1
        elif match[0] in "]}":
            depth -= 1
    return depth == 0 and before[-1] in '}]"' and bool(source.text)
