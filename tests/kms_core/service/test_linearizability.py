"""Once a change has returned no call runs under the old rules: between threads and between processes.

Several processes, with several threads each, use one key and write down when each call began and ended, and
whether it was allowed. One more process forbids and allows the use again and again, by policy and by grant, and
writes down when each change began and was acknowledged. A checker then looks at the whole history: what holds at
a moment is known wherever no change is under way.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import AccessDeniedError
from kms_core.store.audit_rows import all_rows
from kms_core.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

    from kms_core.service import Kms


SECONDS = 4.0
ROOT = "arn:aws:iam::111122223333:root"
APP = "arn:aws:iam::111122223333:role/app"

_SETUP = """
import json, sys, threading, time
from kms_core import open_kms
from kms_core.errors import AccessDeniedError
home, pin, key, seconds = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])
ROOT, APP = "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/app"
kms = open_kms(home, pin)
end = time.monotonic() + seconds
history = []
def timed(action, call):
    began = time.monotonic()
    try:
        call()
        said = True
    except AccessDeniedError:
        said = False
    history.append((action, began, time.monotonic(), said))
"""
_USE = (
    _SETUP
    + """
def use():
    while time.monotonic() < end:
        timed("use", lambda: kms.generate_data_key(APP, key, key_spec="AES_256"))
threads = [threading.Thread(target=use) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps(history))
kms.close()
"""
)
_CHANGE = (
    _SETUP
    + """
def policy(*more):
    rule = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [rule, *more]})
allow = policy({"Effect": "Allow", "Principal": {"AWS": APP}, "Action": "kms:GenerateDataKey", "Resource": "*"})
while time.monotonic() < end:
    timed("allow", lambda: kms.put_key_policy(ROOT, key, allow))
    time.sleep(0.03)
    timed("forbid", lambda: kms.put_key_policy(ROOT, key, policy()))
    time.sleep(0.03)
    made = []
    timed("allow", lambda: made.append(kms.create_grant(ROOT, key, APP, ["GenerateDataKey"])))
    time.sleep(0.03)
    timed("forbid", lambda: kms.revoke_grant(ROOT, key, made[0].grant_id))
    time.sleep(0.03)
