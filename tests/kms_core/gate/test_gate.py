from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import kms_core
from kms_core.errors import AccessDeniedError, DependencyTimeoutError, KMSInternalError, PermitError
from kms_core.gate import Call, Gate
from kms_core.model.sources import Sources
from kms_core.permit import PermitKind
from policy_engine import Decision, Outcome, Request
from policy_engine.model.decision import Details
from policy_engine.model.grant import Grant

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from kms_core.audit.log import AuditLog
    from kms_core.permit import Permit
    from kms_core.store.database import Database

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CALL = Call(
    "call-7",
    "arn:aws:iam::111122223333:role/app",
    "kms:Decrypt",
    ARN,
    ARN,
    {"kms:EncryptionContext:tenant": "acme"},
    ("token",),
    (("key", "d1"),),
    4,
    Grant("g-1", "arn:aws:iam::111122223333:role/app", ("Decrypt",)),
)


class _Engine:
    """Answers what it is told to, and remembers what it was asked."""

    def __init__(self, answer: Outcome | Exception) -> None:
        self.answer = answer
        self.asked: list[Request] = []

    def authorize(self, request: Request) -> Decision:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return Decision(request, self.answer, (), Details("the engine's words", id="decision-1"))


def test_an_allowed_call_gets_a_permit_for_itself_and_no_longer_than_itself(log: AuditLog) -> None:
    engine, notes = _Engine(Outcome.ALLOWED), []
    with Gate(engine, log, Sources()).admit(CALL, notes.append) as permit:
        assert len(notes) == 1
        permit.require("kms:Decrypt", ARN)
        assert (permit.principal, permit.call_id, permit.kind) == (
            CALL.principal,
            "call-7",
            PermitKind.CALLER,
        )
        for action, arn in (("kms:Encrypt", ARN), ("kms:Decrypt", ARN + "0")):
            with pytest.raises(PermitError):
                permit.require(action, arn)
    with pytest.raises(PermitError, match="closed"):
        permit.require("kms:Decrypt", ARN)
    assert engine.asked == [Request(CALL.principal, CALL.action, ARN, CALL.context, ("token",), CALL.grant)]


def test_a_permit_is_closed_when_its_call_fails(log: AuditLog) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        Gate(_Engine(Outcome.ALLOWED), log, Sources()).admit(CALL, [].append) as permit,
    ):
        raise ZeroDivisionError
    assert not permit.is_open


@pytest.mark.parametrize("outcome", [Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY, Outcome.UNDETERMINED])
def test_whatever_is_not_allowed_is_denied_in_the_engines_words(log: AuditLog, outcome: Outcome) -> None:
    gate, notes = Gate(_Engine(outcome), log, Sources()), []
    with pytest.raises(AccessDeniedError) as denied, gate.admit(CALL, notes.append):
        pytest.fail("a denied call was let in")

    assert denied.value.message == "the engine's words"
    assert denied.value.decision.outcome is outcome
    assert [note.outcome for note in notes] == [outcome.value]


def test_an_error_while_deciding_denies_and_tells_nothing_of_itself(
    log: AuditLog, caplog: pytest.LogCaptureFixture
) -> None:
    gate, notes = Gate(_Engine(RuntimeError("canary")), log, Sources()), []
    with pytest.raises(AccessDeniedError) as denied, gate.admit(CALL, notes.append):
        pytest.fail("a call was let in that was not decided")

    assert [note.outcome for note in notes] == ["implicitDeny"]
    assert "RuntimeError" in caplog.text
    assert "canary" not in caplog.text + str(denied.value) + str(notes)


def test_a_decision_that_cannot_be_noted_lets_nobody_in(log: AuditLog) -> None:
    def refuse(_: object) -> None:
        raise KMSInternalError

    with (
        pytest.raises(KMSInternalError),
        Gate(_Engine(Outcome.ALLOWED), log, Sources()).admit(CALL, refuse),
    ):
        pytest.fail("a call was let in whose decision was not noted")


def test_the_note_says_what_was_asked_and_why_it_was_decided_so(log: AuditLog) -> None:
    notes = []
    with Gate(_Engine(Outcome.ALLOWED), log, Sources()).admit(CALL, notes.append):
        (note,) = notes

    assert (note.action, note.resource, note.outcome) == ("kms:Decrypt", ARN, "allowed")
    assert (note.decision_id, note.policies, note.access_version) == ("decision-1", (("key", "d1"),), 4)
    assert note.request == {
        "principal": CALL.principal,
        "action": "kms:Decrypt",
        "resource": ARN,
        "context": {"kms:EncryptionContext:tenant": "acme"},
        "grant": {
            "GrantId": "g-1",
            "GranteePrincipal": CALL.principal,
            "Operations": ["Decrypt"],
            "Constraints": {},
        },
    }


