"""Threads share an engine: no question that begins after a change has returned is answered by the old rules."""

from __future__ import annotations

import json
import sys
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


def test_keys_that_are_missing_for_the_first_time_in_many_threads_deny_nothing() -> None:
    """A function that another thread has made meanwhile may not know yet that a key can be missing."""
    keys = [
        "aws:SourceVpc",
        "aws:SourceVpce",
        "aws:SourceAccount",
        "aws:RequestedRegion",
        "aws:UserAgent",
        "aws:Referer",
    ]
    denies = [deny(Principal="*", Condition={"StringEquals": {key: "other"}}) for key in keys]
    wrong: list[object] = []
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(30):
            engine = PolicyEngine()
            engine.put_key_policy(KEY, policy(allow(Principal="*"), *denies))
            start = threading.Barrier(6)

            def ask(number: int, engine: PolicyEngine = engine, start: threading.Barrier = start) -> None:
                start.wait()
                for step in range(len(keys)):
                    given = {
                        key: "x"
                        for place, key in enumerate(keys)
                        if (place + number + step) % len(keys) > step
                    }
                    decision = engine.authorize(Request(APP, "kms:Decrypt", KEY, given))
                    if not decision.allowed:
                        wrong.append((given, decision.reason, decision.diagnostics))

            threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(before)
    assert wrong == []
