from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import (
    AccessDeniedError,
    InvalidArnError,
    InvalidMarkerError,
    LimitExceededError,
    ValidationError,
)
from kms_core.model.caller import Caller
from kms_core.model.quotas import Quotas
from policy_engine import GrantConstraints

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from kms_core.service import Kms

ACME = {"tenant": "acme"}
SUBSET = GrantConstraints(encryption_context_subset=ACME)
EQUALS = GrantConstraints(encryption_context_equals=ACME)
S3 = "s3.amazonaws.com"
SOURCE = "arn:aws:s3:us-east-1:111122223333:accesspoint/reports"


def test_a_grant_is_in_force_at_once_with_and_without_its_token(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    with pytest.raises(AccessDeniedError):
        kms.encrypt(people.app, key_arn, b"x")
    made = kms.create_grant(people.admin, key_arn, people.app, ["Encrypt"])

    assert kms.encrypt(people.app, key_arn, b"x")
    assert kms.encrypt(people.app, key_arn, b"x", grant_tokens=[made.grant_token])
    with pytest.raises(AccessDeniedError):
        kms.generate_data_key(people.app, key_arn, key_spec="AES_256", grant_tokens=[made.grant_token])


def test_the_audit_log_names_the_grant_that_decided(
    kms: Kms, people: SimpleNamespace, key_arn: str, audit: Callable[[], list[dict[str, object]]]
) -> None:
    made = kms.create_grant(people.admin, key_arn, people.app, ["Encrypt"])
    kms.encrypt(people.app, key_arn, b"x")

    assert audit()[-1]["decisions"][0]["determining"] == [f"grant:{made.grant_id}"]


@pytest.mark.parametrize(
    ("constraints", "pairs", "allowed"),
    [
        (SUBSET, {"tenant": "acme", "job": "7"}, True),
        (SUBSET, {"tenant": "other"}, False),
        (SUBSET, {}, False),
        (EQUALS, ACME, True),
        (EQUALS, {"tenant": "acme", "job": "7"}, False),
    ],
)
def test_a_constraint_asks_for_the_encryption_context(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    *,
    constraints: GrantConstraints,
    pairs: dict[str, str],
    allowed: bool,
) -> None:
    kms.create_grant(people.admin, key_arn, people.app, ["Encrypt"], constraints=constraints)
    if allowed:
        assert kms.encrypt(people.app, key_arn, b"x", pairs)
    else:
        with pytest.raises(AccessDeniedError):
            kms.encrypt(people.app, key_arn, b"x", pairs)


def test_a_named_grant_is_made_once(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    first = kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"], name="job", constraints=SUBSET)
    again = kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"], name="job", constraints=SUBSET)
    other = kms.create_grant(people.admin, key_arn, people.app, ["Encrypt"], name="job", constraints=SUBSET)
    unnamed = [kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"]) for _ in range(2)]

    assert first.grant_id == again.grant_id
    assert first.grant_token != again.grant_token
    assert len({first.grant_id, other.grant_id, *(grant.grant_id for grant in unnamed)}) == 4
    sealed = kms.create_grant(people.admin, key_arn, people.app, ["Encrypt"])
    for token in (first.grant_token, again.grant_token, sealed.grant_token):
        assert kms.encrypt(people.app, key_arn, b"x", ACME, [token])


def test_a_listed_grant_is_as_it_was_made(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    made = kms.create_grant(
        people.admin,
        key_arn,
        people.app,
        ["Decrypt", "DescribeKey"],
        retiring_principal=people.admin,
        constraints=EQUALS,
        name="nightly",
    )
    (listed,) = kms.list_grants(people.admin, key_arn).grants

    assert listed.key_id == key_arn
    assert listed.grant.grant_id == made.grant_id
    assert listed.grant.grantee_principal == people.app
    assert listed.grant.operations == ("Decrypt", "DescribeKey")
    assert listed.grant.retiring_principal == people.admin
    assert listed.grant.constraints == EQUALS
    assert listed.grant.name == "nightly"
    assert listed.grant.issuing_account == people.root
    assert listed.grant.token is None


def test_pages_survive_grants_that_are_made_meanwhile(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    made = [kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"]).grant_id for _ in range(5)]
    first = kms.list_grants(people.admin, key_arn, limit=2)
    made.append(kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"]).grant_id)
    second = kms.list_grants(people.admin, key_arn, limit=2, marker=first.next_marker)
    third = kms.list_grants(people.admin, key_arn, limit=2, marker=second.next_marker)

    assert [page.truncated for page in (first, second, third)] == [True, True, False]
    assert third.next_marker is None
    assert [each.grant.grant_id for page in (first, second, third) for each in page.grants] == made


def test_grants_are_found_by_id_and_by_grantee(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    one = kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"]).grant_id
    kms.create_grant(people.admin, key_arn, people.admin, ["Decrypt"])

    assert [each.grant.grant_id for each in kms.list_grants(people.admin, key_arn, grant_id=one).grants] == [
        one
    ]
    by_grantee = kms.list_grants(people.admin, key_arn, grantee_principal=people.app)
    assert [each.grant.grant_id for each in by_grantee.grants] == [one]
    assert kms.list_grants(people.admin, key_arn, grant_id="none").grants == ()


def test_a_marker_of_another_key_or_of_nobody_is_refused(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    for _ in range(2):
        kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"])
    marker = kms.list_grants(people.admin, key_arn, limit=1).next_marker
    other = kms.create_key(people.admin).arn

    with pytest.raises(ValidationError, match="'marker'"):
        kms.list_grants(people.admin, key_arn, marker="")
    of = base64.urlsafe_b64decode(marker).decode().split(" ")[0]
    impossible = [base64.urlsafe_b64encode(f"{of} {n}".encode()).decode() for n in (-5, 0, 10**30)]
    for key, wrong in ((other, marker), *((key_arn, text) for text in ("!", "AAAA", *impossible))):
        with pytest.raises(InvalidMarkerError):
            kms.list_grants(people.admin, key, marker=wrong)


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"operations": []}, ValidationError, "'operations'"),
        ({"operations": "Decrypt"}, ValidationError, "list"),
        ({"operations": ["decrypt"]}, ValidationError, "Value 'decrypt' at 'operations'"),
        ({"operations": ["Sign"]}, ValidationError, "`Sign` is not supported"),
        ({"operations": ["CreateGrant", "CreateGrant"]}, ValidationError, "only the CreateGrant operation"),
        ({"operations": ["Decrypt", "Decapsulate"]}, ValidationError, "`Decapsulate` is not supported"),
        ({"constraints": GrantConstraints()}, ValidationError, "a grant constraint"),
        (
            {"constraints": GrantConstraints(source_arn="arn:aws:s3:::a-bucket-of-nobody")},
            ValidationError,
            "constraints.sourceArn' .* pattern",
        ),
        ({"constraints": GrantConstraints(source_arn="arn:aws:s3:::b")}, ValidationError, "20"),
        ({"grantee_principal": None}, ValidationError, "either grantee principal"),
        ({"grantee_service_principal": S3}, ValidationError, "not both"),
        ({"grantee_principal": None, "grantee_service_principal": S3}, ValidationError, "needs .* SourceArn"),
        (
            {
                "grantee_principal": None,
                "grantee_service_principal": S3,
                "constraints": GrantConstraints(source_arn=SOURCE),
            },
            ValidationError,
            "and a retiring principal",
        ),
        ({"retiring_service_principal": "me"}, ValidationError, "'retiringServicePrincipal'"),
        ({"retiring_service_principal": S3, "retiring_principal": S3}, ValidationError, "not both"),
        ({"constraints": GrantConstraints(ACME, ACME)}, ValidationError, "either"),
        ({"constraints": GrantConstraints({})}, ValidationError, "'constraints'"),
        (
            {"constraints": GrantConstraints({str(i): "v" for i in range(9)})},
            ValidationError,
            "'constraints' .* 8",
        ),
        ({"constraints": GrantConstraints({"n": "v" * 385})}, ValidationError, "'constraints' .* 384"),
        ({"grantee_principal": "*"}, InvalidArnError, "`\\*`"),
        ({"grantee_principal": "arn:aws:iam::111122223333:group/staff"}, InvalidArnError, "group"),
        ({"grantee_principal": ""}, ValidationError, "'granteePrincipal'"),
        ({"retiring_principal": "me"}, InvalidArnError, "`me`"),
        ({"name": "no spaces"}, ValidationError, "'name'"),
        ({"name": "x" * 257}, ValidationError, "'name'"),
    ],
)
def test_a_grant_out_of_bounds(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    *,
    changes: dict[str, object],
    error: type[Exception],
    says: str,
) -> None:
    arguments = {"grantee_principal": people.app, "operations": ["Decrypt"], **changes}
    with pytest.raises(error, match=says):
        kms.create_grant(people.admin, key_arn, **arguments)
    assert kms.list_grants(people.admin, key_arn).grants == ()


@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_out_of_bounds(kms: Kms, people: SimpleNamespace, key_arn: str, limit: int) -> None:
    with pytest.raises(ValidationError, match="'limit'"):
        kms.list_grants(people.admin, key_arn, limit=limit)


def test_a_key_has_a_largest_number_of_grants(
    open_service: Callable[..., Kms], people: SimpleNamespace, key_arn: str
) -> None:
    kms = open_service(quotas=Quotas(grants_per_key=2))
    named = kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"], name="first")
    kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"])

    with pytest.raises(LimitExceededError, match="2 grants already"):
        kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"])
    # the same call again makes no grant, so the limit does not stand in its way
    again = kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"], name="first")
    assert again.grant_id == named.grant_id


@pytest.mark.parametrize(
    ("parent", "child", "allowed"),
    [
        ((["CreateGrant", "Decrypt"], None), (["Decrypt"], None), True),
        ((["CreateGrant", "Decrypt"], None), (["Decrypt"], SUBSET), True),
        ((["CreateGrant", "Decrypt"], None), (["Decrypt", "Encrypt"], None), False),
        ((["CreateGrant", "Decrypt"], SUBSET), (["Decrypt"], SUBSET), True),
        ((["CreateGrant", "Decrypt"], SUBSET), (["Decrypt"], EQUALS), True),
        ((["CreateGrant", "Decrypt"], SUBSET), (["Decrypt"], None), False),
        (
            (["CreateGrant", "Decrypt"], SUBSET),
            (["Decrypt"], GrantConstraints(encryption_context_subset={"tenant": "acme", "job": "7"})),
            True,
        ),
        (
            (["CreateGrant", "Decrypt"], SUBSET),
            (["Decrypt"], GrantConstraints(encryption_context_subset={"job": "7"})),
            False,
        ),
        ((["CreateGrant", "Decrypt"], EQUALS), (["Decrypt"], EQUALS), True),
        ((["CreateGrant", "Decrypt"], EQUALS), (["Decrypt"], SUBSET), False),
    ],
)
def test_a_grant_from_a_grant_is_no_wider(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    *,
    parent: tuple[list[str], GrantConstraints | None],
    child: tuple[list[str], GrantConstraints | None],
    allowed: bool,
) -> None:
    """AWS KMS Developer Guide, Creating grants: grants for CreateGrant permission."""
    kms.create_grant(people.admin, key_arn, people.app, parent[0], constraints=parent[1])

    def derive() -> object:
        return kms.create_grant(people.app, key_arn, people.stranger, child[0], constraints=child[1])

    if allowed:
        assert derive()
    else:
        with pytest.raises(AccessDeniedError):
            derive()
        # a wide enough grant beside the narrow one is enough
        kms.create_grant(people.admin, key_arn, people.app, ["CreateGrant", "Decrypt", "Encrypt"])
        assert derive()


def test_from_a_policy_one_may_grant_what_one_cannot_do(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    policy = key_policy(
        {"Principal": {"AWS": people.root}},
        {"Principal": {"AWS": people.app}, "Action": "kms:CreateGrant"},
    )
    key_arn = kms.create_key(people.admin, policy=policy).arn
    kms.create_grant(people.admin, key_arn, people.app, ["CreateGrant", "DescribeKey"])

    assert kms.create_grant(people.app, key_arn, people.stranger, ["Decrypt"])


def test_creating_a_grant_tells_the_policies_what_is_asked_for(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    """The condition keys of CreateGrant: operations, grantee, retirer, constraint, and whether for a service."""
    conditions = {
        "StringEquals": {
            "kms:GranteePrincipal": people.stranger,
            "kms:RetiringPrincipal": people.admin,
            "kms:GrantConstraintType": "EncryptionContextSubset",
            "kms:EncryptionContext:tenant": "acme",
            "kms:ViaService": "ec2.us-east-1.amazonaws.com",
        },
        "Bool": {"kms:GrantIsForAWSResource": "true"},
    }
    policy = key_policy(
        {"Principal": {"AWS": people.root}},
        {"Principal": {"AWS": people.app}, "Action": "kms:CreateGrant", "Condition": conditions},
    )
    key_arn = kms.create_key(people.admin, policy=policy).arn
    through_ec2 = Caller(people.app, via_service="ec2.us-east-1.amazonaws.com")
    wanted = {"retiring_principal": people.admin, "constraints": SUBSET}

    assert kms.create_grant(through_ec2, key_arn, people.stranger, ["Decrypt"], **wanted)
    for caller, grantee, changed in (
        (Caller(people.app), people.stranger, {}),
        (through_ec2, people.admin, {}),
        (through_ec2, people.stranger, {"retiring_principal": None}),
        (through_ec2, people.stranger, {"constraints": EQUALS}),
        (through_ec2, people.stranger, {"constraints": None}),
    ):
        with pytest.raises(AccessDeniedError):
            kms.create_grant(caller, key_arn, grantee, ["Decrypt"], **{**wanted, **changed})


def test_a_disabled_key_takes_no_new_grants(
    kms: Kms, people: SimpleNamespace, key_arn: str, set_state: Callable[[str, str], None]
) -> None:
    set_state(key_arn, "Disabled")
    with pytest.raises(Exception, match="is disabled"):
        kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"])
    assert kms.list_grants(people.admin, key_arn).grants == ()
