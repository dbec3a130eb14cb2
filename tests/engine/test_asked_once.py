"""A question about a key as if it were put: it sees that key, no other question does, and nothing of it stays."""

from __future__ import annotations

import gc
import threading
from dataclasses import replace

import pytest

from policy_engine import Grant, KeyRecord, Outcome, PolicyEngine, PrincipalRecord, Request
from policy_engine.graph import residual, shapes
from policy_engine.model.bundle import Bundle, Organization
from policy_engine.model.policy import PolicyKind
from policy_engine.model.principal import Principal, PrincipalKind
from tests.engine.world import ACCOUNT, KEY, ROLE, ROOT, allow, deny, policy, role

OTHER_KEY = KEY.replace("1234abcd", "5678abcd")
APP, BATCH = ROLE + "app", ROLE + "batch"
PUT = "kms:PutKeyPolicy"
SHUT = KeyRecord(KEY, policy(allow(Principal="*"), deny(Principal="*")))
TENANT = {"kms:EncryptionContext:tenant": "acme"}


def lets(*names: str, **elements: object) -> KeyRecord:
    """A key that lets roles do everything."""
    return KeyRecord(KEY, policy(allow(Principal={"AWS": [ROLE + name for name in names]}, **elements)))


def allowed(engine: PolicyEngine, request: Request, key: KeyRecord | None = None) -> bool:
    return engine.authorize(request, key=key).allowed


def test_a_key_is_asked_about_before_it_is_there() -> None:
    engine = PolicyEngine()
    request = Request(APP, PUT, KEY)
    assert allowed(engine, request, lets("app"))
    assert not allowed(engine, request, lets("batch"))
    assert not allowed(engine, request)
    assert engine.key(KEY) is None


def test_a_key_that_is_there_counts_with_nothing_that_it_has(engine: PolicyEngine) -> None:
    """Neither its policy nor its grants, nor what was worked out about it before."""
    by_grant, by_policy = Request(BATCH, "kms:Decrypt", KEY, TENANT), Request(APP, "kms:Decrypt", KEY, TENANT)
    for _ in range(3):
        assert allowed(engine, by_grant)
        assert not allowed(engine, by_grant, lets("app"))
        assert allowed(engine, by_policy)
        assert not allowed(engine, by_policy, lets("batch"))
        assert engine.authorize(by_policy, key=SHUT).outcome is Outcome.EXPLICIT_DENY


def test_grants_of_the_key_in_question_count(engine: PolicyEngine) -> None:
    granted = replace(lets("app"), grants=(Grant("g-2", BATCH, ("Decrypt",)),))
    decision = engine.authorize(Request(BATCH, "kms:Decrypt", KEY), key=granted)
    assert [origin.label for origin in decision.determining] == ["grant:g-2"]


