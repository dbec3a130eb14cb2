"""The quick way to a context's canonical form gives what going through it key by key gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.engine.context import _of_any, canonical_context
from policy_engine.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable

KEYS = st.sampled_from(
    [
        "kms:EncryptionContext:Tenant",
        "kms:encryptioncontext:tenant",
        "kms:EncryptionContext:b",
        "kms:EncryptionContextKeys",
        "kms:ViaService",
        "aws:TagKeys",
        "aws:tagkeys",
        "aws:CurrentTime",
        "aws:MultiFactorAuthPresent",
    ]
)
TEXTS = st.sampled_from(["", "a", "B"])
VALUES = st.one_of(
    TEXTS,
    st.booleans(),
    st.lists(TEXTS, max_size=3),
    st.lists(TEXTS, max_size=3).map(tuple),
    st.just((1, "a")),
)


def _either(make: Callable[[dict[str, Any]], object], context: dict[str, Any]) -> object:
    try:
        return make(context)
    except RequestError as error:
        return str(error)


@given(st.dictionaries(KEYS, VALUES))
def test_both_ways_lead_to_the_same(context: dict[str, Any]) -> None:
    assert _either(canonical_context, context) == _either(_of_any, context)


@pytest.mark.parametrize(
    ("value", "quick"),
    [
        ("a", True),
        (("a",), True),
        (("a", "b"), True),
        ((), False),
        (["a"], False),
        ((1,), False),
        (True, False),
    ],
)
def test_the_quick_way_takes_texts_and_tuples_of_texts(
    value: object, quick: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    monkeypatch.setattr(
        "policy_engine.engine.context._of_any", lambda context: seen.append(context) or context
    )
    canonical_context({"aws:TagKeys": value, "kms:ViaService": "s3.us-east-1.amazonaws.com"})
    assert bool(seen) is not quick
