"""What is odd about a value that does not fit."""

from __future__ import annotations

import pytest

from policy_engine.explain.notes import look_alike, value_note
from tests.explain.world import APP, CONTEXT, ask

UNICODE = "the two differ only by Unicode normalisation: IAM compares code points"
HIDDEN = "the two differ only by characters that do not show"
SPACE = "the two differ only by white space at an end"


@pytest.mark.parametrize(
    ("operator", "wanted", "got", "note"),
    [
        ("StringEquals", "acme", "Acme", "StringEquals is case-sensitive"),
        ("StringLike", "acme", "ACME", "StringLike is case-sensitive"),
        ("StringEqualsIgnoreCase", "acme", "Bcme", None),
        ("StringEquals", "caf\u00e9", "cafe\u0301", UNICODE),
        ("StringEquals", "acme", "acme\u200b", HIDDEN),
        ("StringEquals", "acme", " acme", SPACE),
        (
            "StringEquals",
            "ac*",
            "acme",
            "StringEquals takes * and ? literally; StringLike reads them as wildcards",
        ),
        ("Bool", "true", "yes", "the request's value is neither true nor false"),
        ("ArnLike", "arn:aws:s3:::b", "b", "the request's value is no ARN"),
        ("StringEquals", "acme", "other", None),
    ],
)
def test_value_note(operator: str, wanted: str, got: str, note: str | None) -> None:
    assert value_note(operator, [wanted], [got]) == note


def test_the_first_entry_of_the_table_wins_over_all_pairs() -> None:
    assert value_note("StringEquals", ["x*", "acme"], ["ACME"]) == "StringEquals is case-sensitive"


def test_look_alike() -> None:
    assert look_alike("tenent", ["tenant", "job"]) == "tenant"
    assert look_alike("tenent", ["job"]) is None


def test_a_key_with_a_slip_is_asked_about() -> None:
    (check,) = ask(APP, "kms:Decrypt", {CONTEXT + "tenent": "acme"}).misses[0].row.unmet
    assert check.got == ()
    assert check.note == "the request has `kms:EncryptionContext:tenent`: is that the one that was meant?"
