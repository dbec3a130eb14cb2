"""What a call tells the policies, seen through policies that ask for it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import AccessDeniedError, ValidationError
from kms_core.model.caller import Caller
from kms_core.model.last_use import USES
from kms_core.model.operations import Operation
from kms_core.service import Kms, context
from policy_engine.model.grant import Grant, GrantConstraints

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
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
        ({"Bool": {"aws:ViaAWSService": "false"}}, True),
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


APP = "arn:aws:iam::111122223333:role/app"
ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
EVERYWHERE = {
    "kms:CallerAccount": "111122223333",
    "aws:RequestedRegion": "us-east-1",
    "aws:ViaAWSService": "false",
}


def _carried(operation: Operation, parameters: context.Parameters, caller: Caller | None = None) -> object:
    return context.of_call(operation, caller or Caller(APP), "us-east-1", ARN, parameters)


def test_the_call_stands_beside_the_session() -> None:
    caller = Caller(APP, "s3.us-east-1.amazonaws.com", {"aws:SourceIp": "::1"})
    assert _carried(Operation.DESCRIBE_KEY, {}, caller) == EVERYWHERE | {
        "aws:SourceIp": "::1",
        "aws:ViaAWSService": "true",
        "kms:ViaService": "s3.us-east-1.amazonaws.com",
    }


@pytest.mark.parametrize("name", ["aws:RequestedRegion", "AWS:viaAwsService", "aws:CalledVia"])
def test_a_session_cannot_claim_what_the_call_brings(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    audit: Callable[[], list[dict[str, object]]],
    name: str,
) -> None:
    claiming = Caller(people.admin, session_context={name: "true"})
    with pytest.raises(ValidationError, match=name):
        kms.encrypt(claiming, key_arn, b"x")
    assert (audit()[-1]["kind"], audit()[-1]["error_code"]) == ("refusal", "ValidationException")


def test_a_new_key_says_what_it_is_to_be() -> None:
    assert _carried(Operation.CREATE_KEY, context.create_key(bypass=None)) == EVERYWHERE | {
        "kms:CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "kms:CustomerMasterKeyUsage": "ENCRYPT_DECRYPT",
        "kms:KeyOrigin": "AWS_KMS",
        "kms:KeySpec": "SYMMETRIC_DEFAULT",
        "kms:KeyUsage": "ENCRYPT_DECRYPT",
        "kms:MultiRegion": "false",
    }


def test_a_new_grant_says_what_it_allows() -> None:
    grant = Grant(
        grant_id="g",
        grantee_principal=APP,
        operations=("Decrypt", "Encrypt"),
        constraints=GrantConstraints(encryption_context_subset={"tenant": "acme"}),
    )
    assert _carried(Operation.CREATE_GRANT, context.create_grant(grant)) == EVERYWHERE | {
        "kms:EncryptionContext:tenant": "acme",
        "kms:EncryptionContextKeys": ("tenant",),
        "kms:GrantConstraintType": "EncryptionContextSubset",
        "kms:GrantIsForAWSResource": "false",
        "kms:GrantOperations": ("Decrypt", "Encrypt"),
        "kms:GranteePrincipal": APP,
    }


@pytest.mark.parametrize("operation", [Operation.CREATE_KEY, Operation.PUT_KEY_POLICY])
def test_a_bypass_that_was_left_out_is_absent(operation: Operation) -> None:
    key = "kms:BypassPolicyLockoutSafetyCheck"
    parameters = context.create_key if operation is Operation.CREATE_KEY else context.key_policy
    assert key not in _carried(operation, parameters(bypass=None))
    assert _carried(operation, parameters(bypass=False))[key] == "false"
    assert _carried(operation, parameters(bypass=True))[key] == "true"


@pytest.mark.parametrize("alias", [None, "arn:aws:kms:us-east-1:111122223333:alias/orders"])
@pytest.mark.parametrize(
    "caller",
    [
        Caller(APP),
        Caller(APP, "s3.us-east-1.amazonaws.com"),
        Caller("s3.amazonaws.com"),
        Caller(APP, session_context={"aws:SourceIp": "::1"}),
    ],
)
@pytest.mark.parametrize("operation", sorted(USES & {each.value for each in Operation} - {"ReEncrypt"}))
def test_a_check_that_is_put_together_from_an_earlier_one_is_what_it_would_be_anew(
    operation: str, caller: Caller, alias: str | None
) -> None:
    named = Operation(operation), caller, "us-east-1"
    algorithms = (("EncryptionAlgorithm", "SYMMETRIC_DEFAULT"), ("SigningAlgorithm", "ED25519_SHA_512"))
    for arn, pairs, (name, algorithm) in itertools.product(
        (ARN, ARN[:-1] + "c"), (None, {}, PAIRS, {"tenant": "b"}), algorithms
    ):
        given = {"EncryptionContext": pairs, name: algorithm, "KeyPairSpec": None}
        (anew,) = context.checks_of(*named, arn, given, alias=alias)
        assert context.check_on_key(*named, arn, given, alias=alias) == anew


def test_what_is_given_to_a_check_is_not_kept_for_the_next_one() -> None:
    first = context.check_on_key(
        Operation.ENCRYPT, Caller(APP), "us-east-1", ARN, {"EncryptionContext": PAIRS}
    )
    after = context.check_on_key(Operation.ENCRYPT, Caller(APP), "us-east-1", ARN, {})
    assert "kms:EncryptionContext:Tenant" in first.context
    assert after.context == EVERYWHERE | {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
