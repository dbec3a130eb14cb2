"""A function that was written for one question is fitted to others that differ in constants alone."""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING

import pytest

from policy_engine import Grant, GrantConstraints, KeyRecord, Outcome, PolicyEngine, PrincipalRecord, Request
from policy_engine.engine.blueprints import Blueprints
from policy_engine.graph.nodes import follow
from policy_engine.model.bundle import Bundle, Organization
from policy_engine.model.options import Options
from policy_engine.model.policy import PolicyKind
from tests.engine.world import ACCOUNT, KEY, ROLE, ROOT, allow, deny, policy

if TYPE_CHECKING:
    from policy_engine.engine.situation import Situation

KEYS = [
    f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{number:08d}-12ab-34cd-56ef-1234567890ab" for number in range(8)
]
ROLES = [f"{ROLE}app-{number}" for number in range(6)]
ACTIONS = ("kms:Decrypt", "kms:Encrypt", "kms:CreateGrant", "kms:DescribeKey")
TENANT, PURPOSE = "kms:EncryptionContext:tenant", "kms:EncryptionContext:purpose"
VALUES = ("acme", "globex", "initech")


def tenant_is(*values: str, operator: str = "StringEquals") -> dict[str, object]:
    return {operator: {TENANT: values[0] if len(values) == 1 else list(values)}}