print(json.dumps(history))
kms.close()
"""
)


@dataclass(frozen=True)
class Event:
    """A call or a change: what, from when to when, and for a call whether it was allowed."""

    what: str
    began: float
    ended: float
    allowed: bool = True


def wrong_answers(uses: list[Event], changes: list[Event]) -> list[tuple[Event, Event]]:
    """The calls that were answered by rules that no longer held, each with the change that it missed.

    A call may be answered by any rules that held at some moment between its beginning and its end. A change takes
    effect at some moment between its own. So a call is wrong if the last change that was acknowledged before it
    began says otherwise, and no other change was under way before the call ended.
    """
    changes = sorted(changes, key=lambda change: change.began)
    found = []
    for use in uses:
        before = [change for change in changes if change.ended < use.began]
        meanwhile = [change for change in changes if change.ended >= use.began and change.began <= use.ended]
        if before and not meanwhile and use.allowed is not (before[-1].what == "allow"):
            found.append((use, before[-1]))
    return found


def test_the_checker_sees_what_it_must() -> None:
    changes = [Event("allow", 0, 1), Event("forbid", 10, 11)]
    right = [
        Event("use", 2, 3, allowed=True),
        Event("use", 9, 12, allowed=True),
        Event("use", 9, 12, allowed=False),
        Event("use", 10.5, 10.6, allowed=True),
        Event("use", 12, 13, allowed=False),
    ]
    assert wrong_answers(right, changes) == []
    wrong = [Event("use", 2, 3, allowed=False), Event("use", 11.5, 12, allowed=True)]
    assert [use for use, _ in wrong_answers(wrong, changes)] == wrong


def test_a_change_holds_for_all_processes_when_it_returns(
    tmp_path: Path, hsm_module: Path, fork: Callable[..., SimpleNamespace]
) -> None:
    home, pin = tmp_path / "home", "pin-of-a-throw-away-token"
    environment = {"KMSGATE_PKCS11_MODULE": str(hsm_module)}
    make = """
        import sys
        from pathlib import Path
        from kms_core import open_kms
        from kms_core.home import create_home
        from kms_core.model.sources import Sources
        create_home(Path(sys.argv[1]), sys.argv[2], Sources())
        with open_kms(sys.argv[1], sys.argv[2]) as kms:
            print(kms.create_key("arn:aws:iam::111122223333:root").arn)
    """
    maker = fork(dedent(make), home, pin, environment=environment)
    output, errors = maker.communicate()
    assert maker.returncode == 0, errors
    key_arn = output.strip()

    started = [
        fork(code, home, pin, key_arn, SECONDS, environment=environment) for code in (_USE, _USE, _CHANGE)
    ]
    events: list[Event] = []
    for process in started:
        output, errors = process.communicate()
        assert process.returncode == 0, errors
        events += [Event(*each) for each in json.loads(output.splitlines()[-1])]
    uses = [event for event in events if event.what == "use"]
    changes = [event for event in events if event.what != "use"]

    assert wrong_answers(uses, changes) == []
    # the history says something: both answers were given, often, and changes were made all along
    assert sum(use.allowed for use in uses) > 20
    assert sum(not use.allowed for use in uses) > 20
    assert len(changes) > 12
    _the_log_agrees(home)


@pytest.mark.parametrize("change", ["put_key_policy", "create_grant", "revoke_grant"])
def test_a_change_waits_for_the_calls_of_another_process(
    open_service: Callable[..., Kms],
    key_policy: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    """Two services on one database share nothing but its files, as two processes do."""
    one, other = open_service(), open_service()
    key_arn = one.create_key(ROOT).arn
    made = one.create_grant(ROOT, key_arn, APP, ["GenerateDataKey"])
    inside, go_on, order = threading.Event(), threading.Event(), []
    arguments = {
        "put_key_policy": (key_policy({"Principal": {"AWS": ROOT}}),),
        "create_grant": (APP, ["Decrypt"]),
        "revoke_grant": (made.grant_id,),
    }[change]
    seal = type(one._core.material).encrypt

    def slowly(*given: object) -> object:
        inside.set()
        assert go_on.wait(10)
        order.append("used")
        return seal(*given)

    monkeypatch.setattr(type(one._core.material), "encrypt", slowly)

    def alter() -> None:
        getattr(other, change)(ROOT, key_arn, *arguments)
        order.append("changed")

    user = threading.Thread(target=lambda: one.generate_data_key(APP, key_arn, key_spec="AES_256"))
    user.start()
    assert inside.wait(10)
    changer = threading.Thread(target=alter)
    changer.start()
    changer.join(0.2)
    assert order == []
    go_on.set()
    user.join(10)
    changer.join(10)
    assert order == ["used", "changed"]


def _the_log_agrees(home: Path) -> None:
    """What was decided under which state of the key's access says the same in the audit log."""
    with Database.open(home / "kmsgate.db") as database, database.read() as connection:
        records = [json.loads(row.record) for row in all_rows(connection)]
    answers: dict[int, set[str]] = {}
    for record in records:
        for decision in record["decisions"]:
            if decision["action"] == "kms:GenerateDataKey":
                answers.setdefault(decision["access_version"], set()).add(decision["outcome"])
    assert len(answers) > 6
    assert all(len(outcomes) == 1 for outcomes in answers.values())


def test_a_change_holds_for_all_threads_when_it_returns(kms: Kms, key_policy: Callable[..., str]) -> None:
    key_arn = kms.create_key(ROOT).arn
    end, uses, changes = time.monotonic() + 1.5, [], []

    def use() -> None:
        while time.monotonic() < end:
            began = time.monotonic()
            try:
                kms.generate_data_key(APP, key_arn, key_spec="AES_256")
                allowed = True
            except AccessDeniedError:
                allowed = False
            uses.append(Event("use", began, time.monotonic(), allowed))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    rule = {"Principal": {"AWS": ROOT}}
    policies = {"allow": key_policy(rule, {"Principal": {"AWS": APP}}), "forbid": key_policy(rule)}
    while time.monotonic() < end:
        for what, policy in policies.items():
            began = time.monotonic()
            kms.put_key_policy(ROOT, key_arn, policy)
            changes.append(Event(what, began, time.monotonic()))
            time.sleep(0.02)
    for thread in threads:
        thread.join()
    assert wrong_answers(uses, changes) == []
    assert {use.allowed for use in uses} == {True, False}
    assert len(changes) > 6
