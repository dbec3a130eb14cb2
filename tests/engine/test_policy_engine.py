"""The library door: questions, changes, and what they promise."""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext

import pytest

from policy_engine import (
    Decision,
    Grant,
    KeyRecord,
    Options,
    Outcome,
    PolicyEngine,
    PolicySyntaxError,
    Principal,
    Request,
    RequestError,
)
from policy_engine.model.bundle import Bundle, GroupRecord, Organization, PrincipalRecord, VpcEndpoint
from policy_engine.model.policy import PolicyKind
from policy_engine.model.principal import PrincipalKind
from tests.engine.world import ACCOUNT, KEY, ROLE, ROOT, allow, deny, policy, role

ACME = {"kms:EncryptionContext:tenant": "acme"}


def ask(
    engine: PolicyEngine, name: str, context: dict[str, object] | None = None, action: str = "kms:Decrypt"
) -> Decision:
    decision = engine.authorize(Request(ROLE + name, action, KEY, context or {}))  # type: ignore[arg-type]
    canonical = engine.context(context or {})  # type: ignore[arg-type]
    assert engine.decide(ROLE + name, action, KEY, canonical) is decision.outcome
    return decision


def test_allowed_through_delegation_names_both_rows(engine: PolicyEngine) -> None:
    decision = ask(engine, "app", ACME)
    assert decision.allowed
    assert [origin.label for origin in decision.determining] == ["key:0", "identity:0"]
    assert decision.reason == "the key policy delegates to IAM, and IAM allows"


def test_allowed_by_grant(engine: PolicyEngine) -> None:
    decision = ask(engine, "batch", ACME)
    assert [origin.label for origin in decision.determining] == ["grant:g-1"]


def test_denied_says_it_as_aws_does_and_what_was_missing(engine: PolicyEngine) -> None:
    decision = ask(engine, "app")
    assert decision.outcome is Outcome.IMPLICIT_DENY
    assert decision.reason == (
        f"User: {ROLE}app is not authorized to perform: kms:Decrypt on resource: {KEY} "
        "because no identity-based policy allows the kms:Decrypt action"
    )
    assert decision.missing_context_keys == ("kms:EncryptionContext:tenant",)


def test_explicit_deny_names_every_deny_that_holds(engine: PolicyEngine) -> None:
    statements = [
        allow(Principal=ROOT),
        deny(Principal="*"),
        deny(Principal="*", Action="kms:Encrypt"),
        deny(Principal=ROOT),
    ]
    engine.put_key(KeyRecord(KEY, policy(*statements)))
    decision = ask(engine, "app", ACME)
    assert decision.outcome is Outcome.EXPLICIT_DENY
    assert [origin.label for origin in decision.determining] == ["key:1", "key:3"]
    assert decision.reason.endswith("with an explicit deny in a resource-based policy")


def test_neither_decision_nor_outcome_has_a_truth_value(engine: PolicyEngine) -> None:
    decision = ask(engine, "app")
    with pytest.raises(TypeError, match="allowed"):
        bool(decision)
    with pytest.raises(TypeError, match="ALLOWED"):
        bool(decision.outcome)


def test_unknown_key_is_denied_and_said(engine: PolicyEngine) -> None:
    decision = engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY[:-1] + "c", ACME))
    assert decision.outcome is Outcome.IMPLICIT_DENY
    assert [d.code for d in decision.diagnostics] == ["unknown-key"]


def test_an_unknown_principal_has_no_identity_policies(engine: PolicyEngine) -> None:
    assert ask(engine, "stranger", ACME).outcome is Outcome.IMPLICIT_DENY


def test_facts_win_over_the_context_and_the_contradiction_is_said(engine: PolicyEngine) -> None:
    condition = {"StringEquals": {"kms:CallerAccount": "444455556666"}}
    engine.put_key(KeyRecord(KEY, policy(allow(Principal="*", Condition=condition))))
    decision = ask(engine, "app", {"kms:CallerAccount": "444455556666"})
    assert decision.outcome is Outcome.IMPLICIT_DENY
    assert [d.code for d in decision.diagnostics] == ["contradicted-fact"]


@pytest.mark.parametrize(
    "principal", ["role/app", "arn:aws:iam::1:role/x", "nobody", "arn:aws:iam::111122223333:group/g"]
)
def test_what_is_no_principal_is_refused(engine: PolicyEngine, principal: str) -> None:
    with pytest.raises(RequestError, match="names no principal"):
        engine.authorize(Request(principal, "kms:Decrypt", KEY))
    with pytest.raises(RequestError):
        engine.decide(principal, "kms:Decrypt", KEY, {})


