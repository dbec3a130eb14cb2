"""A text that was read before is found by its digest: it is not read again, and says where it stands now."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from policy_engine.errors import PolicySchemaError, PolicySyntaxError
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import policies, read_policy
from policy_engine.reading.known import KnownTexts, digest_of, known_text
from policy_engine.span import Position

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Same",
                "Effect": "Allow",
                "Principal": {"AWS": "111122223333"},
                "Action": ["kms:Decrypt", "kms:De*"],
                "Resource": "*",
                "Condition": {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}},
            },
            {"Sid": "Same", "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"},
        ],
    },
    indent=2,
)


class Reads:
    """How often a text was parsed."""

    def __init__(self) -> None:
        self.count = 0


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reads]:
    """Nothing is known, and every parse is counted."""
    counted, parse = Reads(), policies.parse_json

    def counting(text: str | bytes, file: str) -> object:
        counted.count += 1
        return parse(text, file)

    monkeypatch.setattr(policies, "parse_json", counting)
    monkeypatch.setattr(policies, "KNOWN_TEXTS", KnownTexts())
    return counted


def test_a_text_is_read_once_whatever_its_name_and_file(reads: Reads) -> None:
    first = read_policy(TEXT, kind=PolicyKind.KEY, name="default", file="a.json")
    second = read_policy(TEXT, kind=PolicyKind.KEY, name="other", file="b.json")
    third = read_policy(TEXT.encode(), kind=PolicyKind.KEY, name="other", file="b.json")
    assert reads.count == 1
    assert second is third
    assert [(p.name, p.span.file, p.digest) for p in (first, second, third)] == [
        ("default", "a.json", first.digest),
        ("other", "b.json", first.digest),
        ("other", "b.json", first.digest),
    ]


def test_places_are_those_of_the_file_that_is_asked_about(reads: Reads) -> None:
    for file in ("a.json", "b.json", "a.json"):
        policy = read_policy(TEXT, kind=PolicyKind.KEY, file=file)
        statement = policy.statements[0]
        assert statement.action is not None
        span = statement.action.patterns[1].span
        assert (span.file, span.begin) == (file, Position(12, 9))
        assert span.source.line(12).strip() == '"kms:De*"'
        assert [(d.code, str(d.span)) for d in policy.diagnostics] == [("duplicate-sid", f"{file}:21:5")]
    assert reads.count == 1


def test_another_kind_of_policy_is_another_reading(reads: Reads) -> None:
    read_policy(TEXT, kind=PolicyKind.KEY)
    with pytest.raises(PolicySchemaError, match="has no Principal"):
        read_policy(TEXT, kind=PolicyKind.IDENTITY)
    assert read_policy(TEXT, kind=PolicyKind.RCP).kind is PolicyKind.RCP
    assert reads.count == 3


def test_a_text_that_differs_in_a_byte_is_another_text(reads: Reads) -> None:
    read_policy(TEXT, kind=PolicyKind.KEY)
    spaced = read_policy(TEXT + " ", kind=PolicyKind.KEY)
    other = read_policy(TEXT.replace("Deny", "Allow"), kind=PolicyKind.KEY)
    assert reads.count == 3
    assert [s.effect for s in spaced.statements] == ["Allow", "Deny"]
    assert [s.effect for s in other.statements] == ["Allow", "Allow"]


@pytest.mark.parametrize("text", ['{"Statement": [', '{"Statement": "\ud800"}', b'{"\xff": 1}'])
def test_what_is_refused_is_refused_again_and_names_the_file(reads: Reads, text: str | bytes) -> None:
    for file in ("a.json", "b.json"):
        with pytest.raises(PolicySyntaxError) as caught:
            read_policy(text, kind=PolicyKind.KEY, file=file)
        assert caught.value.span is not None
        assert caught.value.span.file == file
    assert reads.count == 2
    assert len(policies.KNOWN_TEXTS) == 0


def test_a_byte_order_mark_is_said_each_time(reads: Reads) -> None:
    text = b"\xef\xbb\xbf" + TEXT.encode()
    found = [read_policy(text, kind=PolicyKind.KEY, file=file) for file in ("a", "b")]
    assert [str(p.diagnostics[0].span) for p in found] == ["a:1:1", "b:1:1"]
    assert found[1].statements[0].span.begin == found[0].statements[0].span.begin == Position(4, 5)
    assert reads.count == 1


def test_the_table_takes_a_bounded_amount_of_memory(reads: Reads) -> None:
    del reads
    table = KnownTexts(most_bytes=20_000)
    texts = [TEXT + " " * spaces for spaces in range(50)]
    for text in texts:
        table.add(digest_of(text), policies.known_text_of(text, PolicyKind.KEY))
    kept = [text for text in texts if table.find(text, PolicyKind.KEY)]
    assert 0 < len(kept) == len(table) < 20
    assert kept == texts[-len(kept) :]  # the oldest went first
    table.add(digest_of(texts[-1]), policies.known_text_of(texts[-1], PolicyKind.KEY))
    assert len(table) == len(kept)
    table.clear()
    assert len(table) == 0


def test_what_is_forgotten_takes_no_memory(reads: Reads) -> None:
    read_policy(TEXT, kind=PolicyKind.KEY)
    assert reads.count == len(policies.KNOWN_TEXTS) == 1
    assert policies.KNOWN_TEXTS._bytes > 0
    policies.KNOWN_TEXTS.clear()
    assert (len(policies.KNOWN_TEXTS), policies.KNOWN_TEXTS._bytes) == (0, 0)


def test_another_name_in_the_same_file_is_another_policy(reads: Reads) -> None:
    names = [read_policy(TEXT, kind=PolicyKind.KEY, name=name, file="a.json").name for name in "aba"]
    assert (names, reads.count) == (["a", "b", "a"], 1)


def test_a_policy_that_nobody_names(reads: Reads) -> None:
    policy = read_policy(TEXT, kind=PolicyKind.KEY)
    assert (policy.name, policy.span.file, reads.count) == ("default", "<policy>", 1)
    with pytest.raises(PolicySyntaxError) as caught:
        policies.known_text_of("{", PolicyKind.KEY)
    assert caught.value.span is not None
    assert caught.value.span.file == "<policy>"


def test_what_is_kept_costs_more_than_its_text_and_its_statements() -> None:
    policy = read_policy(TEXT, kind=PolicyKind.KEY)
    none, two = known_text(replace(policy, statements=())), known_text(policy)
    assert none.cost > len(TEXT)
    assert two.cost >= none.cost + 2 * 100