def test_a_job_that_cannot_be_recorded_is_refused(log: AuditLog, database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    gate = Gate(_Engine(Outcome.ALLOWED), log, Sources())
    with pytest.raises(KMSInternalError), gate.serve("job", "internal:CheckToken", "why"):
        pytest.fail("a job was let in that was not recorded")


def test_an_internal_job_is_let_in_by_name_with_its_reason(
    log: AuditLog, recorded: Callable[[], list[dict[str, object]]]
) -> None:
    with Gate(_Engine(Outcome.IMPLICIT_DENY), log, Sources()).serve(
        "kmsgate", "internal:X", "a check"
    ) as permit:
        permit.require("internal:X", None)
        assert permit.kind is PermitKind.SERVICE
    assert not permit.is_open

    (record,) = recorded()
    assert (record["kind"], record["principal"], record["reason"]) == ("service", "kmsgate", "a check")
    assert record["outcome"] == ""


def test_a_job_that_changes_a_key_is_one_record_that_is_kept_with_the_change(
    log: AuditLog, database: Database, recorded: Callable[[], list[dict[str, object]]]
) -> None:
    permits: list[Permit] = []

    def make(permit: Permit) -> str:
        permit.require("internal:X", ARN)
        permits.append(permit)
        assert recorded() == []
        return "made"

    def keep(connection: Connection, made: str) -> None:
        assert made == "made"
        connection.exec_driver_sql("INSERT INTO settings VALUES ('x', 'y')")

    gate = Gate(_Engine(Outcome.IMPLICIT_DENY), log, Sources())
    gate.serve_change("kmsgate", "internal:X", "a change", key_arn=ARN, make=make, keep=keep)
    (record,) = recorded()
    assert (record["kind"], record["key_arn"], record["reason"]) == ("service", ARN, "a change")
    assert (record["call_id"], record["error_code"]) == (permits[0].call_id, None)
    assert permits[0].kind is PermitKind.SERVICE
    assert not permits[0].is_open
    assert _settings(database) == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DependencyTimeoutError("late"), "DependencyTimeoutException"),
        (ZeroDivisionError("canary"), "KMSInternalException"),
    ],
)
@pytest.mark.parametrize("step", ["make", "keep"])
def test_a_job_that_fails_is_recorded_with_its_error_and_changes_nothing(
    log: AuditLog,
    database: Database,
    recorded: Callable[[], list[dict[str, object]]],
    error: Exception,
    code: str,
    step: str,
) -> None:
    def make(_: Permit) -> None:
        if step == "make":
            raise error

    def keep(connection: Connection, _: None) -> None:
        connection.exec_driver_sql("INSERT INTO settings VALUES ('x', 'y')")
        raise error

    gate = Gate(_Engine(Outcome.ALLOWED), log, Sources())
    with pytest.raises(type(error)):
        gate.serve_change("kmsgate", "internal:X", "a change", key_arn=ARN, make=make, keep=keep)
    (record,) = recorded()
    assert (record["kind"], record["error_code"], record["reason"]) == ("service", code, "a change")
    assert "canary" not in str(record)
    assert _settings(database) == 0


def test_a_change_that_cannot_be_recorded_is_not_made(log: AuditLog, database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    gate = Gate(_Engine(Outcome.ALLOWED), log, Sources())
    with pytest.raises(KMSInternalError):
        gate.serve_change(
            "kmsgate",
            "internal:X",
            "a change",
            key_arn=ARN,
            make=lambda _: None,
            keep=lambda connection, _: connection.exec_driver_sql("INSERT INTO settings VALUES ('x', 'y')"),
        )
    assert _settings(database) == 0


def _settings(database: Database) -> int:
    with database.read() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM settings WHERE name = 'x'").scalar_one()


def test_only_the_gate_makes_permits() -> None:
    """INVARIANT of `kms_core.permit`: `Permit(...)` is written in gate.py and nowhere else in the package."""
    root = Path(kms_core.__file__).parent
    makers = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Permit"
    }
    assert makers == {"gate.py"}