def test_a_value_without_meaning_is_refused(engine: PolicyEngine) -> None:
    with pytest.raises(RequestError, match="type dict"):
        engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY, {"a:b": {}}))  # type: ignore[dict-item]
    with pytest.raises(RequestError, match="no name"):
        engine.context({"": "x"})


def test_context_takes_any_spelling_and_json_values() -> None:
    context = PolicyEngine.context(
        {"KMS:viaservice": "s3", "aws:securetransport": True, "kms:RotationPeriodInDays": 90, "x:Y": ["a", "b"],
         "KMS:EncryptionContext:App": "1", "kms:EncryptionContext:app": "2", "aws:TagKeys": "t", "aws:PrincipalTag/Team": [], "z:z": ["o"]}
    )  # fmt: skip
    assert context == {
        "kms:ViaService": "s3",
        "aws:SecureTransport": "true",
        "kms:RotationPeriodInDays": "90",
        "x:y": ("a", "b"),
        "kms:EncryptionContext:app": ("1", "2"),
        "kms:EncryptionContextKeys": ("App", "app"),
        "kmsgate:EncryptionContextPairs": ("3:App1", "3:app2"),
        "aws:TagKeys": ("t",),
        "z:z": "o",
    }


def test_check_context_refuses_a_key_that_is_not_canonical() -> None:
    engine = PolicyEngine(options=Options(check_context=True))
    engine.decide(ROLE + "app", "kms:Decrypt", KEY, {"kms:ViaService": "s3"})
    with pytest.raises(RequestError, match="kms:viaservice") as caught:
        engine.decide(ROLE + "app", "kms:Decrypt", KEY, {"kms:viaservice": "s3"})
    assert caught.value.help is not None
    assert "kms:ViaService" in caught.value.help


@pytest.mark.parametrize(
    ("key", "value", "canonical"),
    [
        ("kms:ViaService", "a", True),
        ("kms:ViaService", ("a", "b"), True),
        ("kms:ViaService", ("a",), False),
        ("kms:ViaService", ["a", "b"], False),
        ("kms:ViaService", True, False),
        ("kms:ViaService", None, False),
        ("kms:ViaService", ("a", 1), False),
        ("aws:TagKeys", ("a",), True),
        ("aws:TagKeys", (), False),
        ("aws:TagKeys", "a", False),
        ("kms:EncryptionContext:tenant", ("a",), False),
        ("kms:EncryptionContextKeys", ("a",), True),
    ],
)
def test_check_context_refuses_a_value_that_is_not_canonical(
    key: str, value: object, canonical: bool
) -> None:
    engine = PolicyEngine(options=Options(check_context=True))
    request = Request(ROLE + "app", "kms:Decrypt", KEY, {key: value})
    wanted = nullcontext() if canonical else pytest.raises(RequestError, match=f"the value of `{key}`")
    with wanted:
        engine.decide(ROLE + "app", "kms:Decrypt", KEY, {key: value})
    with wanted:
        engine.authorize(request, canonical=True)


def test_what_context_gives_is_canonical() -> None:
    engine = PolicyEngine(options=Options(check_context=True))
    given = {
        "KMS:EncryptionContext:App": "1",
        "aws:tagkeys": "t",
        "aws:x": [1, 2],
        "aws:MultiFactorAuthPresent": True,
    }
    engine.decide(ROLE + "app", "kms:Decrypt", KEY, engine.context(given))


def test_a_canonical_context_is_taken_as_it_is_and_not_shared(engine: PolicyEngine) -> None:
    given = {"KMS:encryptioncontext:Tenant": "acme", "kms:viaservice": "s3.us-east-1.amazonaws.com"}
    canonical = dict(engine.context(given))
    for name in ("app", "batch", "nobody"):
        usual = engine.authorize(Request(ROLE + name, "kms:Decrypt", KEY, given))
        taken = engine.authorize(Request(ROLE + name, "kms:Decrypt", KEY, canonical), canonical=True)
        assert (taken.outcome, taken.determining) == (usual.outcome, usual.determining)
        assert taken.id == usual.id
    later = engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY, canonical), canonical=True)
    canonical.clear()
    assert later.missing_context_keys == ()


