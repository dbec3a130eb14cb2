"""Each option flips an answer, and its default is the one that the semantics page states."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from policy_engine import (
    Bundle,
    Grant,
    GrantConstraints,
    KeyRecord,
    Options,
    PolicyEngine,
    PrincipalRecord,
    Request,
)
from policy_engine.model.policy import PolicyKind
from tests.engine.world import ACCOUNT, KEY, ROLE, allow, deny, policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.model.policy import Policy

SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1"
APP = {"AWS": ROLE + "app"}
SUBSET = GrantConstraints(encryption_context_subset={"Tenant": "acme"})
NOTHING = policy(deny(Action="s3:*"), kind=PolicyKind.BOUNDARY)


def engine_for(
    options: Options, *statements: dict[str, object], grant: Grant | None = None, cap: Policy | None = None
) -> PolicyEngine:
    key = KeyRecord(KEY, policy(*statements), grants=(grant,) if grant else ())
    role = PrincipalRecord(ROLE + "app", permissions_boundary=cap)
    return PolicyEngine(Bundle(keys={KEY: key}, principals={role.arn: role}), options=options)


def is_allowed(engine: PolicyEngine, principal: str, context: Mapping[str, str]) -> bool:
    return engine.authorize(Request(principal, "kms:Decrypt", KEY, context)).allowed


def bool_condition(value: str) -> dict[str, object]:
    return allow(Principal=APP, Condition={"Bool": {"aws:SecureTransport": value}})


# option → what is asked, and whether the default allows; the other setting answers the opposite
CASES: dict[str, tuple[dict[str, object], list[dict[str, object]], str, dict[str, str], bool]] = {
    "grant_context_names_ignore_case": (
        {"grant": Grant("g", ROLE + "app", ("Decrypt",), SUBSET)}, [], ROLE + "app", {"kms:EncryptionContext:tenant": "acme"}, True,
    ),
    "caps_limit_grants": ({"grant": Grant("g", ROLE + "app", ("Decrypt",)), "cap": NOTHING}, [], ROLE + "app", {}, False),
    "aws_wildcard_allows_services": ({}, [allow(Principal={"AWS": "*"})], "s3.amazonaws.com", {}, False),
    "bool_takes_variables": (
        {}, [bool_condition("${aws:MultiFactorAuthPresent}")], ROLE + "app",
        {"aws:SecureTransport": "true", "aws:MultiFactorAuthPresent": "true"}, False,
    ),
    "any_value_if_exists_holds_when_absent": (
        {}, [allow(Principal=APP, Condition={"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}})], ROLE + "app", {}, False,
    ),
    "listed_role_exempts_sessions": ({}, [allow(Principal="*"), deny(NotPrincipal=APP, Principal=None)], SESSION, {}, True),
}  # fmt: skip


def without_none(statement: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in statement.items() if value is not None}


@pytest.mark.parametrize("name", CASES)
def test_an_option_flips_the_answer(name: str) -> None:
    world, statements, principal, context, default = CASES[name]
    rows = [without_none(statement) for statement in statements]
    assert is_allowed(engine_for(Options(), *rows, **world), principal, context) is default  # type: ignore[arg-type]
    other = Options(**{name: not getattr(Options(), name)})
    assert is_allowed(engine_for(other, *rows, **world), principal, context) is not default  # type: ignore[arg-type]


def test_every_option_has_its_case() -> None:
    assert {field.name for field in fields(Options)} == set(CASES) | {"check_context"}


def test_a_wildcard_denies_services_under_either_setting() -> None:
    statements = [allow(Principal="*"), deny(Principal={"AWS": "*"})]
    for setting in (False, True):
        engine = engine_for(Options(aws_wildcard_allows_services=setting), *statements)
        assert not is_allowed(engine, "s3.amazonaws.com", {})


def test_a_listed_session_is_exempt_under_either_setting() -> None:
    statements = [
        allow(Principal="*"),
        without_none(deny(NotPrincipal={"AWS": [ROLE + "app", SESSION]}, Principal=None)),
    ]
    for setting in (False, True):
        assert is_allowed(engine_for(Options(listed_role_exempts_sessions=setting), *statements), SESSION, {})
