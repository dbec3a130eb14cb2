"""What is refused before the parser runs: texts too large, not UTF-8, too deep.

Everything here is linear in the text. The limits protect the reader; AWS's own quotas (32,768 bytes for a key
policy) are checked where AWS checks them.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import NoReturn

from policy_engine.errors import Diagnostic, PolicySyntaxError
from policy_engine.span import Source, Span

MAX_POLICY_BYTES = 1024 * 1024
MAX_POLICY_DEPTH = 32
MAX_FILE_BYTES = 64 * 1024 * 1024
"""For files that hold many policies, such as what get-account-authorization-details prints."""
MAX_NUMBER_LENGTH = 64
BYTE_ORDER_MARK = "\ufeff"

# The next bracket, or the end: it matches from wherever the last match ended, so that the search is linear.
# A whole string, however broken, counts as one piece, so that brackets in strings are not nesting.
_BRACKET = re.compile(r'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z))*+(?:([\[\]{}])|\Z)', re.DOTALL)

_OPENING = frozenset("[{")


def _refuse(span: Span, code: str, message: str, remedy: str) -> NoReturn:
    raise PolicySyntaxError(Diagnostic(code, message, span, remedy))


def decode(text: str | bytes, name: str, max_bytes: int) -> str:
    """The text of UTF-8 bytes; a str is only measured.

    Raises:
        PolicySyntaxError: not UTF-8, or longer than `max_bytes`.
    """
    if isinstance(text, str):
        check_size(Source(name, text), max_bytes)
        return text
    if len(text) > max_bytes:
        _too_large(Source(name, ""), len(text), max_bytes)
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        good = text[: error.start].decode("utf-8")
        _refuse(
            Span(Source(name, good), len(good), len(good)),
            "not-utf-8",
            f"the text is not UTF-8: byte {error.start} is 0x{text[error.start]:02x}",
            "save the file as UTF-8",
        )


def check_size(source: Source, max_bytes: int) -> None:
    """Refuse a text that is longer than `max_bytes` in UTF-8."""
    characters = len(source.text)
    if characters * 4 <= max_bytes:
        return
    size = len(source.text.encode("utf-8", "surrogatepass"))
    if size > max_bytes:
        _too_large(source, size, max_bytes)


def _too_large(source: Source, size: int, max_bytes: int) -> NoReturn:
    _refuse(
        Span(source, 0, 0),
        "too-large",
        f"the text has {size:,} bytes, more than the {max_bytes:,} that are read",
        "a key policy may have 32,768 bytes, a managed policy 6,144 characters",
    )


def check(source: Source, max_depth: int) -> None:
    """Refuse a text that nests deeper than `max_depth`, before a parser has to hold that many levels."""
    depth = 0
    for number, bracket in enumerate(_BRACKET.findall(source.text)):
        depth = depth + 1 if bracket in _OPENING else max(0, depth - 1)
        if depth > max_depth:
            place = next(islice(_BRACKET.finditer(source.text), number, None)).end()
            _refuse(
                Span(source, place - 1, place),
                "too-deep",
                f"the text nests deeper than {max_depth} levels",
                "a policy needs no more than six levels",
            )
