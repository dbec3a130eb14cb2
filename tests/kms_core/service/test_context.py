"""What a call tells the policies, seen through policies that ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kms_core.errors import AccessDeniedError
from kms_core.model.caller import Caller
from kms_core.service import Kms, context

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

PAIRS = {"Tenant": "acme", "job": "7"}


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"kms:EncryptionContext:tenant": "acme"}}, True),
        ({"StringEquals": {"kms:EncryptionContext:tenant": "Acme"}}, False),
        ({"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}, True),
        ({"StringEquals": {"kms:CallerAccount": "111122223333"}}, True),
        ({"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}, False),
        ({"Null": {"kms:ViaService": "true"}}, True),
        ({"StringEquals": {"aws:SourceAccount": "111122223333"}}, True),
    ],
)
def test_a_key_policy_can_ask_for_what_a_call_carries(
    kms: Kms,
    people: SimpleNamespace,
    key_policy: Callable[..., str],
    condition: dict[str, object],
    allowed: bool,
) -> None:
    policy = key_policy(
        {"Principal": {"AWS": people.root}},
        {"Principal": {"AWS": people.app}, "Condition": condition},
    )
    key_arn = kms.create_key(people.admin, policy=policy).arn
    caller = Caller(people.app, session_context={"aws:SourceAccount": "111122223333"})

    if allowed:
        blob = kms.encrypt(caller, key_arn, b"x", PAIRS).ciphertext_blob
        assert kms.decrypt(caller, blob, PAIRS).plaintext == b"x"
        assert kms.generate_data_key(caller, key_arn, key_spec="AES_128", encryption_context=PAIRS)
    else:
        with pytest.raises(AccessDeniedError):
            kms.encrypt(caller, key_arn, b"x", PAIRS)


def test_a_forwarded_call_carries_its_service(
    kms: Kms,
    people: SimpleNamespace,
    key_policy: Callable[..., str],
    audit: Callable[[], list[dict[str, object]]],
) -> None:
    via = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    policy = key_policy(
        {"Principal": {"AWS": people.root}}, {"Principal": {"AWS": people.app}, "Condition": via}
    )
    key_arn = kms.create_key(people.admin, policy=policy).arn

    assert kms.encrypt(Caller(people.app, "s3.us-east-1.amazonaws.com"), key_arn, b"x")
    assert audit()[-1]["via_service"] == "s3.us-east-1.amazonaws.com"
    with pytest.raises(AccessDeniedError):
        kms.encrypt(Caller(people.app, "ebs.us-east-1.amazonaws.com"), key_arn, b"x")


def test_the_call_wins_over_the_session() -> None:
    caller = Caller(
        "arn:aws:iam::111122223333:role/app", "s3.us-east-1.amazonaws.com", {"aws:SourceIp": "::1"}
    )
    assert context.every_call(caller) == {
        "aws:SourceIp": "::1",
        "kms:CallerAccount": "111122223333",
        "kms:ViaService": "s3.us-east-1.amazonaws.com",
    }


def test_a_bypass_that_was_left_out_is_absent() -> None:
    key = "kms:BypassPolicyLockoutSafetyCheck"
    assert key not in context.key_policy()
    assert context.key_policy(bypass=False)[key] is False
    assert context.key_policy(bypass=True)[key] is True
