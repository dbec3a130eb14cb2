from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.syntax.canonical_json import canonical_json


@dataclass
class Statement:
    number: int


_ANY_TEXT = st.text(st.characters(codec=None))
_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _ANY_TEXT
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_ANY_TEXT, inner, max_size=4)
)


def _turned_round(value: object) -> object:
    """The same value, every mapping written down from its end."""
    if isinstance(value, dict):
        return {name: _turned_round(value[name]) for name in reversed(value)}
    if isinstance(value, list):
        return tuple(map(_turned_round, value))
    return value


@given(_VALUES)
def test_it_says_what_the_value_says(value: object) -> None:
    text = canonical_json(value)
    assert text.isascii()
    assert json.loads(text) == value


@given(_VALUES)
def test_a_value_has_one_text_however_it_is_put_together(value: object) -> None:
    assert canonical_json(_turned_round(value)) == canonical_json(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": [1, "é"], "a": None}, '{"a":null,"b":[1,"\\u00e9"]}'),
        ({"b": "\ud800", "a": (True,)}, '{"a":[true],"b":"\\ud800"}'),
        ({"\ud800": 1, "a": 2**70}, '{"a":1180591620717411303424,"\\ud800":1}'),
    ],
)
def test_names_are_sorted_and_nothing_is_between_the_tokens(value: object, text: str) -> None:
    assert canonical_json(value) == text


@pytest.mark.parametrize(
    "value",
    [{1, 2}, b"bytes", [object()], {"a": {b"b"}}, Statement(1), {"at": datetime(2026, 1, 1, tzinfo=UTC)}],
)
def test_what_json_does_not_have_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)