@pytest.mark.parametrize(
    ("condition", "having"),
    [
        ({"StringEquals": {"aws:ResourceTag/tenant": "acme"}}, {"tags": {"tenant": "acme"}}),
        ({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/a"}}, {"aliases": ("alias/a",)}),
        ({"StringEquals": {"kms:KeySpec": "RSA_2048"}}, {"key_spec": "RSA_2048"}),
    ],
)
def test_identity_policies_see_what_the_key_in_question_has(
    condition: dict[str, object], having: dict[str, object]
) -> None:
    app = role("app", allow(Condition=condition))
    plain = KeyRecord(KEY, policy(allow(Principal=ROOT)), tags={}, aliases=(), key_spec="SYMMETRIC_DEFAULT")
    having_it = replace(plain, **having)  # type: ignore[arg-type] # fields by name
    request = Request(APP, PUT, KEY)
    for there, right in ((plain, False), (having_it, True)):
        engine = PolicyEngine(Bundle({KEY: there}, {APP: app}))
        assert allowed(engine, request, plain) is False
        assert allowed(engine, request, having_it) is True
        assert allowed(engine, request) is right


def test_all_else_is_what_the_engine_has_now() -> None:
    engine = PolicyEngine(Bundle(principals={APP: role("app", allow())}))
    delegating, request = KeyRecord(KEY, policy(allow(Principal=ROOT))), Request(APP, PUT, KEY)
    assert allowed(engine, request, delegating)
    scp = policy(allow(), deny(Action=PUT), kind=PolicyKind.SCP)
    engine.put_organization(Organization("o-1", service_control_policies={ACCOUNT: ((scp,),)}))
    assert engine.authorize(request, key=delegating).outcome is Outcome.EXPLICIT_DENY
    engine.remove_organization()
    assert allowed(engine, request, delegating)
    assert engine.decide(APP, PUT, OTHER_KEY, {}) is Outcome.IMPLICIT_DENY  # from here on the caller is kept
    assert allowed(engine, request, delegating)
    engine.put_principal(PrincipalRecord(APP))
    assert not allowed(engine, request, delegating)


def test_it_counts_for_questions_about_that_key_alone(engine: PolicyEngine) -> None:
    engine.put_key(replace(lets("batch"), arn=OTHER_KEY))
    assert allowed(engine, Request(BATCH, PUT, OTHER_KEY), lets("app"))
    assert not allowed(engine, Request(APP, PUT, OTHER_KEY), lets("app"))
    assert not allowed(engine, Request(APP, PUT, "*"), lets("app"))


@pytest.mark.parametrize("known", [False, True], ids=["by its residual", "by a blueprint"])
def test_a_key_that_the_context_lacks_denies_nothing(known: bool) -> None:
    """A function that takes it for present cannot answer; what can does, and nobody's functions are made anew."""
    condition = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    record = KeyRecord(
        KEY, policy(allow(Principal="*"), deny(Principal="*", Action=PUT, Condition=condition))
    )
    engine = PolicyEngine()
    if known:
        engine.put_key(replace(record, arn=OTHER_KEY))
        here = {"aws:RequestedRegion": "us-east-1"}
        assert not allowed(engine, Request(APP, PUT, OTHER_KEY, here))
        assert engine.authorize(Request(APP, PUT, KEY, here), key=record).outcome is Outcome.EXPLICIT_DENY
    generation = engine._tools.codes.generation
    assert allowed(engine, Request(APP, PUT, KEY), record)
    assert engine._tools.codes.generation == generation


def test_what_is_not_known_is_undetermined() -> None:
    engine = PolicyEngine()
    record = lets("app", Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}})
    engine.put_key(record)
    request = Request(APP, PUT, KEY, {"aws:SourceVpc": "vpc-1"})
    assert allowed(engine, request)  # there is a blueprint now
    decision = engine.authorize(Request(APP, PUT, KEY), unknown=["aws:SourceVpc"], key=record)
    assert decision.outcome is Outcome.UNDETERMINED
    assert "aws:SourceVpc" in (decision.expression or "")


