from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kms_core.errors import (
    AccessDeniedError,
    InvalidMarkerError,
    LimitExceededError,
    MalformedPolicyDocumentError,
    TagError,
    ValidationError,
)
from tests.kms_core.service.holders import OTHER, beside_the_admin

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from kms_core.service import Kms

Audit = "Callable[[], list[dict[str, object]]]"


def test_tags_are_put_replaced_taken_away_and_listed(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    assert kms.list_resource_tags(people.admin, key_arn).tags == {}
    kms.tag_resource(people.admin, key_arn, {"b": "1", "a": "2", "C": ""})
    kms.tag_resource(people.admin, key_arn, {"b": "3"})
    assert list(kms.list_resource_tags(people.admin, key_arn).tags.items()) == [
        ("C", ""),
        ("a", "2"),
        ("b", "3"),
    ]
    kms.untag_resource(people.admin, key_arn, ["a", "never there"])
    kms.tag_resource(people.admin, key_arn, {})
    kms.untag_resource(people.admin, key_arn, [])
    assert kms.list_resource_tags(people.admin, key_arn).tags == {"C": "", "b": "3"}


def test_a_key_is_made_with_tags(kms: Kms, people: SimpleNamespace) -> None:
    made = kms.create_key(people.admin, tags={"tenant": "acme"})
    assert kms.list_resource_tags(people.admin, made.arn).tags == {"tenant": "acme"}


def test_a_key_with_tags_takes_permission_to_tag_all_keys(
    open_service: Callable[..., Kms], audit: Audit
) -> None:
    create = '{"Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*"}'
    put = '{"Effect": "Allow", "Action": "kms:PutKeyPolicy", "Resource": "*"}'
    tag = (
        '{"Effect": "Allow", "Action": "kms:TagResource", '
        '"Resource": "arn:aws:kms:us-east-1:111122223333:key/*", '
        '"Condition": {"StringEquals": {"aws:RequestTag/tenant": "acme"}}}'
    )
    without = open_service(bundle=beside_the_admin(create, put))
    assert without.create_key(OTHER)
    with pytest.raises(AccessDeniedError, match="kms:TagResource"):
        without.create_key(OTHER, tags={"tenant": "acme"})
    assert [each["action"] for each in audit()[-1]["decisions"]] == ["kms:CreateKey", "kms:TagResource"]

    having = open_service(bundle=beside_the_admin(create, put, tag))
    assert having.create_key(OTHER, tags={"tenant": "acme"})
    with pytest.raises(AccessDeniedError):
        having.create_key(OTHER, tags={"tenant": "other"})


def test_the_lockout_check_knows_the_tags(open_service: Callable[..., Kms], people: SimpleNamespace) -> None:
    """Who may put the policy of keys with a tag only is locked out of a key that has none."""
    rights = (
        '{"Effect": "Allow", "Action": ["kms:CreateKey", "kms:TagResource"], "Resource": "*"}, '
        '{"Effect": "Allow", "Action": "kms:PutKeyPolicy", "Resource": "*", '
        '"Condition": {"StringEquals": {"aws:ResourceTag/tenant": "acme"}}}'
    )
    kms = open_service(bundle=beside_the_admin(rights))
    with pytest.raises(MalformedPolicyDocumentError):
        kms.create_key(OTHER)
    made = kms.create_key(OTHER, tags={"tenant": "acme"})
    policy = kms.get_key_policy(people.admin, made.arn).policy
    kms.put_key_policy(OTHER, made.arn, policy)


def test_an_identity_policy_can_ask_for_a_keys_tags_and_follows_each_change(
    open_service: Callable[..., Kms], people: SimpleNamespace, key_arn: str
) -> None:
    statement = (
        '{"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*", '
        '"Condition": {"StringEquals": {"aws:ResourceTag/Tenant": "acme"}}}'
    )
    kms, second = (open_service(bundle=beside_the_admin(statement)) for _ in range(2))

    def denied() -> None:
        for service in (kms, second):
            with pytest.raises(AccessDeniedError):
                service.encrypt(OTHER, key_arn, b"x")

    denied()
    kms.tag_resource(people.admin, key_arn, {"tenant": "acme"})
    assert kms.encrypt(OTHER, key_arn, b"x")
    assert second.encrypt(OTHER, key_arn, b"x")
    kms.tag_resource(people.admin, key_arn, {"tenant": "Acme"})
    denied()
    second.tag_resource(people.admin, key_arn, {"tenant": "acme"})
    assert kms.encrypt(OTHER, key_arn, b"x")
    kms.untag_resource(people.admin, key_arn, ["tenant"])
    denied()


def test_a_policy_can_ask_which_tags_are_put_and_taken_away(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    condition = {"ForAllValues:StringEquals": {"aws:TagKeys": ["cost"]}, "Null": {"aws:TagKeys": "false"}}
    policy = key_policy(
        {"Principal": {"AWS": people.root}},
        {"Principal": {"AWS": people.app}, "Action": "kms:*Resource", "Condition": condition},
    )
    arn = kms.create_key(people.admin, policy=policy, tags={"tenant": "acme"}).arn
    kms.tag_resource(people.app, arn, {"cost": "7"})
    kms.untag_resource(people.app, arn, ["cost"])
    for call in (
        lambda: kms.tag_resource(people.app, arn, {"cost": "7", "tenant": "other"}),
        lambda: kms.untag_resource(people.app, arn, ["tenant"]),
    ):
        with pytest.raises(AccessDeniedError):
            call()
    assert kms.list_resource_tags(people.admin, arn).tags == {"tenant": "acme"}


@pytest.mark.parametrize(
    ("tags", "error", "says"),
    [
        ({"aws:x": "1"}, TagError, "Tags beginning with aws: are reserved"),
        ({"AWS:x": "1"}, TagError, "Tags beginning with aws: are reserved"),
        ({"": "1"}, ValidationError, "'tags.1.member.tagKey' .*greater than or equal to 1"),
        ({"a": "1", "x" * 129: "1"}, ValidationError, "'tags.2.member.tagKey' .*less than or equal to 128"),
        ({"x": "1" * 257}, ValidationError, "'tags.1.member.tagValue' .*less than or equal to 256"),
        ({"\ud800": "1"}, ValidationError, "Unicode"),
        ({"x": None}, ValidationError, "string"),
        ({str(number): "" for number in range(51)}, TagError, "Too many tags"),
    ],
)
def test_tags_that_no_key_can_have(
    kms: Kms, people: SimpleNamespace, key_arn: str, tags: dict[str, str], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        kms.tag_resource(people.admin, key_arn, tags)
    with pytest.raises(error, match=says):
        kms.create_key(people.admin, tags=tags)


@pytest.mark.parametrize(
    ("names", "error"),
    [
        (["aws:x"], TagError),
        ([""], ValidationError),
        (["x" * 129], ValidationError),
        ("cost", ValidationError),
        ([None], ValidationError),
    ],
)
def test_names_that_no_tag_has(
    kms: Kms, people: SimpleNamespace, key_arn: str, names: list[str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        kms.untag_resource(people.admin, key_arn, names)


def test_a_key_has_fifty_tags_and_no_more(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    fifty = {f"{number:02}": str(number) for number in range(50)}
    kms.tag_resource(people.admin, key_arn, fifty)
    kms.tag_resource(people.admin, key_arn, {"00": "again"})
    with pytest.raises(LimitExceededError):
        kms.tag_resource(people.admin, key_arn, {"00": "lost", "one more": ""})
    assert kms.list_resource_tags(people.admin, key_arn).tags == fifty | {"00": "again"}


def test_the_longest_tags_are_listed_in_pages(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    """A name of 128 characters of four bytes each still fits a marker."""
    tags = {"\U0001f511" * 127 + str(number): "v" * 256 for number in range(5)}
    kms.tag_resource(people.admin, key_arn, tags)
    seen: dict[str, str] = {}
    page = kms.list_resource_tags(people.admin, key_arn, limit=2)
    while True:
        seen |= page.tags
        if not page.truncated:
            break
        assert len(page.next_marker) <= 1024
        kms.untag_resource(
            people.admin, key_arn, list(seen)
        )  # what was shown goes, and nothing is passed over
        page = kms.list_resource_tags(people.admin, key_arn, limit=2, marker=page.next_marker)
    assert seen == tags
    other = kms.create_key(people.admin, tags={"a": "", "b": ""}).arn
    marker = kms.list_resource_tags(people.admin, other, limit=1).next_marker
    with pytest.raises(InvalidMarkerError):
        kms.list_resource_tags(people.admin, key_arn, marker=marker)
    with pytest.raises(ValidationError, match="'limit'"):
        kms.list_resource_tags(people.admin, key_arn, limit=51)
