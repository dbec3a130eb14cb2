"""What a key's name in a call means."""

from __future__ import annotations

import pytest

from policy_engine.calls.key_names import UnknownAliasError, partition_of
from policy_engine.errors import RequestError
from tests.calls.world import FOREIGN, FOREIGN_ALIAS, HOME, ID1, K1, checks, only


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        (ID1, K1),
        (K1, K1),
        ("alias/orders", K1),
        (f"{HOME}alias/orders", K1),
        ("alias/Orders", K1),
        ("mrk-1234", f"{HOME}key/mrk-1234"),
        (FOREIGN, FOREIGN),
        (FOREIGN_ALIAS, FOREIGN),
    ],
)
def test_the_forms_of_a_name(name: str, arn: str) -> None:
    assert only("DescribeKey", {"KeyId": name}).resource == arn


def test_a_bare_name_means_the_callers_own_account_and_region() -> None:
    elsewhere = only(
        "DescribeKey", {"KeyId": ID1}, caller="arn:aws:iam::444455556666:user/u", region="eu-west-1"
    )
    assert elsewhere.resource == f"arn:aws:kms:eu-west-1:444455556666:key/{ID1}"


@pytest.mark.parametrize(
    ("caller", "name"),
    [
        ("arn:aws:iam::444455556666:user/u", "alias/orders"),
        ("arn:aws:iam::111122223333:user/u", "alias/theirs"),
    ],
)
def test_an_alias_name_reaches_no_other_account(caller: str, name: str) -> None:
    with pytest.raises(UnknownAliasError, match="stands for no key"):
        checks("DescribeKey", {"KeyId": name}, caller=caller)


@pytest.mark.parametrize("operation", ["CreateGrant", "ListGrants", "RevokeGrant", "GetKeyRotationStatus"])
def test_across_accounts_by_key_arn(operation: str) -> None:
    assert only(operation, {"KeyId": FOREIGN}).resource == FOREIGN
    with pytest.raises(RequestError, match=f"{operation} does not take the alias"):
        checks(operation, {"KeyId": FOREIGN_ALIAS})


@pytest.mark.parametrize("operation", ["EnableKey", "PutKeyPolicy", "GetKeyLastUsage", "ReplicateKey"])
def test_most_operations_take_no_alias(operation: str) -> None:
    with pytest.raises(RequestError, match=f"{operation} does not take the alias `alias/orders`"):
        checks(operation, {"KeyId": "alias/orders", "ReplicaRegion": "eu-west-1"})


def test_names_of_aliases_are_case_sensitive() -> None:
    with pytest.raises(UnknownAliasError):
        checks("DescribeKey", {"KeyId": "alias/ORDERS"})


@pytest.mark.parametrize(
    "name",
    [
        "arn:aws:s3:::bucket",
        "arn:aws:kms:us-east-1:111122223333:store/1",
        "arn:aws:kms",
        "arn:aws:kms:us-east-1:111122223333:*",
    ],
)
def test_what_names_no_key(name: str) -> None:
    with pytest.raises(RequestError, match="names no key"):
        checks("DescribeKey", {"KeyId": name})


@pytest.mark.parametrize("name", ["orders", f"{HOME}alias/orders", "ALIAS/orders"])
def test_what_is_no_alias_name(name: str) -> None:
    with pytest.raises(RequestError, match="is no alias name"):
        checks("DeleteAlias", {"AliasName": name})


@pytest.mark.parametrize("operation", ["DeleteAlias", "UpdateAlias"])
def test_an_alias_that_stands_for_no_key(operation: str) -> None:
    with pytest.raises(UnknownAliasError, match="alias/none` stands for no key"):
        checks(operation, {"AliasName": "alias/none", "TargetKeyId": K1})


def test_a_service_names_keys_by_arn() -> None:
    assert only("Encrypt", {"KeyId": K1}, caller="s3.amazonaws.com").resource == K1
    with pytest.raises(RequestError, match="is in no account"):
        checks("Encrypt", {"KeyId": ID1}, caller="s3.amazonaws.com")


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-1", "aws"),
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_the_partition_of_a_region(region: str, partition: str) -> None:
    assert partition_of(region) == partition


def test_a_bare_name_in_another_partition() -> None:
    check = only(
        "DescribeKey", {"KeyId": "k"}, caller="arn:aws-cn:iam::111122223333:user/u", region="cn-north-1"
    )
    assert check.resource == "arn:aws-cn:kms:cn-north-1:111122223333:key/k"