def test_a_context_that_is_said_to_be_canonical_is_checked_where_that_is_asked_for() -> None:
    checking, trusting = PolicyEngine(options=Options(check_context=True)), PolicyEngine()
    request = Request(ROLE + "app", "kms:Decrypt", KEY, {"KMS:ViaService": "s3.us-east-1.amazonaws.com"})
    with pytest.raises(RequestError, match="`KMS:ViaService` is not canonical"):
        checking.authorize(request, canonical=True)
    assert not trusting.authorize(request, canonical=True).allowed
    assert not checking.authorize(request).allowed


def test_bind_and_decide_many(engine: PolicyEngine) -> None:
    asked = engine.bind(ROLE + "app", ACME)
    assert asked("kms:Decrypt", KEY) is Outcome.ALLOWED
    assert asked("kms:Decrypt", KEY, {"kms:EncryptionContext:tenant": "other"}) is Outcome.ALLOWED
    requests = [
        (ROLE + "app", "kms:Decrypt", KEY, engine.context(ACME)),
        (ROLE + "app", "kms:Encrypt", KEY, {}),
    ]
    assert engine.decide_many(requests) == [Outcome.ALLOWED, Outcome.IMPLICIT_DENY]


def test_the_same_request_has_the_same_id_until_policies_change(engine: PolicyEngine) -> None:
    first = ask(engine, "app", ACME)
    assert first.id == ask(engine, "app", ACME).id
    engine.put_key_policy(
        KEY,
        json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [allow(Principal=ROOT), deny(Principal=ROOT, Action="kms:Sign")],
            }
        ),
    )
    assert first.id != ask(engine, "app", ACME).id


def test_an_internal_error_denies_and_says_so(engine: PolicyEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("policy_engine.graph.code.CodeTable._function", lambda *_: fail)
    assert engine.decide(ROLE + "app", "kms:Decrypt", KEY, engine.context(ACME)) is Outcome.IMPLICIT_DENY
    decision = engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY, ACME))
    assert decision.outcome is Outcome.IMPLICIT_DENY
    assert [d.code for d in decision.diagnostics] == ["internal-error"]
    assert "secret" not in str(decision)


# -- changes ------------------------------------------------------------------------------------------------


def test_put_key_policy_is_seen_at_once_and_a_bad_one_changes_nothing(engine: PolicyEngine) -> None:
    assert ask(engine, "app", ACME).allowed
    with pytest.raises(PolicySyntaxError):
        engine.put_key_policy(KEY, '{"Statement": [')
    assert ask(engine, "app", ACME).allowed
    engine.put_key_policy(KEY, json.dumps({"Version": "2012-10-17", "Statement": []}))
    assert not ask(engine, "app", ACME).allowed
    assert ask(engine, "batch", ACME).allowed


def test_removals_deny(engine: PolicyEngine) -> None:
    assert ask(engine, "batch", ACME).allowed
    engine.remove_grants(KEY)
    assert not ask(engine, "batch", ACME).allowed
    engine.remove_key_policy(KEY)
    assert not ask(engine, "app", ACME).allowed
    engine.remove_key(KEY)
    assert engine.keys == ()
    assert engine.key(KEY) is None


def test_put_grants_on_a_key_without_a_record_makes_one() -> None:
    engine = PolicyEngine()
    engine.put_grants(KEY, [Grant("g", ROLE + "app", ("Decrypt",))])
    assert ask(engine, "app").allowed


def test_principals_come_and_go(engine: PolicyEngine) -> None:
    assert not ask(engine, "late", ACME).allowed
    engine.put_principal(role("late", allow(Action="kms:Decrypt")))
    assert ask(engine, "late", ACME).allowed
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/late/s"
    assert engine.authorize(Request(session, "kms:Decrypt", KEY)).allowed
    engine.remove_principal(ROLE + "late")
    assert not ask(engine, "late", ACME).allowed
    assert not engine.authorize(Request(session, "kms:Decrypt", KEY)).allowed


def test_a_session_finds_the_policies_of_a_role_put_later(engine: PolicyEngine) -> None:
    session = Request(f"arn:aws:sts::{ACCOUNT}:assumed-role/LATE/s", "kms:Decrypt", KEY)
    assert not engine.authorize(session).allowed
    engine.put_principal(role("path/late", allow(Action="kms:Decrypt")))
    assert engine.authorize(session).allowed


