"""Threads share an engine: no question that begins after a change has returned is answered by the old rules."""

from __future__ import annotations

import json
import threading
import time

from policy_engine import KeyRecord, Outcome, PolicyEngine, PrincipalRecord, Request
from policy_engine.model.bundle import Bundle
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy
from tests.engine.world import KEY, ROLE, ROOT, allow, deny

CHANGES = 60
TENANT = "kms:EncryptionContext:tenant"
APP = f"{ROLE}app"


def policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


OPEN = policy(allow(Principal="*", Action="kms:Decrypt"))
SHUT = policy(allow(Principal="*", Action="kms:Decrypt"), deny(Principal="*", Action="kms:Decrypt"))
DELEGATES = policy(allow(Principal=ROOT))


def asked_while(engine: PolicyEngine, change: object, expected: list[Outcome]) -> list[str]:
    """Ask in four threads in every form while `change` goes back and forth; what was answered wrongly."""
    wrong: list[str] = []
    checked: set[int] = set()
    # a change writes the version before it begins and after it has returned: equal where nothing is under way
    begun, done = [0], [0]
    over = threading.Event()

    def ask() -> None:
        bound = engine.bind(APP)
        context = engine.context({TENANT: "acme"})
        number = 0
        while not over.is_set():
            number += 1
            given = {TENANT: "acme"} if number % 2 else {TENANT: "acme", "kms:ViaService": "s3.amazonaws.com"}
            before = done[0]
            answers = {
                "decide": engine.decide(APP, "kms:Decrypt", KEY, context),
                "authorize": engine.authorize(Request(APP, "kms:Decrypt", KEY, given)).outcome,
                "bind": bound("kms:Decrypt", KEY, given),
            }
            if begun[0] == before:  # no change began since: the answers are those of this version
                right = expected[before % 2]
                checked.add(before)
                wrong.extend(
                    f"{form} {answer} at {before}" for form, answer in answers.items() if answer is not right
                )

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for version in range(1, CHANGES + 1):
        begun[0] = version
        change(version)  # type: ignore[operator]
        done[0] = version
        for _ in range(10_000):
            if version in checked or wrong:
                break
            time.sleep(0.0002)  # until some thread has asked under this version
    over.set()
    for thread in threads:
        thread.join()
    assert wrong or len(checked) >= CHANGES
    return wrong


def test_a_changed_key_policy_counts_at_once() -> None:
    engine = PolicyEngine(Bundle({KEY: KeyRecord(KEY, read_policy(OPEN, kind=PolicyKind.KEY))}))

    def change(version: int) -> None:
        engine.put_key_policy(KEY, SHUT if version % 2 else OPEN)

    assert asked_while(engine, change, [Outcome.ALLOWED, Outcome.EXPLICIT_DENY]) == []


def test_a_changed_principal_counts_at_once() -> None:
    use = policy({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"})
    held = read_policy(use, kind=PolicyKind.IDENTITY)
    engine = PolicyEngine(
        Bundle(
            {KEY: KeyRecord(KEY, read_policy(DELEGATES, kind=PolicyKind.KEY))},
            {APP: PrincipalRecord(APP, identity_policies=(held,))},
        )
    )

    def change(version: int) -> None:
        engine.put_principal(PrincipalRecord(APP, identity_policies=() if version % 2 else (held,)))

    assert asked_while(engine, change, [Outcome.ALLOWED, Outcome.IMPLICIT_DENY]) == []