def test_what_no_context_tells_is_undetermined() -> None:
    """The role of a session that nobody knows."""
    record = KeyRecord(
        KEY, policy(allow(Principal="*", Condition={"ArnEquals": {"aws:PrincipalArn": f"{ROLE}team/app"}}))
    )
    request = Request(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1", PUT, KEY)
    engine = PolicyEngine()
    assert engine.authorize(request, key=record).outcome is Outcome.UNDETERMINED
    engine.put_principal(PrincipalRecord(f"{ROLE}team/app"))
    assert allowed(engine, request, record)


def test_a_caller_of_whom_there_is_no_blueprint_is_answered_too() -> None:
    root = ROOT["AWS"]
    assert allowed(PolicyEngine(), Request(root, PUT, KEY), KeyRecord(KEY, policy(allow(Principal=ROOT))))
    assert not allowed(PolicyEngine(), Request(root, PUT, KEY), lets("app"))


def test_a_caller_may_be_the_principal_that_it_is() -> None:
    app = Principal(PrincipalKind.ROLE, APP, ACCOUNT, "app")
    assert allowed(PolicyEngine(), Request(app, PUT, KEY), lets("app"))


def test_it_is_said_of_it_what_would_be_said_if_it_were_put() -> None:
    request = Request(APP, PUT, KEY)
    for record in (lets("app"), lets("batch"), SHUT, KeyRecord(KEY)):
        put = PolicyEngine(Bundle({KEY: record}, {APP: role("app", allow())}))
        asked = PolicyEngine(Bundle(principals={APP: role("app", allow())}))
        for _ in range(2):  # the second time there are blueprints
            mine, right = asked.authorize(request, key=record), put.authorize(request)
            assert (mine.outcome, mine.determining) == (right.outcome, right.determining)
            assert (mine.id, mine.reason) == (right.id, right.reason)
            asked.put_key(replace(record, arn=OTHER_KEY))
            asked.authorize(replace(request, resource=OTHER_KEY))


def sizes(engine: PolicyEngine) -> dict[str, int]:
    """Of all that an engine keeps; what is remembered of rows alone is bounded, and all engines have it together."""
    for memory in (residual._keys, residual._remembered, shapes.shaped):
        memory.cache_clear()
    gc.collect()
    return {
        "keys": len(engine.keys),
        "questions": engine._compiled._count,
        "functions": sum(
            len(callers)
            for table in (engine._compiled.decide, engine._compiled.decide_spelt, engine._answers)
            for asked in table.values()
            for callers in asked.values()
        ),
        "callers": len(engine._callers),
        "matches": sum(len(caller.matches) for caller in engine._callers.values()),
        "blueprints": len(engine._tools.blueprints),
        "codes": len(engine._tools.codes),
        "generation": engine._tools.codes.generation,
        "nodes": len(engine._tools.nodes),
        "tests": len(engine._tests),
        "statements": len(engine._tests.parts),
    }


def test_nothing_is_kept(engine: PolicyEngine) -> None:
    """Whatever the policies in question look like, and whoever asks."""
    for name in ("app", "batch"):
        engine.authorize(Request(ROLE + name, "kms:Decrypt", KEY, TENANT))
    before = sizes(engine)
    for number in range(1, 30):
        named = {"AWS": [ROLE + f"r-{number}", APP]}
        conditions = {f"aws:RequestTag/t{number}-{index}": "x" for index in range(number)}
        record = KeyRecord(
            KEY,
            policy(
                *[allow(Principal=named, Sid=f"s{number}x{index}") for index in range(number)],
                deny(Principal="*", Condition={"StringEquals": conditions}),
            ),
        )
        for caller in (APP, BATCH, ROLE + f"r-{number}"):
            assert allowed(engine, Request(caller, PUT, KEY), record) is (caller != BATCH)
    del record
    assert sizes(engine) == before


def test_no_question_beside_it_sees_the_key() -> None:
    """Threads ask about the key that is there while others ask as if it let everybody in, and nobody."""
    engine = PolicyEngine()
    engine.put_key(lets("app"))
    wrong: list[object] = []
    start = threading.Barrier(4)

    def ask() -> None:
        start.wait()
        context = engine.context({})
        for number in range(300):
            if number % 50 == 0:
                engine.forget_questions()
            outcomes = {
                who: {
                    engine.authorize(Request(who, PUT, KEY)).allowed,
                    engine.decide(who, PUT, KEY, context) is Outcome.ALLOWED,
                    engine.bind(who)(PUT, KEY) is Outcome.ALLOWED,
                }
                for who in (APP, BATCH)
            }
            if outcomes != {APP: {True}, BATCH: {False}}:
                wrong.append(outcomes)

    def suppose() -> None:
        start.wait()
        for _ in range(300):
            outcomes = [
                allowed(engine, Request(who, PUT, KEY), key)
                for key in (lets("batch"), SHUT)
                for who in (APP, BATCH)
            ]
            if outcomes != [False, True, False, False]:
                wrong.append(outcomes)

    threads = [threading.Thread(target=each) for each in (ask, ask, suppose, suppose)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
