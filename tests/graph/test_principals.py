"""How a Principal element covers a caller, form by form."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy_engine.calls.principals import parse_principal
from policy_engine.graph.principals import PrincipalMatch, PrincipalTest, is_role_of
from policy_engine.model.opaque import Opaque
from policy_engine.model.options import Options
from policy_engine.model.policy import Effect
from policy_engine.model.principal import EntryKind, PrincipalElement, PrincipalEntry, PrincipalKind
from policy_engine.span import Source, Span
from tests.engine.world import ACCOUNT, ROLE

SPAN = Span(Source("<test>", ""), 0, 0)
CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
OTHER = "444455556666"
USER = f"arn:aws:iam::{ACCOUNT}:user/"
APP = parse_principal(ROLE + "app")
ALICE = parse_principal(USER + "alice")
S3 = parse_principal("s3.amazonaws.com")
ROOT = parse_principal(f"arn:aws:iam::{ACCOUNT}:root")
SESSION = parse_principal(f"arn:aws:sts::{ACCOUNT}:assumed-role/App/s1")
KNOWN_SESSION = replace(SESSION, role_arn=ROLE + "a/app")
FEDERATED = parse_principal(f"arn:aws:sts::{ACCOUNT}:federated-user/bob")
OF_ALICE = replace(FEDERATED, role_arn=ALICE.arn)
PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/adfs"
SAML = replace(APP, kind=PrincipalKind.SAML, arn=PROVIDER, name="adfs")
NAMED, DIRECT, DELEGATED = PrincipalMatch


def element(*entries: tuple[EntryKind, str], negated: bool = False) -> PrincipalElement:
    found = tuple(PrincipalEntry(kind, value, value, SPAN) for kind, value in entries)
    return PrincipalElement(found, negated=negated, span=SPAN)


MATCHES = [
    (EntryKind.EVERYONE, "*", {APP: NAMED, S3: NAMED, parse_principal(""): NAMED}),
    (EntryKind.EVERY_AWS, "*", {APP: NAMED, S3: None}),
    (EntryKind.ACCOUNT, ACCOUNT, {APP: DELEGATED, ROOT: DELEGATED, SESSION: DELEGATED, S3: None}),
    (EntryKind.ACCOUNT, OTHER, {APP: None, ROOT: None}),
    (EntryKind.USER, ALICE.arn, {ALICE: NAMED, OF_ALICE: DIRECT, FEDERATED: None, APP: None, ROOT: None}),
    (EntryKind.USER, USER + "bob", {ALICE: None, OF_ALICE: None, FEDERATED: None}),
    (EntryKind.USER, ALICE.arn, {replace(ALICE, kind=PrincipalKind.SAML): None}),
    (EntryKind.USER, ROLE + "a/app", {KNOWN_SESSION: None}),
    (EntryKind.ROLE, ROLE + "app", {APP: DIRECT, SESSION: DIRECT, KNOWN_SESSION: None, ALICE: None}),
    (EntryKind.ROLE, ROLE + "a/app", {APP: None, SESSION: DIRECT, KNOWN_SESSION: DIRECT}),
    (EntryKind.ROLE, ROLE + "b/app", {KNOWN_SESSION: None}),
    (EntryKind.ROLE, ALICE.arn, {OF_ALICE: None}),
    (EntryKind.ROLE, f"arn:aws:iam::{OTHER}:role/app", {APP: None, SESSION: None}),
    (EntryKind.ASSUMED_ROLE, SESSION.arn, {SESSION: NAMED, KNOWN_SESSION: NAMED, APP: None}),
    (EntryKind.ASSUMED_ROLE, SESSION.arn + "2", {SESSION: None}),
    (EntryKind.FEDERATED_USER, FEDERATED.arn, {FEDERATED: NAMED, OF_ALICE: NAMED, ALICE: None}),
    (EntryKind.UNIQUE_ID, "AIDAX", {replace(ALICE, id="AIDAX"): NAMED, replace(ALICE, id="AIDAY"): None, ALICE: None}),
    (EntryKind.UNIQUE_ID, "AROAX", {replace(APP, id="AROAX"): DIRECT, replace(SESSION, id="AROAX:s1"): DIRECT, APP: None}),
    (EntryKind.SERVICE, "s3.amazonaws.com", {S3: NAMED, APP: None, replace(APP, name="s3.amazonaws.com"): None}),
    (EntryKind.SERVICE, "rds.amazonaws.com", {S3: None}),
    (EntryKind.FEDERATED, PROVIDER, {SAML: NAMED, replace(SAML, kind=PrincipalKind.OIDC): NAMED, replace(SAML, arn="x"): None}),
    (EntryKind.FEDERATED, APP.arn, {APP: None}),
    # a canonical user id stands for an account, which a caller's record may know as its id
    (EntryKind.CANONICAL_USER, CANONICAL, {replace(APP, id=CANONICAL): DELEGATED, replace(APP, id="x"): None, APP: None}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "callers"), MATCHES)
def test_how_an_entry_covers_callers(
    kind: EntryKind, value: str, callers: dict[object, PrincipalMatch | None]
) -> None:
    test = PrincipalTest(element((kind, value)), Effect.ALLOW)
    assert {caller: test.match(caller) for caller in callers} == callers  # type: ignore[arg-type]


def test_the_strongest_way_counts() -> None:
    entries = ((EntryKind.ACCOUNT, ACCOUNT), (EntryKind.ROLE, APP.arn), (EntryKind.ASSUMED_ROLE, SESSION.arn))
    assert PrincipalTest(element(*entries), Effect.ALLOW).match(SESSION) is NAMED
    assert PrincipalTest(element(*entries[:2]), Effect.ALLOW).match(SESSION) is DIRECT
    assert PrincipalTest(element(), Effect.ALLOW).match(SESSION) is None
    assert PrincipalTest(None, Effect.ALLOW).match(SESSION) is None
    assert PrincipalTest(None, Effect.DENY).match(SESSION) is None


def test_who_is_not_listed_is_denied_and_who_has_a_boundary_in_any_case() -> None:
    listed = element((EntryKind.ROLE, APP.arn), negated=True)
    for effect, boundary, app in (
        (Effect.DENY, False, None),
        (Effect.DENY, True, NAMED),
        (Effect.ALLOW, False, None),
        (Effect.ALLOW, True, None),
    ):
        test = PrincipalTest(listed, effect)
        assert test.match(APP, has_boundary=boundary) is app
        assert test.match(ALICE, has_boundary=boundary) is NAMED


def test_an_empty_list_spares_nobody_from_a_deny_and_lets_nobody_in() -> None:
    empty = element(negated=True)
    assert PrincipalTest(empty, Effect.DENY).match(APP) is NAMED
    assert PrincipalTest(empty, Effect.ALLOW).match(APP) is None
    later = replace(empty, opaque=(Opaque("later"),))
    assert PrincipalTest(later, Effect.ALLOW).match(APP) is NAMED


@pytest.mark.parametrize("exempts", [True, False])
def test_whether_a_listed_role_exempts_its_sessions_is_an_option(exempts: bool) -> None:
    options = Options(listed_role_exempts_sessions=exempts)
    listed = element((EntryKind.ROLE, APP.arn), negated=True)
    test = PrincipalTest(listed, Effect.DENY, options)
    assert test.match(APP) is None
    assert test.match(SESSION) is (None if exempts else NAMED)
    assert PrincipalTest(replace(listed, negated=False), Effect.DENY, options).match(SESSION) is DIRECT


@pytest.mark.parametrize("allows", [True, False])
def test_whether_every_aws_principal_means_services_is_an_option_for_allow(allows: bool) -> None:
    options, everybody = Options(aws_wildcard_allows_services=allows), element((EntryKind.EVERY_AWS, "*"))
    assert PrincipalTest(everybody, Effect.ALLOW, options).match(S3) is (NAMED if allows else None)
    assert PrincipalTest(everybody, Effect.DENY, options).match(S3) is NAMED
    assert PrincipalTest(everybody, Effect.ALLOW, options).match(APP) is NAMED
    assert PrincipalTest(element((EntryKind.USER, ALICE.arn)), Effect.ALLOW, options).match(S3) is None
    assert PrincipalTest(element((EntryKind.ROLE, APP.arn)), Effect.ALLOW, options).match(ALICE) is None


def test_a_role_is_known_by_account_and_name_where_its_arn_is_not() -> None:
    assert is_role_of(ROLE + "APP", SESSION)
    assert is_role_of(ROLE + "x/y/app", SESSION)
    assert not is_role_of(ROLE + "app2", SESSION)
    assert not is_role_of("app", SESSION)
    assert not is_role_of(f"arn:aws:iam::{OTHER}:role/app", SESSION)
    assert is_role_of(ROLE + "a/app", KNOWN_SESSION)
    assert not is_role_of(ROLE + "A/app", KNOWN_SESSION)


def test_a_session_without_an_arn_is_of_no_role() -> None:
    assert not is_role_of(ROLE + "app", replace(SESSION, arn="", name="app/s1"))
