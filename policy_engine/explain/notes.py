"""Says what is odd about a value that does not fit: only its case differs, its Unicode form, a space.

A table from what is found to the words. The first entry that fits is taken.
"""

from __future__ import annotations

import difflib
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_CLOSE = 0.75
_CASE_MATTERS = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike"})
_NO_WILDCARDS = frozenset({"StringEquals", "StringEqualsIgnoreCase"})
_BOOLEANS = frozenset({"true", "false"})


def _same_but_for_case(operator: str, wanted: str, got: str) -> bool:
    return operator in _CASE_MATTERS and wanted != got and wanted.casefold() == got.casefold()


def _same_but_for_form(operator: str, wanted: str, got: str) -> bool:
    del operator
    return wanted != got and unicodedata.normalize("NFKC", wanted) == unicodedata.normalize("NFKC", got)


def _same_but_for_space(operator: str, wanted: str, got: str) -> bool:
    del operator
    return wanted != got and wanted.strip() == got.strip()


def _same_but_for_hidden(operator: str, wanted: str, got: str) -> bool:
    del operator
    return wanted != got and _visible(wanted) == _visible(got)


def _literal_wildcard(operator: str, wanted: str, got: str) -> bool:
    del got
    return operator in _NO_WILDCARDS and ("*" in wanted or "?" in wanted)


def _no_boolean(operator: str, wanted: str, got: str) -> bool:
    del wanted
    return operator == "Bool" and got.lower() not in _BOOLEANS


def _no_arn(operator: str, wanted: str, got: str) -> bool:
    del wanted
    return operator.startswith("Arn") and not got.startswith("arn:")


def _visible(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c)[0] != "C")


_NOTES: tuple[tuple[Callable[[str, str, str], bool], str], ...] = (
    (_same_but_for_case, "{operator} is case-sensitive"),
    (_same_but_for_form, "the two differ only by Unicode normalisation: IAM compares code points"),
    (_same_but_for_hidden, "the two differ only by characters that do not show"),
    (_same_but_for_space, "the two differ only by white space at an end"),
    (_literal_wildcard, "{operator} takes * and ? literally; StringLike reads them as wildcards"),
    (_no_boolean, "the request's value is neither true nor false"),
    (_no_arn, "the request's value is no ARN"),
)


def value_note(
    operator: str, wanted: Iterable[str], got: Iterable[str], name: str | None = None
) -> str | None:
    """What is odd about values that an operator does not take, or None.

    Args:
        operator: the operator's name, without quantifier and IfExists.
        wanted: the policy's values.
        got: the request's values.
        name: what to call the operator, where it has another name to the reader.
    """
    pairs = [(one, other) for one in wanted for other in got]
    for fits, words in _NOTES:
        if any(fits(operator, one, other) for one, other in pairs):
            return words.format(operator=name or operator)
    return None


def look_alike(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that somebody may have meant by `name`, or None."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=_CLOSE)
    return close[0] if close else None
