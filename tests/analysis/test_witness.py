"""The search for a witness, against trying everything."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine import Bundle, KeyRecord, Outcome, PolicyEngine, PrincipalRecord, Request
from policy_engine.analysis.domains import carried
from policy_engine.analysis.witness import find_witness
from policy_engine.model.bundle import VpcEndpoint
from policy_engine.model.grant import Grant, GrantConstraints
from policy_engine.model.policy import PolicyKind
from tests.analysis.policies import KEY, ROOT, allow, deny, policy, role

KEYS = ("aws:PrincipalTag/a", "aws:PrincipalTag/b")
VALUES = ("x", "xy", "y", "zz")
PATTERNS = ("x", "xy", "x*", "*y", "?", "*", "z?")
OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIfExists",
    "StringLikeIfExists",
)

conditions = st.dictionaries(
    st.sampled_from(OPERATORS),
    st.dictionaries(
        st.sampled_from(KEYS), st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2), min_size=1
    ),
    max_size=3,
)
nulls = st.dictionaries(
    st.just("Null"), st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["true", "false"])), max_size=1
)
blocks = st.builds(lambda one, other: {**one, **other}, conditions, nulls)
statements = st.lists(st.tuples(st.booleans(), blocks), min_size=1, max_size=4)


def engine_of(*key_policy: dict[str, Any], grants: tuple[Grant, ...] = ()) -> PolicyEngine:
    engine = PolicyEngine()
    engine.put_key(KeyRecord(KEY, policy=policy(*key_policy), grants=grants))
    everything = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    engine.put_principal(
        PrincipalRecord(role("app"), identity_policies=(policy(everything, kind=PolicyKind.IDENTITY),))
    )
    return engine


@settings(max_examples=300, deadline=None)
@given(statements)
def test_a_witness_is_found_where_any_context_allows_and_only_there(drawn: list[tuple[bool, Any]]) -> None:
    engine = engine_of(*((deny if denies else allow)(Condition=block) for denies, block in drawn))
    request = Request(role("app"), "kms:Decrypt", KEY)
    search = find_witness(engine, request)
    contexts = (
        {key: value for key, value in zip(KEYS, values, strict=True) if value is not None}
        for values in itertools.product((None, *VALUES), repeat=len(KEYS))
    )
    possible = any(
        engine.decide(role("app"), "kms:Decrypt", KEY, context) is Outcome.ALLOWED for context in contexts
    )
    assert search.complete
    if possible:
        assert search.witness is not None
    if search.witness is not None:
        assert engine.authorize(search.witness).allowed


def test_the_context_of_the_request_is_kept() -> None:
    engine = engine_of(allow(Condition={"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}))
    fixed = Request(role("app"), "kms:Decrypt", KEY, {"kms:ViaService": "ec2.us-east-1.amazonaws.com"})
    assert find_witness(engine, fixed).impossible
    free = find_witness(engine, Request(role("app"), "kms:Decrypt", KEY, {"aws:UserAgent": "x"})).witness
    assert free is not None
    assert free.context == {"aws:UserAgent": "x", "kms:ViaService": "s3.us-east-1.amazonaws.com"}


def test_values_that_may_not_be_chosen_are_not() -> None:
    engine = engine_of(allow(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-mine"}}))
    request = Request(role("app"), "kms:Decrypt", KEY)
    assert find_witness(engine, request).witness is not None
    assert find_witness(engine, request, fixed={"aws:PrincipalOrgID": (None, "o-foreign")}).impossible


def test_a_search_that_gives_up_says_so() -> None:
    tests = [{"StringEquals": {f"aws:PrincipalTag/{i}": [str(i), str(i + 1)]}} for i in range(12)]
    engine = engine_of(allow(), *(deny(Condition=block) for block in tests), deny())
    search = find_witness(engine, Request(role("app"), "kms:Decrypt", KEY), max_steps=5)
    assert search.witness is None
    assert not search.complete
    assert not search.impossible


def test_long_policies_are_searched_without_trying_every_combination() -> None:
    blocks = [{"StringEquals": {f"aws:PrincipalTag/{i}": ["a", "b"]}} for i in range(60)]
    engine = engine_of(
        allow(),
        *(deny(Condition=block) for block in blocks),
        deny(Condition={"Null": {"aws:PrincipalTag/0": "true"}}),
    )
    search = find_witness(engine, Request(role("app"), "kms:Decrypt", KEY))
    assert search.witness is not None
    nobody = engine_of(*(allow(Condition=block) for block in blocks), deny())
    assert find_witness(nobody, Request(role("app"), "kms:Decrypt", KEY)).impossible


def test_a_deep_graph_is_no_recursion() -> None:
    blocks = [{"StringEquals": {f"aws:PrincipalTag/{i}": "a"}} for i in range(3000)]
    engine = engine_of(
        *(allow(Condition=block) for block in blocks),
        deny(Condition={"StringNotEquals": {"aws:PrincipalTag/2999": "a"}}),
    )
    search = find_witness(engine, Request(role("app"), "kms:Decrypt", KEY))
    assert search.witness is not None


@pytest.mark.parametrize(
    "constraints",
    [
        GrantConstraints(encryption_context_subset={"Tenant": "acme", "job": "7"}),
        GrantConstraints(encryption_context_equals={"Tenant": "acme"}),
        GrantConstraints(encryption_context_equals={"Tenant": "acme", "tenant": "acme"}),
        GrantConstraints(encryption_context_subset={"Tenant": "acme", "tenant": "other"}),
        GrantConstraints(),
    ],
)
def test_the_constraint_of_a_grant_can_be_met(constraints: GrantConstraints) -> None:
    grant = Grant("g", role("batch"), ("Decrypt",), constraints)
    engine = engine_of(allow(Principal={"AWS": role("admin")}), grants=(grant,))
    search = find_witness(engine, Request(role("batch"), "kms:Decrypt", KEY))
    assert search.witness is not None
    assert engine.authorize(search.witness).determining[0].grant_id == "g"


def test_a_grant_that_only_a_token_makes_usable_is_not_counted() -> None:
    grant = Grant("g", role("batch"), ("Decrypt",), pending=True, token="t")
    engine = engine_of(allow(Principal={"AWS": role("admin")}), grants=(grant,))
    assert find_witness(engine, Request(role("batch"), "kms:Decrypt", KEY)).impossible


def through(*key_policy: dict[str, Any]) -> PolicyEngine:
    """An engine with an endpoint that lets kms:Encrypt through and nothing else."""
    only = {"Effect": "Allow", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"}
    endpoint = VpcEndpoint("vpce-0abc", policy(only, kind=PolicyKind.ENDPOINT))
    return PolicyEngine(
        Bundle(keys={KEY: KeyRecord(KEY, policy=policy(*key_policy))}, vpc_endpoints=(endpoint,))
    )


def test_a_call_may_come_past_an_endpoint_or_be_forwarded_by_a_service() -> None:
    app = {"AWS": role("app")}
    witness = find_witness(through(allow(Principal=app)), Request(role("app"), "kms:Decrypt", KEY)).witness
    assert witness is not None
    assert witness.context == {}
    condition = {"StringEquals": {"aws:SourceVpce": "vpce-0abc"}}
    engine = through(allow(Principal=app, Condition=condition))
    encrypt = find_witness(engine, Request(role("app"), "kms:Encrypt", KEY)).witness
    assert encrypt is not None
    assert encrypt.context == {"aws:SourceVpce": "vpce-0abc"}
    forwarded = find_witness(engine, Request(role("app"), "kms:Decrypt", KEY)).witness
    assert forwarded is not None
    assert set(forwarded.context) - {"aws:SourceVpce"} <= {"kms:ViaService", "aws:ViaAWSService"}
    directly = {"Null": {"kms:ViaService": "true"}, "Bool": {"aws:ViaAWSService": "false"}, **condition}
    assert find_witness(
        through(allow(Principal=app, Condition=directly)), Request(role("app"), "kms:Decrypt", KEY)
    ).impossible


@pytest.mark.parametrize(
    ("action", "key", "expected"),
    [
        ("kms:Decrypt", "kms:EncryptionContext:tenant", True),
        ("kms:PutKeyPolicy", "kms:EncryptionContext:tenant", False),
        ("kms:PutKeyPolicy", "kms:BypassPolicyLockoutSafetyCheck", True),
        ("kms:PutKeyPolicy", "kms:GrantOperations", False),
        ("kms:PutKeyPolicy", "kms:KeySpec", True),
        ("kms:PutKeyPolicy", "aws:PrincipalTag/x", True),
        ("kms:PutKeyPolicy", "kms:unheardof", True),
        ("kms:Unheardof", "kms:GrantOperations", True),
    ],
)
def test_which_keys_an_action_carries(action: str, key: str, expected: bool) -> None:
    assert carried(action, key) is expected


def test_an_unrealistic_boolean_is_no_way_out() -> None:
    mfa = "aws:MultiFactorAuthPresent"
    engine = engine_of(
        allow(Principal=ROOT),
        deny(Condition={"Bool": {mfa: "true"}}),
        deny(Condition={"BoolIfExists": {mfa: "false"}}),
    )
    assert find_witness(engine, Request(role("app"), "kms:Decrypt", KEY)).impossible
