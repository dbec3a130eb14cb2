"""Short names of keys and principals mean one thing, or are refused with a hint."""

from __future__ import annotations

import pytest

from policy_engine import Bundle, KeyRecord, PrincipalRecord
from policy_engine.cli.failures import InputError
from policy_engine.cli.names import resolve_key, resolve_principal

HOME = "arn:aws:kms:us-east-1:111122223333:"
ORDERS = HOME + "key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = "arn:aws:kms:eu-west-1:111122223333:key/ffffabcd-12ab-34cd-56ef-1234567890ab"
IAM = "arn:aws:iam::111122223333:"
ARNS = [
    IAM + "role/app",
    IAM + "role/audit/auditor",
    IAM + "role/team/twin",
    IAM + "role/twin",
    IAM + "user/alice",
]
BUNDLE = Bundle(
    keys={
        ORDERS: KeyRecord(ORDERS, aliases=("alias/orders", "alias/both")),
        OTHER: KeyRecord(OTHER, aliases=("alias/both",)),
    },
    principals={arn: PrincipalRecord(arn) for arn in ARNS},
)


@pytest.mark.parametrize(
    "name",
    [
        ORDERS,
        "key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        "alias/orders",
        HOME + "alias/orders",
        HOME + "alias/both",
    ],
)
def test_names_of_a_key(name: str) -> None:
    assert resolve_key(name, "kms:Decrypt", BUNDLE) == ORDERS


@pytest.mark.parametrize(
    ("name", "action", "message", "remedy"),
    [
        ("alias/order", "kms:Decrypt", "there is no key `alias/order`", "did you mean `alias/orders`?"),
        ("alias/both", "kms:Decrypt", "`alias/both` names 2 keys", "give the key's ARN"),
        (ORDERS + "0", "kms:Decrypt", "there is no key", "the keys are"),
        ("1234abcd", "kms:Decrypt", "there is no key `1234abcd`", "the keys are"),
        (None, "kms:Decrypt", "kms:Decrypt is authorised on a key", "name it with -k"),
        ("\x1b[2J", "kms:Decrypt", "there is no key `\\u001b[2J`", "the keys are"),
    ],
)
def test_names_that_are_no_key(name: str | None, action: str, message: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve_key(name, action, BUNDLE)
    assert str(caught.value).startswith(message)
    assert str(caught.value.help).startswith(remedy)


def test_actions_without_a_key() -> None:
    assert resolve_key(None, "kms:ListKeys", BUNDLE) == "*"
    assert resolve_key("*", "kms:CreateKey", BUNDLE) == "*"


def test_an_action_on_aliases_takes_the_alias_itself() -> None:
    assert resolve_key(HOME + "alias/new", "kms:CreateAlias", BUNDLE) == HOME + "alias/new"


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("role/app", IAM + "role/app"),
        ("role/auditor", IAM + "role/audit/auditor"),
        ("role/audit/auditor", IAM + "role/audit/auditor"),
        ("user/alice", IAM + "user/alice"),
        ("role/team/twin", IAM + "role/team/twin"),
        ("assumed-role/auditor/s1", "arn:aws:sts::111122223333:assumed-role/auditor/s1"),
        ("root", IAM + "root"),
        ("s3.amazonaws.com", "s3.amazonaws.com"),
        ("arn:aws:iam::444455556666:role/unknown", "arn:aws:iam::444455556666:role/unknown"),
    ],
)
def test_names_of_a_principal(name: str, arn: str) -> None:
    assert resolve_principal(name, BUNDLE) == arn


@pytest.mark.parametrize(
    ("name", "message", "remedy"),
    [
        ("role/ap", "there is no principal `role/ap`", "did you mean `role/app`?"),
        ("role/twin", "`role/twin` names 2 principals", "give the ARN"),
        ("assumed-role/nobody/s", "there is no principal", "the principals are"),
        ("arn:aws:iam::1:role/app", "`arn:aws:iam::1:role/app` names no principal", "write the ARN"),
    ],
)
def test_names_that_are_no_principal(name: str, message: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve_principal(name, BUNDLE)
    assert str(caught.value).startswith(message)
    assert str(caught.value.help).startswith(remedy)


def test_where_nothing_has_a_name() -> None:
    with pytest.raises(InputError) as caught:
        resolve_principal("role/app", Bundle())
    assert caught.value.help == "no source holds principals: give the full ARN, or a --bundle"