def test_session_policies_cap_a_session_and_groups_count_for_users(engine: PolicyEngine) -> None:
    group = f"arn:aws:iam::{ACCOUNT}:group/ops"
    user = f"arn:aws:iam::{ACCOUNT}:user/alice"
    engine.put_principal(PrincipalRecord(user, groups=(group,)))
    assert not engine.authorize(Request(user, "kms:Sign", KEY)).allowed
    engine.put_group(GroupRecord(group, (policy(allow(), kind=PolicyKind.IDENTITY),)))
    assert engine.authorize(Request(user, "kms:Sign", KEY)).allowed
    engine.remove_group(group)
    assert not engine.authorize(Request(user, "kms:Sign", KEY)).allowed
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s"
    assert engine.authorize(Request(session, "kms:Decrypt", KEY, ACME)).allowed
    cap = policy(allow(Action="kms:Encrypt"), kind=PolicyKind.SESSION)
    engine.put_principal(PrincipalRecord(session, session_policies=(cap,)))
    decision = engine.authorize(Request(session, "kms:Decrypt", KEY, ACME))
    assert decision.outcome is Outcome.IMPLICIT_DENY
    assert "no session policy allows" in decision.reason


def test_organizations_come_and_go(engine: PolicyEngine) -> None:
    scp = policy(allow(Action="kms:Describe*"), kind=PolicyKind.SCP)
    engine.put_organization(Organization(service_control_policies={ACCOUNT: ((scp,),)}))
    decision = ask(engine, "app", ACME)
    assert decision.outcome is Outcome.IMPLICIT_DENY
    assert "no service control policy allows" in decision.reason
    engine.put_organization(
        Organization(management_account_id=ACCOUNT, service_control_policies={ACCOUNT: ((scp,),)})
    )
    assert ask(engine, "app", ACME).allowed
    engine.remove_organization()
    assert ask(engine, "app", ACME).allowed


def test_a_service_is_not_subject_to_scps_even_if_its_account_is_given() -> None:
    nothing = policy(deny(Action="*"), kind=PolicyKind.SCP)
    organization = Organization(service_control_policies={ACCOUNT: ((nothing,),)})
    named = policy(allow(Principal={"Service": "s3.amazonaws.com"}))
    engine = PolicyEngine(Bundle(keys={KEY: KeyRecord(KEY, named)}, organization=organization))
    service = Principal(PrincipalKind.SERVICE, "s3.amazonaws.com", ACCOUNT, "s3.amazonaws.com")
    assert engine.authorize(Request(service, "kms:Decrypt", KEY)).allowed


def test_an_endpoint_policy_binds_the_calls_that_come_through_it() -> None:
    endpoint = VpcEndpoint(
        "vpce-1", policy(allow(Principal="*", Action="kms:Sign"), kind=PolicyKind.ENDPOINT)
    )
    key = KeyRecord(KEY, policy(allow(Principal=ROOT)))
    engine = PolicyEngine(
        Bundle(keys={KEY: key}, principals={ROLE + "app": role("app", allow())}, vpc_endpoints=(endpoint,))
    )
    through = {"aws:SourceVpce": "vpce-1"}
    assert ask(engine, "app", through, "kms:Sign").allowed
    denied = ask(engine, "app", through)
    assert "no VPC endpoint policy allows" in denied.reason
    assert ask(engine, "app", {"aws:SourceVpce": "vpce-2"}).allowed
    assert ask(engine, "app", {**through, "kms:ViaService": "s3.us-east-1.amazonaws.com"}).allowed


def test_a_principal_given_as_an_object_brings_its_own_tags(engine: PolicyEngine) -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/Team": "red"}}
    engine.put_key(KeyRecord(KEY, policy(allow(Principal=ROOT))))
    engine.put_principal(role("tagged", allow(Condition=condition)))
    principal = Principal(
        PrincipalKind.ROLE, ROLE + "tagged", ACCOUNT, "tagged", role_arn=ROLE + "tagged", tags={"team": "red"}
    )
    assert engine.authorize(Request(principal, "kms:Sign", KEY)).allowed
    assert not ask(engine, "tagged", {}, "kms:Sign").allowed


def test_a_change_is_never_lost_under_questions(engine: PolicyEngine) -> None:
    """No question that begins after a change has returned is answered by what was before."""
    wrong: list[str] = []
    stop = threading.Event()

    def question() -> None:
        while not stop.is_set():
            engine.decide(ROLE + "batch", "kms:Decrypt", KEY, engine.context(ACME))

    threads = [threading.Thread(target=question) for _ in range(4)]
    for thread in threads:
        thread.start()
    grant = Grant("g", ROLE + "batch", ("Decrypt",))
    for round_ in range(150):
        engine.put_grants(KEY, [grant] if round_ % 2 else [])
        if ask(engine, "batch", ACME).allowed is not bool(round_ % 2):
            wrong.append(f"round {round_}")
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
