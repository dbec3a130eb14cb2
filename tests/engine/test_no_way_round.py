"""Ways by which a Deny or a key policy could be got round, each of which was open once."""

from __future__ import annotations

import pytest

from policy_engine import Bundle, Grant, KeyRecord, PolicyEngine, PrincipalRecord, Request, RequestError
from policy_engine.model.bundle import VpcEndpoint
from policy_engine.model.policy import PolicyKind
from tests.engine.world import ACCOUNT, KEY, ROLE, allow, deny, policy, role

ALIAS = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/orders"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/late/s"


def engine_with(*statements: dict[str, object], **more: object) -> PolicyEngine:
    app = role("app", allow())
    return PolicyEngine(
        Bundle(keys={KEY: KeyRecord(KEY, policy(*statements))}, principals={app.arn: app}, **more)
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "resource", [ALIAS, f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*", "arn:aws:kms:us-east-1::alias/x"]
)
@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:Foo", "kms:*", "kms:decrypt "])
def test_an_action_on_keys_is_not_allowed_on_an_alias_or_pattern(resource: str, action: str) -> None:
    assert not engine_with(allow(Principal="*")).authorize(Request(ROLE + "app", action, resource)).allowed


def test_alias_actions_and_new_keys_are_decided_by_identity_policies() -> None:
    engine = engine_with()
    assert engine.authorize(Request(ROLE + "app", "kms:CreateAlias", ALIAS)).allowed
    new = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*"
    assert engine.authorize(Request(ROLE + "app", "kms:TagResource", new)).allowed


def test_a_role_that_is_put_later_denies_its_sessions() -> None:
    engine = engine_with(allow(Principal={"AWS": SESSION}))
    engine.put_principal(PrincipalRecord(SESSION))
    assert engine.authorize(Request(SESSION, "kms:Decrypt", KEY)).allowed
    engine.put_principal(role("late", deny()))
    assert not engine.authorize(Request(SESSION, "kms:Decrypt", KEY)).allowed


def test_removing_a_role_leaves_its_namesake() -> None:
    engine = engine_with(allow(Principal="*"))
    engine.put_principal(role("a/late"))
    engine.put_principal(role("b/late", deny()))
    engine.remove_principal(ROLE + "a/late")
    assert not engine.authorize(Request(SESSION, "kms:Decrypt", KEY)).allowed


@pytest.mark.parametrize(
    "context", [{"aws:SourceVpce": ["vpce-1", "vpce-2"]}, {"aws:SourceVpce": "vpce-1", "kms:ViaService": ""}]
)
def test_an_endpoint_policy_cannot_be_switched_off(context: dict[str, object]) -> None:
    endpoint = VpcEndpoint("vpce-1", policy(deny(Principal="*"), kind=PolicyKind.ENDPOINT))
    engine = engine_with(allow(Principal="*"), vpc_endpoints=(endpoint,))
    assert not engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY, context)).allowed  # type: ignore[arg-type]


def test_a_condition_key_is_given_once() -> None:
    engine = engine_with(allow(Principal="*"))
    with pytest.raises(RequestError, match="given twice"):
        engine.context({"aws:SourceIp": "192.0.2.1", "AWS:sourceip": "192.0.2.1"})


def test_a_call_cannot_override_its_session() -> None:
    engine = engine_with(
        allow(Principal="*"), deny(Principal="*", Condition={"StringEquals": {"aws:SourceIdentity": "bad"}})
    )
    asked = engine.bind(ROLE + "app", {"aws:SourceIdentity": "bad"})
    assert asked("kms:Decrypt", KEY, {"aws:SourceIdentity": "ok"}) == "explicitDeny"
    with pytest.raises(RequestError, match="given twice"):
        asked("kms:Decrypt", KEY, {"AWS:SourceIdentity": "ok"})


def test_a_grant_token_is_not_found_inside_another_text() -> None:
    engine = engine_with()
    engine.put_grants(KEY, [Grant("g", ROLE + "app", ("Decrypt",), pending=True, token="tok")])
    assert engine.decide(ROLE + "app", "kms:Decrypt", KEY, {"kmsgate:GrantTokens": "xtoky"}) == "implicitDeny"
    assert engine.authorize(Request(ROLE + "app", "kms:Decrypt", KEY, grant_tokens=("tok",))).allowed


def test_unknown_is_a_list() -> None:
    with pytest.raises(RequestError, match="list"):
        engine_with().authorize(Request(ROLE + "app", "kms:Decrypt", KEY), unknown="kms:ViaService")
