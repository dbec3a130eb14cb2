"""The one JSON text of a value, for hashes: in ASCII, names sorted, nothing between the tokens (RFC 8259).

By orjson, since it stands on the way of every call and takes a tenth of the standard library's time; what is
not in ASCII then, or what orjson refuses, as a lone surrogate, is written by the standard library. Which of
the two it is follows from the value, so that the text does too.
"""

from __future__ import annotations

import json

import orjson

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_in_ascii = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def canonical_json(value: object) -> str:
    """Write a value.

    Args:
        value: made of mappings with text names, lists, tuples, texts, finite numbers, booleans and None.

    Raises:
        TypeError: it holds something for which JSON has no place.
        ValueError: it holds itself.
    """
    try:
        text = orjson.dumps(value, option=_OPTIONS)
    except TypeError:
        return _in_ascii(value)
    return text.decode("ascii") if text.isascii() else _in_ascii(value)