def account(rng: random.Random) -> Bundle:
    """Keys and roles of few shapes, with constants drawn from few values: the same often stands in two rows."""

    def one() -> str:
        return rng.choice(VALUES)

    def key(arn: str) -> KeyRecord:
        named = rng.sample(ROLES, 2)
        statements = [
            allow(Principal=ROOT if rng.random() < 0.8 else {"AWS": ROLES[0]}),
            allow(
                Principal={"AWS": named}, Action=["kms:Decrypt", "kms:Describe*"], Condition=tenant_is(one())
            ),
            allow(Principal={"AWS": named[0]}, Action="kms:*crypt", Condition=tenant_is(one())),
            deny(Principal="*", Condition=tenant_is(one(), operator="StringNotEqualsIfExists")),
            deny(
                Principal="*",
                Action="kms:Encrypt",
                Condition={"NotIpAddress": {"aws:SourceIp": f"10.{rng.randrange(3)}.0.0/16"}},
            ),
        ]
        grants = tuple(
            Grant(
                grant_id=f"{number}",
                grantee_principal=rng.choice(ROLES),
                operations=("Decrypt", "DescribeKey"),
                constraints=GrantConstraints(encryption_context_subset={"tenant": one(), "purpose": one()}),
            )
            for number in range(rng.randrange(4))
        )
        return KeyRecord(arn, policy(*statements[: rng.choice((3, 4, 5))]), grants=grants)

    def role(arn: str) -> PrincipalRecord:
        identity = policy(
            allow(Action=["kms:Decrypt", "kms:Encrypt"], Condition=tenant_is(one(), one())),
            allow(Action="kms:*", Resource=rng.choice(KEYS), Condition=tenant_is(one())),
            deny(Action="kms:CreateGrant", Condition={"StringLike": {PURPOSE: f"{one()[:2]}*"}}),
            kind=PolicyKind.IDENTITY,
        )
        boundary = (
            policy(allow(Condition=tenant_is(one())), kind=PolicyKind.BOUNDARY)
            if rng.random() < 0.3
            else None
        )
        return PrincipalRecord(arn, identity_policies=(identity,), permissions_boundary=boundary)

    scp = policy(allow(), deny(Action="kms:Encrypt", Condition=tenant_is(one())), kind=PolicyKind.SCP)
    organization = Organization(
        "o-a1b2c3d4e5", service_control_policies={ACCOUNT: ((scp,),)} if rng.random() < 0.5 else {}
    )
    return Bundle(
        {arn: key(arn) for arn in KEYS}, {arn: role(arn) for arn in ROLES}, organization=organization
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("caps_limit_grants", [True, False])
def test_a_fitted_function_says_what_the_graph_says(seed: int, caps_limit_grants: bool) -> None:
    rng = random.Random(seed)
    engine = PolicyEngine(account(rng), options=Options(caps_limit_grants=caps_limit_grants))
    asked = 0
    for role, action, key in product(ROLES, ACTIONS, KEYS):
        given = {
            TENANT: rng.choice(VALUES),
            PURPOSE: rng.choice(VALUES),
            "aws:SourceIp": f"10.{rng.randrange(3)}.1.2",
        }
        context = {k: v for k, v in given.items() if rng.random() < 0.9}
        request = Request(role, action, key, context)
        canonical, residual = engine.context(context), engine.residual(request)
        trail = follow(residual.node, canonical)
        decision = engine.authorize(request)
        assert engine.decide(role, action, key, canonical) is trail.outcome
        assert engine.decide(role, action, key, canonical) is trail.outcome  # now by the function alone
        assert (
            engine.bind(role)(action, key, context)
            is engine.bind(role)(action, key, context)
            is trail.outcome
        )
        assert decision.outcome is trail.outcome
        assert (
            decision.determining
            == {
                Outcome.ALLOWED: trail.origins,
                Outcome.EXPLICIT_DENY: residual.certain_denies(residual.partial(canonical)),
                Outcome.IMPLICIT_DENY: (),
            }[trail.outcome]
        )
        asked += 1
    assert asked > 2 * len(engine._tools.blueprints)


def engine_of(*statements: dict[str, object], **more: object) -> PolicyEngine:
    return PolicyEngine(Bundle({KEY: KeyRecord(KEY, policy(*statements), **more)}))  # type: ignore[arg-type]


def has_blueprint(engine: PolicyEngine, principal: str, action: str = "kms:Decrypt") -> bool:
    situation: Situation = engine.residual(Request(principal, action, KEY)).situation
    return Blueprints(engine._tools.codes).fit(situation) is not None


def many_grants(count: int) -> tuple[Grant, ...]:
    return tuple(
        Grant(f"{n}", ROLES[0], ("Decrypt",), GrantConstraints(encryption_context_subset={"volume": f"{n}"}))
        for n in range(count)
    )


@pytest.mark.parametrize(
    ("engine", "principal", "action", "expected"),
    [
        (engine_of(allow(Principal="*")), ROLES[0], "kms:Decrypt", True),
        (engine_of(allow(Principal=ROOT)), f"arn:aws:iam::{ACCOUNT}:root", "kms:Decrypt", False),
        (engine_of(allow(Principal="*")), ROLES[0], "kms:RetireGrant", False),
        (engine_of(allow(Principal="*")), ROLES[0], "s3:GetObject", False),
        (engine_of(allow(Principal="*"), grants=many_grants(7)), ROLES[0], "kms:Decrypt", True),
        (engine_of(allow(Principal="*"), grants=many_grants(8)), ROLES[0], "kms:Decrypt", False),
    ],
    ids=["plain", "root session", "RetireGrant", "another service", "few grants", "a look-up among grants"],
)
def test_what_an_outline_cannot_hold_has_no_blueprint(
    engine: PolicyEngine, principal: str, action: str, expected: bool
) -> None:
    assert has_blueprint(engine, principal, action) is expected


def test_blueprints_are_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policy_engine.engine.blueprints.MOST_BLUEPRINTS", 2)
    engine = engine_of(
        allow(Principal="*", Action="kms:Decrypt"),
        allow(Principal="*", Action=["kms:Encrypt", "kms:Sign"], Condition=tenant_is("acme")),
        allow(Principal="*", Action="kms:Sign", Condition=tenant_is("acme", "globex")),
    )
    for action in ("kms:Decrypt", "kms:Encrypt", "kms:Sign"):
        assert engine.decide(ROLES[0], action, KEY, {TENANT: "acme"}) is Outcome.ALLOWED
    assert len(engine._tools.blueprints) == 1


def test_a_key_that_is_missing_for_the_first_time_makes_all_functions_do_without() -> None:
    engine = engine_of(
        allow(Principal="*", Condition=tenant_is("acme")),
        deny(Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-other00000"}}),
    )
    full = {TENANT: "acme", "aws:PrincipalOrgID": "o-a1b2c3d4e5"}
    for role in ROLES[:2]:
        assert engine.decide(role, "kms:Decrypt", KEY, full) is Outcome.ALLOWED
    assert engine.decide(ROLES[0], "kms:Decrypt", KEY, {TENANT: "acme"}) is Outcome.ALLOWED
    request = Request(ROLES[1], "kms:Decrypt", KEY, {TENANT: "acme"})
    assert engine.authorize(request).allowed
    assert engine.decide(ROLES[2], "kms:Decrypt", KEY, {}) is Outcome.IMPLICIT_DENY


def test_questions_that_differ_in_nothing_that_counts_share_one_function() -> None:
    engine = engine_of(
        allow(Principal=ROOT, Action="kms:DescribeKey"),
        allow(Principal="*", Action="kms:Decrypt", Condition=tenant_is("acme")),
    )
    for role in ROLES:
        assert engine.decide(role, "kms:Decrypt", KEY, {TENANT: "acme"}) is Outcome.ALLOWED
    made = {id(engine._compiled.decide["kms:Decrypt"][KEY][role]) for role in ROLES}
    assert len(made) == 1
