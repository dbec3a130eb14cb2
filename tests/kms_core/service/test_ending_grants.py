"""RetireGrant and RevokeGrant: who may (AWS KMS Developer Guide, Retiring and revoking grants), and that a grant ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import (
    AccessDeniedError,
    DryRunOperationError,
    InvalidGrantTokenError,
    NotFoundError,
    ValidationError,
)
from kms_core.model.caller import Caller
from policy_engine import GrantConstraints

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from kms_core.service import Kms
    from kms_core.service.results import CreatedGrant

S3 = "s3.amazonaws.com"
SOURCE = "arn:aws:s3:us-east-1:111122223333:accesspoint/reports"
STRANGERS_ROOT = "arn:aws:iam::999988887777:root"


@pytest.fixture
def grant(kms: Kms, people: SimpleNamespace, key_arn: str) -> CreatedGrant:
    """A grant to app that stranger may retire; app may not."""
    return kms.create_grant(
        people.admin, key_arn, people.app, ["Encrypt"], retiring_principal=people.stranger
    )


def _left(kms: Kms, people: SimpleNamespace, key_arn: str) -> list[str]:
    return [each.grant.grant_id for each in kms.list_grants(people.admin, key_arn).grants]


@pytest.mark.parametrize("how", ["token", "id", "revoked"])
def test_a_grant_that_was_ended_allows_nothing_from_the_next_call_on(
    kms: Kms, people: SimpleNamespace, key_arn: str, grant: CreatedGrant, how: str
) -> None:
    assert kms.encrypt(people.app, key_arn, b"x")
    if how == "token":
        kms.retire_grant(people.stranger, grant_token=grant.grant_token)
    elif how == "id":
        kms.retire_grant(people.stranger, key_id=key_arn, grant_id=grant.grant_id)
    else:
        kms.revoke_grant(people.admin, key_arn, grant.grant_id)

    with pytest.raises(AccessDeniedError):
        kms.encrypt(people.app, key_arn, b"x")
    with pytest.raises(InvalidGrantTokenError):
        kms.encrypt(people.app, key_arn, b"x", grant_tokens=[grant.grant_token])
    assert _left(kms, people, key_arn) == []


def test_another_process_sees_that_one_of_many_grants_ended(
    open_service: Callable[..., Kms], people: SimpleNamespace
) -> None:
    one, other = open_service(), open_service()
    key_arn = one.create_key(people.admin).arn
    made = [one.create_grant(people.admin, key_arn, people.app, [name]) for name in ("Encrypt", "Decrypt")]
    blob = other.encrypt(people.app, key_arn, b"x").ciphertext_blob
    one.revoke_grant(people.admin, key_arn, made[0].grant_id)
    one.create_grant(people.admin, key_arn, people.app, ["GenerateDataKey"])

    with pytest.raises(AccessDeniedError):
        other.encrypt(people.app, key_arn, b"x")
    assert other.decrypt(people.app, blob).plaintext == b"x"
    assert other.generate_data_key(people.app, key_arn, key_spec="AES_256")


@pytest.mark.parametrize(
    ("operations", "retiring", "caller", "may"),
    [
        (["Encrypt"], "stranger", "stranger", True),
        (["Encrypt"], "stranger", "app", False),
        (["Encrypt", "RetireGrant"], "stranger", "app", True),
        # the key's account, which issued the grant too, delegates by an identity policy; app has none
        (["Encrypt"], None, "admin", True),
        (["Encrypt"], None, "root", True),
        (["Encrypt"], None, "app", False),
        # an Allow alone does nothing for who has no part in the grant
        (["Encrypt"], None, "stranger", False),
    ],
)
def test_the_grant_says_who_may_retire_it(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    *,
    operations: list[str],
    retiring: str | None,
    caller: str,
    may: bool,
) -> None:
    """Rule 47."""
    principal = getattr(people, retiring) if retiring else None
    made = kms.create_grant(people.admin, key_arn, people.app, operations, retiring_principal=principal)
    if may:
        kms.retire_grant(getattr(people, caller), key_id=key_arn, grant_id=made.grant_id)
        assert _left(kms, people, key_arn) == []
    else:
        with pytest.raises(AccessDeniedError):
            kms.retire_grant(getattr(people, caller), grant_token=made.grant_token)
        assert _left(kms, people, key_arn) == [made.grant_id]


def test_an_account_that_may_retire_hands_it_on_by_identity_policies(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    made = [
        kms.create_grant(people.admin, key_arn, people.app, ["Encrypt"], retiring_principal=STRANGERS_ROOT)
        for _ in range(2)
    ]
    kms.retire_grant(people.stranger, grant_token=made[0].grant_token)
    with pytest.raises(AccessDeniedError):
        kms.retire_grant("arn:aws:iam::999988887777:role/nobody", grant_token=made[1].grant_token)


def test_a_key_policy_has_no_say_in_retiring(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    statement = {"Principal": {"AWS": people.app}, "Action": "kms:RetireGrant"}
    deny = {**statement, "Effect": "Deny", "Principal": {"AWS": people.stranger}}
    policy = key_policy({"Principal": {"AWS": people.root}}, statement, deny)
    key_arn = kms.create_key(people.admin, policy=policy).arn
    made = kms.create_grant(
        people.admin, key_arn, people.app, ["Encrypt"], retiring_principal=people.stranger
    )
    with pytest.raises(AccessDeniedError):
        kms.retire_grant(people.app, grant_token=made.grant_token)
    kms.retire_grant(people.stranger, grant_token=made.grant_token)


def test_a_grant_to_a_service_holds_for_its_source_and_is_retired_by_a_service(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    made = kms.create_grant(
        people.admin,
        key_arn,
        operations=["Encrypt", "DescribeKey"],
        grantee_service_principal=S3,
        retiring_service_principal="rds.amazonaws.com",
        constraints=GrantConstraints(source_arn=SOURCE),
    )
    for_source = Caller(S3, session_context={"aws:SourceArn": SOURCE})
    assert kms.encrypt(for_source, key_arn, b"x")
    assert kms.describe_key(for_source, key_arn)
    for caller in (Caller(S3), Caller(S3, session_context={"aws:SourceArn": SOURCE + "2"})):
        with pytest.raises(AccessDeniedError):
            kms.encrypt(caller, key_arn, b"x")

    (listed,) = kms.list_grants(people.admin, key_arn, grantee_service_principal=S3).grants
    assert listed.grant.constraints.source_arn == SOURCE
    assert kms.list_grants(people.admin, key_arn, grantee_principal=people.app).grants == ()
    with pytest.raises(AccessDeniedError):
        kms.retire_grant(Caller(S3), grant_token=made.grant_token)
    kms.retire_grant(Caller("rds.amazonaws.com"), grant_token=made.grant_token)


def test_creating_a_grant_for_a_service_tells_the_policies_so(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    conditions = {
        "StringEquals": {
            "kms:GranteeServicePrincipal": S3,
            "kms:RetiringServicePrincipal": S3,
            "kms:GrantConstraintSourceArn": SOURCE,
        },
        "Null": {"kms:GranteePrincipal": "true", "kms:RetiringPrincipal": "true"},
    }
    policy = key_policy(
        {"Principal": {"AWS": people.root}},
        {"Principal": {"AWS": people.app}, "Action": "kms:CreateGrant", "Condition": conditions},
    )
    key_arn = kms.create_key(people.admin, policy=policy).arn
    constraints = GrantConstraints(source_arn=SOURCE)
    wanted = {"operations": ["Encrypt"], "grantee_service_principal": S3, "constraints": constraints}
    assert kms.create_grant(people.app, key_arn, retiring_service_principal=S3, **wanted)
    with pytest.raises(AccessDeniedError):
        kms.create_grant(people.app, key_arn, retiring_principal=people.app, **wanted)
    with pytest.raises(AccessDeniedError):
        kms.create_grant(people.app, key_arn, people.app, ["Encrypt"], retiring_service_principal=S3)


def test_a_grant_from_a_grant_keeps_its_source(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    constraints = GrantConstraints({"tenant": "acme"}, source_arn=SOURCE)
    kms.create_grant(people.admin, key_arn, people.app, ["CreateGrant", "Encrypt"], constraints=constraints)
    app = Caller(people.app, session_context={"aws:SourceArn": SOURCE})
    assert kms.create_grant(app, key_arn, people.stranger, ["Encrypt"], constraints=constraints)
    with pytest.raises(AccessDeniedError):
        kms.create_grant(
            app, key_arn, people.stranger, ["Encrypt"], constraints=replace(constraints, source_arn=None)
        )


def test_revoking_is_ordinary_policy(
    kms: Kms, people: SimpleNamespace, key_arn: str, grant: CreatedGrant
) -> None:
    for caller in (people.app, people.stranger):
        with pytest.raises(AccessDeniedError):
            kms.revoke_grant(caller, key_arn, grant.grant_id)
    assert _left(kms, people, key_arn) == [grant.grant_id]


def test_a_grant_that_is_not_there(
    kms: Kms, people: SimpleNamespace, key_arn: str, grant: CreatedGrant
) -> None:
    other = kms.create_key(people.admin).arn
    for key, wanted in ((key_arn, "g-none"), (other, grant.grant_id)):
        with pytest.raises(NotFoundError, match=f"Grant ID {wanted} not found"):
            kms.retire_grant(people.admin, key_id=key, grant_id=wanted)
        with pytest.raises(NotFoundError, match=f"Grant ID {wanted} not found"):
            kms.revoke_grant(people.admin, key, wanted)
        with pytest.raises(AccessDeniedError):
            kms.retire_grant(people.stranger, key_id=key, grant_id=wanted)
    missing = f"arn:aws:kms:us-east-1:111122223333:key/{'0' * 8}-0000-0000-0000-{'0' * 12}"
    with pytest.raises(NotFoundError, match=f"Key '{missing}' does not exist"):
        kms.retire_grant(people.admin, key_id=missing, grant_id=grant.grant_id)
    with pytest.raises(InvalidGrantTokenError):
        kms.retire_grant(people.admin, grant_token="none")


def test_another_account_cannot_tell_a_grant_from_none(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    made = kms.create_grant(people.admin, key_arn, people.app, ["Encrypt"])
    said = []
    for wanted in (made.grant_id, "g-none"):
        with pytest.raises(AccessDeniedError) as denied:
            kms.retire_grant(people.stranger, key_id=key_arn, grant_id=wanted)
        said.append(str(denied.value))
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "given", [{}, {"key_id": "k"}, {"grant_id": "g"}, {"grant_token": "t", "key_id": "k", "grant_id": "g"}]
)
def test_a_grant_is_named_in_one_of_two_ways(
    kms: Kms, people: SimpleNamespace, given: dict[str, str]
) -> None:
    with pytest.raises(ValidationError, match="either grant token or both"):
        kms.retire_grant(people.admin, **given)


def test_a_disabled_key_lets_its_grants_end(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    grant: CreatedGrant,
    set_state: Callable[[str, str], None],
) -> None:
    set_state(key_arn, "PendingDeletion")
    kms.retire_grant(people.stranger, grant_token=grant.grant_token)


def test_retirable_grants_are_listed_for_ones_own_principals(
    kms: Kms, people: SimpleNamespace, key_arn: str, grant: CreatedGrant
) -> None:
    other = kms.create_key(people.stranger).arn
    foreign = kms.create_grant(
        people.stranger, other, people.app, ["Encrypt"], retiring_principal=people.stranger
    )
    first = kms.list_retirable_grants(people.stranger, people.stranger, limit=1)
    second = kms.list_retirable_grants(people.stranger, people.stranger, limit=1, marker=first.next_marker)
    found = [(each.key_id, each.grant.grant_id) for page in (first, second) for each in page.grants]
    assert found == [(key_arn, grant.grant_id), (other, foreign.grant_id)]
    assert (first.truncated, second.truncated, second.next_marker) == (True, False, None)

    with pytest.raises(AccessDeniedError, match="another account"):
        kms.list_retirable_grants(people.admin, people.stranger)
    with pytest.raises(ValidationError, match="retiring"):
        kms.list_retirable_grants(people.admin)
    assert kms.list_retirable_grants(people.admin, people.admin).grants == ()


def test_of_a_services_retirable_grants_those_on_ones_own_keys_are_listed(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    made = kms.create_grant(people.admin, key_arn, people.app, ["Encrypt"], retiring_service_principal=S3)
    mine = kms.list_retirable_grants(people.admin, retiring_service_principal=S3)
    theirs = kms.list_retirable_grants(people.stranger, retiring_service_principal=S3)
    assert [each.grant.grant_id for each in mine.grants] == [made.grant_id]
    assert theirs.grants == ()


def test_a_dry_run_tells_whether_it_would_work_and_changes_nothing(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    grant: CreatedGrant,
    audit: Callable[[], list[dict[str, object]]],
) -> None:
    trials = (
        lambda who, _: kms.create_grant(who, key_arn, people.app, ["Decrypt"], dry_run=True),
        lambda who, grant_id: kms.revoke_grant(who, key_arn, grant_id, dry_run=True),
        lambda who, grant_id: kms.retire_grant(who, key_id=key_arn, grant_id=grant_id, dry_run=True),
    )
    for trial in trials:
        before = len(audit())
        with pytest.raises(DryRunOperationError, match="would have succeeded"):
            trial(people.admin, grant.grant_id)
        (record,) = audit()[before:]
        assert (record["kind"], record["outcome"], record["dry_run"]) == ("decision", "allowed", True)
        assert record["error_code"] == "DryRunOperationException"
        with pytest.raises(AccessDeniedError):
            trial(people.app, grant.grant_id)
    for trial in trials[1:]:
        with pytest.raises(NotFoundError):
            trial(people.admin, "g-none")
    assert _left(kms, people, key_arn) == [grant.grant_id]
