from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kms_core.audit.chain import link, origin, verify
from kms_core.audit.record import AuditEntry, RecordedDecision, RecordKind, RecordText
from kms_core.store.audit_rows import AuditRow


def _entry(number: int = 0) -> AuditEntry:
    return AuditEntry(
        RecordKind.DECISION, f"call-{number}", "arn:aws:iam::111122223333:role/app", "kms:Decrypt"
    )


def _chain(writer: str, length: int) -> list[AuditRow]:
    rows, head = [], origin(writer)
    for sequence in range(1, length + 1):
        text = RecordText.of(_entry(sequence)).placed(writer, sequence, float(sequence))
        head = link(head, text)
        rows.append(AuditRow(writer, sequence, text, head))
    return rows


def _problems(rows: list[AuditRow]) -> list[tuple[str, int]]:
    return [(fault.writer, fault.sequence) for fault in verify(rows).faults]


def test_the_hash_is_what_the_documentation_says() -> None:
    """Worked out here by hand, from the words of the module alone."""
    first, second = _chain("w", 2)
    h0 = hashlib.sha256(b"kmsgate audit log of w").digest()
    h1 = hashlib.sha256(h0 + first.record.encode()).digest()
    assert first.hash == h1
    assert second.hash == hashlib.sha256(h1 + second.record.encode()).digest()


def test_a_record_is_written_in_one_way_only() -> None:
    decision = RecordedDecision("kms:Decrypt", "*", "allowed", policies=(("key", "d"),), request={"a": "b"})
    entry = replace(_entry(), decisions=(decision,), principal="\u00fc\x1b", via_service="s3.amazonaws.com")
    text = RecordText.of(entry).placed("w", 1, 1.5)
    assert text.isascii()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    (written,) = json.loads(text)["decisions"]
    names = {"writer", "sequence", "time", *(each.name for each in fields(AuditEntry))}
    assert json.loads(text).keys() == names
    assert (written["policies"], written["request"]) == ({"key": "d"}, {"a": "b"})


def test_whole_chains_are_whole() -> None:
    report = verify([*_chain("a", 5), *_chain("b", 3)])
    assert (report.writers, report.records, report.faults) == (2, 8, ())
    assert verify([]).faults == ()


@given(place=st.integers(0, 4), offset=st.integers(0, 10_000), flip=st.integers(1, 127))
def test_one_changed_character_is_one_fault_where_it_is(place: int, offset: int, flip: int) -> None:
    rows = _chain("w", 5)
    text = rows[place].record
    at = offset % len(text)
    changed = text[:at] + chr(ord(text[at]) ^ flip) + text[at + 1 :]
    rows[place] = replace(rows[place], record=changed)
    assert _problems(rows) == [("w", place + 1)]


@pytest.mark.parametrize("place", range(5))
def test_one_changed_hash_shows(place: int) -> None:
    rows = _chain("w", 5)
    digest = rows[place].hash
    rows[place] = replace(rows[place], hash=bytes([digest[0] ^ 1]) + digest[1:])
    expected = [("w", place + 1)] + ([("w", place + 2)] if place < 4 else [])
    assert _problems(rows) == expected


@pytest.mark.parametrize("place", range(4))
def test_a_dropped_record_shows_unless_it_is_the_newest(place: int) -> None:
    rows = _chain("w", 5)
    del rows[place]
    assert _problems(rows) == [("w", place + 2)]


def test_a_cut_end_does_not_show_as_documented() -> None:
    assert _problems(_chain("w", 5)[:3]) == []


def test_swapped_repeated_and_borrowed_records_show() -> None:
    rows, other = _chain("w", 4), _chain("v", 4)
    assert _problems([rows[0], rows[2], rows[1], rows[3]])
    assert _problems([rows[0], rows[1], rows[1], rows[2]])
    borrowed = replace(other[1], writer="w")
    assert _problems([rows[0], borrowed, *rows[2:]])


def test_a_record_that_was_renumbered_with_its_hash_still_says_where_it_belongs() -> None:
    first = _chain("w", 1)[0]
    text = RecordText.of(_entry()).placed("w", 7, 1.0)
    moved = AuditRow("w", 2, text, link(first.hash, text))
    assert [fault.problem for fault in verify([first, moved]).faults] == ["says that it belongs elsewhere"]
    garbage = AuditRow("w", 2, "[]", link(first.hash, "[]"))
    assert [fault.problem for fault in verify([first, garbage]).faults] == ["says that it belongs elsewhere"]
