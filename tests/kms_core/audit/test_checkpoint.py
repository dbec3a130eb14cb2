"""Whatever is done to a log up to its last checkpoint shows, even by who makes all hashes anew."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from kms_core.audit.chain import link, origin
from kms_core.audit.checkpoint import Checkpoint, next_checkpoint
from kms_core.audit.record import AuditEntry, RecordedDecision, RecordKind, RecordText
from kms_core.audit.verification import verify_rows
from kms_core.store.audit_rows import AuditRow, CheckpointRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.audit.verification import LogReport

WRITERS = ("a", "b")


def _mac(content: bytes) -> bytes:
    return hmac.digest(b"key of the token", content, "sha256")


def _entry(number: int) -> AuditEntry:
    decision = RecordedDecision(
        "kms:Decrypt", "arn:key", "allowed", ("key:0",), "d-1", (("key", "p1"),), 3, {"context": {"n": "v"}}
    )
    return AuditEntry(
        RecordKind.DECISION, f"call-{number}", "role/app", "kms:Decrypt", "arn:key", "allowed", (decision,)
    )


def _anew(writer: str, texts: list[str]) -> list[AuditRow]:
    """A chain over these records: what anybody can make."""
    rows, head = [], origin(writer)
    for sequence, text in enumerate(texts, 1):
        head = link(head, text)
        rows.append(AuditRow(writer, sequence, text, head))
    return rows


@dataclass
class Log:
    """Two writers with six records each, a checkpoint after three of each and one after five of each."""

    rows: dict[str, list[AuditRow]]
    checkpoints: list[CheckpointRow]

    def verified(self, mac: Callable[[bytes], bytes] | None = _mac, **more: object) -> LogReport:
        rows = [row for writer in WRITERS for row in self.rows[writer]]
        return verify_rows(rows, tuple(self.checkpoints), mac, **more)

    @property
    def faults(self) -> str:
        return "\n".join(self.verified().faults)


@pytest.fixture
def log() -> Log:
    texts = {w: [RecordText.of(_entry(n)).placed(w, n, float(n)) for n in range(1, 7)] for w in WRITERS}
    rows = {writer: _anew(writer, texts[writer]) for writer in WRITERS}
    checkpoints: list[CheckpointRow] = []
    for count in (3, 5):
        heads = [rows[writer][count - 1] for writer in WRITERS]
        before = checkpoints[-1] if checkpoints else None
        checkpoints.append(next_checkpoint(before, heads, float(count), _mac))
    return Log(rows, checkpoints)


def test_a_log_that_is_whole(log: Log) -> None:
    report = log.verified(kept=(1, log.checkpoints[0].mac.hex()))
    assert (report.faults, report.writers, report.records, report.checkpoints) == ((), 2, 12, 2)
    assert (report.unbound, report.last_mac, report.macs_checked) == (2, log.checkpoints[1].mac.hex(), True)
    assert report.last is not None
    assert report.last.heads["a"] == (5, log.rows["a"][4].hash.hex())
    assert log.verified(None).faults == ()


def test_a_checkpoint_says_what_the_documentation_says(log: Log) -> None:
    content = json.loads(log.checkpoints[1].content)
    assert content == {
        "number": 2,
        "time": 5.0,
        "previous": log.checkpoints[0].mac.hex(),
        "heads": {writer: [5, log.rows[writer][4].hash.hex()] for writer in WRITERS},
    }


def _fields(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The paths to everything that stands in a record."""
    if isinstance(value, dict):
        return [each for name in value for each in _fields(value[name], (*path, name))]
    if isinstance(value, list):
        return [each for number, item in enumerate(value) for each in _fields(item, (*path, number))]
    return [path]


RECORD = json.loads(RecordText.of(_entry(2)).placed("a", 2, 2.0))


@pytest.mark.parametrize("path", _fields(RECORD), ids=str)
@pytest.mark.parametrize("rehashed", [False, True])
def test_a_flip_in_any_field_of_a_record_shows(log: Log, path: tuple[object, ...], *, rehashed: bool) -> None:
    content = json.loads(log.rows["a"][1].record)
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "flipped" if place[path[-1]] != "flipped" else "again"
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    if rehashed:
        texts = [row.record for row in log.rows["a"]]
        log.rows["a"] = _anew("a", [texts[0], text, *texts[2:]])
        assert "record 3 of a is not what checkpoint 1 binds" in log.faults
        assert "record 5 of a is not what checkpoint 2 binds" in log.faults
    else:
        log.rows["a"][1] = replace(log.rows["a"][1], record=text)
        assert "record 2 of a does not have the hash" in log.faults


