from __future__ import annotations

import pytest

from kms_core.errors import ValidationError
from kms_core.model.caller import Caller
from kms_core.model.key_reference import KeyReference, read_key_id


@pytest.mark.parametrize(
    ("arn", "account", "partition", "service"),
    [
        ("arn:aws:iam::111122223333:user/a/b", "111122223333", "aws", False),
        ("arn:aws-cn:sts::111122223333:assumed-role/r/s", "111122223333", "aws-cn", False),
        ("arn:aws:iam::111122223333:root", "111122223333", "aws", False),
        ("s3.amazonaws.com", None, "aws", True),
        ("s3.amazonaws.com.cn", None, "aws-cn", True),
    ],
)
def test_what_follows_from_a_callers_name(
    arn: str, account: str | None, partition: str, *, service: bool
) -> None:
    caller = Caller.of(arn)
    assert (caller.account, caller.partition, caller.is_service) == (account, partition, service)
    assert Caller.of(caller) is caller


@pytest.mark.parametrize("text", ["", "root", "arn:aws:iam::1:root", "arn:aws:s3:::bucket", "111122223333"])
def test_what_is_no_principal_is_no_caller(text: str) -> None:
    with pytest.raises(ValidationError):
        Caller.of(text)


def test_a_key_id_takes_the_partition_of_its_caller() -> None:
    key_id = "1234abcd-12ab-34cd-56ef-1234567890ab"
    caller = Caller("arn:aws-us-gov:iam::111122223333:root")
    assert read_key_id(key_id, caller, "us-gov-west-1") == KeyReference(
        f"arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/{key_id}", key_id, "111122223333"
    )