@pytest.mark.parametrize("rehashed", [False, True])
@pytest.mark.parametrize("change", ["drop", "swap", "repeat", "cut", "put in"])
def test_dropped_moved_repeated_and_cut_records_show(log: Log, change: str, *, rehashed: bool) -> None:
    rows = log.rows["a"]
    changed = {
        "drop": [*rows[:1], *rows[2:]],
        "swap": [rows[1], rows[0], *rows[2:]],
        "repeat": [*rows[:2], rows[1], *rows[2:]],
        "cut": rows[:4],
        "put in": [rows[0], replace(log.rows["b"][0], writer="a"), *rows[1:]],
    }[change]
    log.rows["a"] = _anew("a", [row.record for row in changed]) if rehashed else changed
    assert "of a" in log.faults


def test_a_writer_that_was_taken_out_shows(log: Log) -> None:
    log.rows["b"] = []
    assert "record 3 of b, which checkpoint 1 binds, is missing" in log.faults


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("name", ["number", "time", "previous", "heads"])
def test_a_flip_in_any_field_of_a_checkpoint_shows(log: Log, place: int, name: str) -> None:
    content = json.loads(log.checkpoints[place].content)
    content[name] = {"number": 7, "time": 9.0, "previous": "00", "heads": {}}[name]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    log.checkpoints[place] = replace(log.checkpoints[place], content=text)
    assert f"checkpoint {place + 1} does not have the MAC" in log.faults


def test_dropped_moved_and_repeated_checkpoints_show(log: Log) -> None:
    first, second = log.checkpoints
    for changed, says in (
        ([second], "checkpoint 2 follows checkpoint 0"),
        ([replace(second, number=1), replace(first, number=2)], "says that it has another number"),
        ([first, first, second], "checkpoint 1 follows checkpoint 1"),
        ([replace(first, mac=b"0" * 32), second], "checkpoint 1 does not have the MAC"),
        ([first, replace(second, content="[]")], "checkpoint 2 does not have the MAC"),
    ):
        log.checkpoints = changed
        assert says in log.faults
    # without the HSM's key the text and the order are all that can be looked at
    log.checkpoints = [first, replace(second, content="[]")]
    assert log.verified(None).faults == ("checkpoint 2 cannot be read",)
    assert log.verified(None).macs_checked is False


def test_checkpoints_of_two_histories_do_not_go_together(log: Log) -> None:
    stranger = next_checkpoint(None, [log.rows["a"][0]], 1.0, _mac)
    second = log.checkpoints[1]
    log.checkpoints = [stranger, second]
    assert "checkpoint 2 was not made after the one before it" in log.faults


def test_a_checkpoint_of_a_shorter_log_shows_although_its_mac_is_right(log: Log) -> None:
    log.checkpoints.append(next_checkpoint(log.checkpoints[1], log.rows["a"][:2], 6.0, _mac))
    assert "checkpoint 3 was made when records of a were missing" in log.faults


def test_what_is_cut_off_after_the_last_checkpoint_does_not_show_as_documented(log: Log) -> None:
    log.rows = {writer: rows[:5] for writer, rows in log.rows.items()}
    assert log.verified().faults == ()
    log.rows = {writer: rows[:3] for writer, rows in log.rows.items()}
    kept = (2, log.checkpoints.pop().mac.hex())
    assert log.verified().faults == ()
    # but a checkpoint that was kept elsewhere tells
    assert log.verified(kept=kept).faults == ("checkpoint 2 is not the one that was kept",)


def test_what_is_no_checkpoint_is_none() -> None:
    assert [Checkpoint.read(text) for text in ("", "[]", "{}", '{"heads": []}', '{"heads": {"a": 1}}')] == [
        None
    ] * 5
    assert hashlib.sha256(b"").digest_size == len(_mac(b""))
