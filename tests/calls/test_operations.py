"""Which actions, on which resources, with which keys of their own: a row for each operation of the API."""

from __future__ import annotations

from dataclasses import replace
from typing import Unpack

import pytest

from policy_engine.calls.api_call import NamedGrant, Subject
from policy_engine.calls.operations import OPERATIONS, requests_for
from policy_engine.catalog.actions import ACTIONS, KEY_PROPERTIES
from policy_engine.conditions.encryption_context import INTERNAL_KEYS
from policy_engine.engine.context import canonical_context
from policy_engine.errors import RequestError
from policy_engine.model.grant import Grant, GrantConstraints
from tests.calls.world import (
    ACCOUNT,
    CALLER,
    FOREIGN,
    HOME,
    ID1,
    K1,
    K2,
    REGION,
    Arrival,
    Parameters,
    call,
    checks,
    only,
)

STORE = {"CustomKeyStoreId": "cks-1"}
PAIRS = {"Tenant": "acme", "job": "7"}
CONTEXT = {
    "kms:EncryptionContext:Tenant": "acme",
    "kms:EncryptionContext:job": "7",
    "kms:EncryptionContextKeys": ("Tenant", "job"),
}
SYMMETRIC = {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
TAGS = [{"TagKey": "Team", "TagValue": "blue"}, {"TagKey": "Cost", "TagValue": ""}]
TAGGED = {"aws:RequestTag/Team": "blue", "aws:RequestTag/Cost": "", "aws:TagKeys": ("Team", "Cost")}
GRANT = Grant("g-1", CALLER, ("Decrypt",), GrantConstraints(encryption_context_subset={"Tenant": "acme"}))
DIRECT = {"kms:GrantIsForAWSResource": "false"}

# operation, parameters, what else the call has, and what its own keys are on its one check
ON_A_KEY: list[tuple[str, Parameters, Arrival, Parameters]] = [
    ("CancelKeyDeletion", {}, {}, {}),
    ("CreateGrant", {"GranteePrincipal": CALLER, "Operations": ["Decrypt", "Encrypt"]}, {}, {"kms:GranteePrincipal": CALLER, "kms:GrantOperations": ("Decrypt", "Encrypt"), **DIRECT}),
    ("CreateGrant", {"GranteePrincipal": CALLER, "Operations": ["Decrypt"], "RetiringPrincipal": CALLER, "Constraints": {"EncryptionContextSubset": PAIRS}}, {}, {"kms:GranteePrincipal": CALLER, "kms:GrantOperations": ("Decrypt",), "kms:RetiringPrincipal": CALLER, "kms:GrantConstraintType": "EncryptionContextSubset", **CONTEXT, **DIRECT}),
    ("CreateGrant", {"GranteeServicePrincipal": "s3.amazonaws.com", "RetiringServicePrincipal": "s3.amazonaws.com", "Operations": ["Decrypt"], "Constraints": {"EncryptionContextEquals": PAIRS, "SourceArn": "arn:aws:s3:::b"}}, {}, {"kms:GranteeServicePrincipal": "s3.amazonaws.com", "kms:RetiringServicePrincipal": "s3.amazonaws.com", "kms:GrantOperations": ("Decrypt",), "kms:GrantConstraintType": "EncryptionContextEquals", "kms:GrantConstraintSourceArn": "arn:aws:s3:::b", **CONTEXT, **DIRECT}),
    ("Decapsulate", {"SharedSecretCiphertextBlob": b"x", "EncapsulationAlgorithm": "ML_KEM"}, {}, {"kms:EncapsulationAlgorithm": "ML_KEM"}),
    ("Decrypt", {"CiphertextBlob": b"x", "EncryptionContext": PAIRS}, {}, {**SYMMETRIC, **CONTEXT}),
    ("Decrypt", {"CiphertextBlob": b"x", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}, {}, {"kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}),
    ("Decrypt", {"CiphertextBlob": b"x"}, {"attestation": {"PCR0": "ab", "ImageSha384": "cd"}}, {**SYMMETRIC, "kms:RecipientAttestation:PCR0": "ab", "kms:RecipientAttestation:ImageSha384": "cd"}),
    ("DeleteImportedKeyMaterial", {}, {}, {}),
    ("DeriveSharedSecret", {"KeyAgreementAlgorithm": "ECDH", "PublicKey": b"x"}, {}, {"kms:KeyAgreementAlgorithm": "ECDH"}),
    ("DescribeKey", {}, {}, {}),
    ("DisableKey", {}, {}, {}),
    ("DisableKeyRotation", {}, {}, {}),
    ("EnableKey", {}, {}, {}),
    ("EnableKeyRotation", {}, {}, {"kms:RotationPeriodInDays": "365"}),
    ("EnableKeyRotation", {"RotationPeriodInDays": 180}, {}, {"kms:RotationPeriodInDays": "180"}),
    ("Encapsulate", {"EncapsulationAlgorithm": "ML_KEM"}, {}, {"kms:EncapsulationAlgorithm": "ML_KEM"}),
    ("Encrypt", {"Plaintext": b"x", "EncryptionContext": PAIRS}, {}, {**SYMMETRIC, **CONTEXT}),
    ("Encrypt", {"Plaintext": b"x", "EncryptionContext": {}}, {}, SYMMETRIC),
    ("GenerateDataKey", {"KeySpec": "AES_256", "EncryptionContext": PAIRS}, {}, {**SYMMETRIC, **CONTEXT}),
    ("GenerateDataKeyPair", {"KeyPairSpec": "RSA_2048"}, {}, {**SYMMETRIC, "kms:DataKeyPairSpec": "RSA_2048"}),
    ("GenerateDataKeyPairWithoutPlaintext", {"KeyPairSpec": "ML_KEM_768"}, {}, {**SYMMETRIC, "kms:DataKeyPairSpec": "ML_KEM_768"}),
    ("GenerateDataKeyWithoutPlaintext", {"NumberOfBytes": 64}, {}, SYMMETRIC),
    ("GenerateMac", {"Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}, {}, {"kms:MacAlgorithm": "HMAC_SHA_256"}),
    ("GetKeyLastUsage", {}, {}, {}),
    ("GetKeyPolicy", {}, {}, {"kms:PolicyName": "default"}),
    ("GetKeyPolicy", {"PolicyName": "AWS_RAM"}, {}, {"kms:PolicyName": "AWS_RAM"}),
    ("GetKeyRotationStatus", {}, {}, {}),
    ("GetParametersForImport", {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_4096"}, {}, {"kms:WrappingAlgorithm": "RSAES_OAEP_SHA_256", "kms:WrappingKeySpec": "RSA_4096"}),
    ("GetPublicKey", {}, {}, {}),
    ("ImportKeyMaterial", {"ImportToken": b"x", "EncryptedKeyMaterial": b"x", "ValidTo": 1546257599.0}, {}, {"kms:ValidTo": "1546257599"}),
    ("ImportKeyMaterial", {"ImportToken": b"x", "EncryptedKeyMaterial": b"x", "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}, {}, {"kms:ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}),
    ("ListGrants", {}, {}, DIRECT),
    ("ListKeyPolicies", {}, {}, {}),
    ("ListKeyRotations", {}, {}, {}),
    ("ListResourceTags", {}, {}, {}),
    ("PutKeyPolicy", {"Policy": "{}"}, {}, {"kms:PolicyName": "default"}),
    ("PutKeyPolicy", {"Policy": "{}", "BypassPolicyLockoutSafetyCheck": False}, {}, {"kms:PolicyName": "default", "kms:BypassPolicyLockoutSafetyCheck": "false"}),
    ("RetireGrant", {"GrantToken": "t"}, {"grant": NamedGrant(K1, GRANT)}, {"kms:GrantConstraintType": "EncryptionContextSubset", "kms:EncryptionContext:Tenant": "acme", "kms:EncryptionContextKeys": ("Tenant",)}),
    ("RetireGrant", {"GrantId": "g-1"}, {}, {}),
    ("RevokeGrant", {"GrantId": "g-1"}, {}, DIRECT),
    ("RotateKeyOnDemand", {}, {}, {}),
    ("ScheduleKeyDeletion", {}, {}, {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}),
    ("ScheduleKeyDeletion", {"PendingWindowInDays": 7}, {}, {"kms:ScheduleKeyDeletionPendingWindowInDays": "7"}),
    ("Sign", {"Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}, {}, {"kms:MessageType": "RAW", "kms:SigningAlgorithm": "ECDSA_SHA_256"}),
    ("Sign", {"Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256", "MessageType": "DIGEST"}, {}, {"kms:MessageType": "DIGEST", "kms:SigningAlgorithm": "ECDSA_SHA_256"}),
    ("TagResource", {"Tags": TAGS}, {}, TAGGED),
    ("UntagResource", {"TagKeys": ["Team"]}, {}, {"aws:TagKeys": ("Team",)}),
    ("UpdateKeyDescription", {"Description": "d"}, {}, {}),
    ("Verify", {"Message": b"x", "SigningAlgorithm": "SM2DSA", "Signature": b"x"}, {}, {"kms:MessageType": "RAW", "kms:SigningAlgorithm": "SM2DSA"}),
    ("VerifyMac", {"Message": b"x", "MacAlgorithm": "HMAC_SHA_512", "Mac": b"x"}, {}, {"kms:MacAlgorithm": "HMAC_SHA_512"}),
]  # fmt: skip
CREATED = {
    "kms:CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
    "kms:CustomerMasterKeyUsage": "ENCRYPT_DECRYPT",
    "kms:KeyOrigin": "AWS_KMS",
    "kms:KeySpec": "SYMMETRIC_DEFAULT",
    "kms:KeyUsage": "ENCRYPT_DECRYPT",
    "kms:MultiRegion": "false",
}
ACCOUNT_KEY = {"kms:CallerAccount": ACCOUNT}
ON_NOTHING: list[tuple[str, Parameters, Parameters]] = [
    ("ConnectCustomKeyStore", STORE, ACCOUNT_KEY),
    ("CreateCustomKeyStore", {"CustomKeyStoreName": "s"}, ACCOUNT_KEY),
    ("CreateKey", {}, {**ACCOUNT_KEY, **CREATED}),
    ("CreateKey", {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY", "Origin": "EXTERNAL"}, {**ACCOUNT_KEY, **CREATED, "kms:KeySpec": "RSA_2048", "kms:CustomerMasterKeySpec": "RSA_2048", "kms:KeyUsage": "SIGN_VERIFY", "kms:CustomerMasterKeyUsage": "SIGN_VERIFY", "kms:KeyOrigin": "EXTERNAL"}),
    ("CreateKey", {"CustomerMasterKeySpec": "RSA_3072"}, {**ACCOUNT_KEY, **CREATED, "kms:KeySpec": "RSA_3072", "kms:CustomerMasterKeySpec": "RSA_3072"}),
    ("CreateKey", {"MultiRegion": True}, {**ACCOUNT_KEY, **CREATED, "kms:MultiRegion": "true", "kms:MultiRegionKeyType": "PRIMARY"}),
    ("CreateKey", {"MultiRegion": False}, {**ACCOUNT_KEY, **CREATED}),
    ("CreateKey", {"BypassPolicyLockoutSafetyCheck": True}, {**ACCOUNT_KEY, **CREATED, "kms:BypassPolicyLockoutSafetyCheck": "true"}),
    ("DeleteCustomKeyStore", STORE, ACCOUNT_KEY),
    ("DescribeCustomKeyStores", {}, ACCOUNT_KEY),
    ("DisconnectCustomKeyStore", STORE, ACCOUNT_KEY),
    ("GenerateRandom", {"NumberOfBytes": 32}, ACCOUNT_KEY),
    ("ListAliases", {"KeyId": ID1}, ACCOUNT_KEY),
    ("ListKeys", {}, ACCOUNT_KEY),
    ("ListRetirableGrants", {"RetiringPrincipal": CALLER}, {}),
    ("UpdateCustomKeyStore", STORE, ACCOUNT_KEY),
]  # fmt: skip
SEVERAL = {"CreateAlias", "DeleteAlias", "ReEncrypt", "ReplicateKey", "UpdateAlias", "UpdatePrimaryRegion"}
EVERYWHERE = {"aws:RequestedRegion": REGION, "aws:ViaAWSService": "false"}
# Every call of the tables above and a call of each operation with several checks.
ALL: list[tuple[str, Parameters, Arrival]] = [
    *((name, {"KeyId": K1, **parameters}, more) for name, parameters, more, _ in ON_A_KEY),
    *((name, parameters, Arrival()) for name, parameters, _ in ON_NOTHING),
    ("CreateAlias", {"AliasName": "alias/new", "TargetKeyId": K1}, {}),
    ("CreateKey", {"Tags": TAGS}, {}),
    ("DeleteAlias", {"AliasName": "alias/orders"}, {}),
    ("ReEncrypt", {"DestinationKeyId": K2, "SourceEncryptionContext": PAIRS}, {"ciphertext_key": K1}),
    ("ReplicateKey", {"KeyId": K1, "ReplicaRegion": "eu-west-1", "Tags": TAGS}, {}),
    ("UpdateAlias", {"AliasName": "alias/orders", "TargetKeyId": K2}, {}),
    ("UpdatePrimaryRegion", {"KeyId": K1, "PrimaryRegion": "eu-west-1"}, {}),
]


def test_each_operation_has_a_row() -> None:
    assert {name for name, *_ in ALL} == set(OPERATIONS)


@pytest.mark.parametrize(("operation", "parameters", "more", "expected"), ON_A_KEY)
def test_an_operation_on_a_key(
    operation: str, parameters: Parameters, more: Arrival, expected: Parameters
) -> None:
    check = only(operation, {"KeyId": ID1, **parameters}, **more)
    assert (check.action, check.resource, check.subject) == (f"kms:{operation}", K1, Subject.KEY)
    own = {key: value for key, value in check.context.items() if key not in KEY_PROPERTIES}
    assert own == {**EVERYWHERE, "kms:CallerAccount": ACCOUNT, **expected}


@pytest.mark.parametrize(("operation", "parameters", "expected"), ON_NOTHING)
def test_an_operation_without_a_resource(
    operation: str, parameters: Parameters, expected: Parameters
) -> None:
    check = only(operation, parameters)
    assert (check.action, check.resource, check.subject) == (f"kms:{operation}", "*", Subject.NONE)
    assert check.context == {**EVERYWHERE, **expected}


@pytest.mark.parametrize(("operation", "parameters", "more"), ALL)
def test_a_check_has_no_key_that_its_action_does_not_carry(
    operation: str, parameters: Parameters, more: Arrival
) -> None:
    forwarded = replace(
        call(operation, parameters, **more),
        via_service="s3.us-east-1.amazonaws.com",
        called_via=("s3.amazonaws.com",),
    )
    for check in requests_for(forwarded):
        action = ACTIONS[check.action.lower()]
        assert [key for key in check.context if not action.carries(key)] == []


@pytest.mark.parametrize(("operation", "parameters", "more"), ALL)
def test_a_context_is_one_that_the_engine_reads(
    operation: str, parameters: Parameters, more: Arrival
) -> None:
    for check in checks(operation, parameters, **more):
        canonical = canonical_context(check.context)
        names = {key.lower() for key in canonical if key not in INTERNAL_KEYS}
        assert {key.lower() for key in check.context} == names


# -- several checks -------------------------------------------------------------------------------------------


def asked(operation: str, parameters: Parameters, **more: Unpack[Arrival]) -> list[tuple[str, str, Subject]]:
    return [(check.action, check.resource, check.subject) for check in checks(operation, parameters, **more)]


def test_create_alias_is_checked_on_the_alias_and_on_the_key() -> None:
    assert asked("CreateAlias", {"AliasName": "alias/new", "TargetKeyId": ID1}) == [
        ("kms:CreateAlias", f"{HOME}alias/new", Subject.ALIAS),
        ("kms:CreateAlias", K1, Subject.KEY),
    ]


def test_delete_alias_is_checked_on_the_alias_and_on_its_key() -> None:
    assert asked("DeleteAlias", {"AliasName": "alias/orders"}) == [
        ("kms:DeleteAlias", f"{HOME}alias/orders", Subject.ALIAS),
        ("kms:DeleteAlias", K1, Subject.KEY),
    ]


def test_update_alias_is_checked_on_the_alias_the_old_key_and_the_new_key() -> None:
    assert asked("UpdateAlias", {"AliasName": "alias/orders", "TargetKeyId": K2}) == [
        ("kms:UpdateAlias", f"{HOME}alias/orders", Subject.ALIAS),
        ("kms:UpdateAlias", K1, Subject.KEY),
        ("kms:UpdateAlias", K2, Subject.KEY),
    ]


def test_an_alias_has_no_keys_of_kms() -> None:
    on_alias, on_key = checks("CreateAlias", {"AliasName": "alias/new", "TargetKeyId": ID1})
    assert on_alias.context == EVERYWHERE
    assert on_key.context["kms:CallerAccount"] == ACCOUNT


def test_re_encrypt_reads_one_key_and_writes_the_other() -> None:
    source, destination = checks(
        "ReEncrypt",
        {
            "DestinationKeyId": "alias/orders",
            "SourceEncryptionContext": {"a": "1"},
            "DestinationEncryptionContext": {"b": "2"},
            "DestinationEncryptionAlgorithm": "RSAES_OAEP_SHA_1",
            "GrantTokens": ["t-1"],
        },
        ciphertext_key=K2,
    )
    assert (source.action, source.resource) == ("kms:ReEncryptFrom", K2)
    assert (destination.action, destination.resource) == ("kms:ReEncryptTo", K1)
    assert source.context["kms:EncryptionContextKeys"] == ("a",)
    assert destination.context["kms:EncryptionContextKeys"] == ("b",)
    assert source.context["kms:EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert destination.context["kms:EncryptionAlgorithm"] == "RSAES_OAEP_SHA_1"
    assert "kms:RequestAlias" not in source.context
    assert destination.context["kms:RequestAlias"] == "alias/orders"
    assert source.grant_tokens == destination.grant_tokens == ("t-1",)


@pytest.mark.parametrize(
    ("parameters", "same"),
    [
        ({"DestinationKeyId": K1}, "true"),
        ({"DestinationKeyId": "alias/orders"}, "true"),
        ({"DestinationKeyId": K2}, "false"),
        ({"SourceKeyId": K2, "DestinationKeyId": K2}, "true"),
    ],
)
def test_re_encrypt_says_on_both_sides_whether_the_keys_are_one(parameters: Parameters, same: str) -> None:
    found = {
        check.context["kms:ReEncryptOnSameKey"]
        for check in checks("ReEncrypt", parameters, ciphertext_key=K1)
    }
    assert found == {same}


def test_create_key_with_tags_needs_permission_to_tag_all_keys() -> None:
    create, tag = checks("CreateKey", {"Tags": TAGS, "Origin": "EXTERNAL"})
    assert (create.resource, create.subject) == ("*", Subject.NONE)
    assert (tag.action, tag.resource, tag.subject) == ("kms:TagResource", f"{HOME}key/*", Subject.NEW_KEY)
    for check in (create, tag):
        assert TAGGED.items() <= check.context.items()
        assert check.context["kms:KeyOrigin"] == "EXTERNAL"


def test_no_tags_no_check() -> None:
    assert len(checks("CreateKey", {"Tags": []})) == 1


def test_replicate_key_is_checked_on_the_primary_and_in_the_replica_region() -> None:
    parameters = {
        "KeyId": ID1,
        "ReplicaRegion": "eu-west-1",
        "Tags": TAGS,
        "BypassPolicyLockoutSafetyCheck": True,
    }
    replicate, create, tag = checks("ReplicateKey", parameters)
    assert (replicate.action, replicate.resource) == ("kms:ReplicateKey", K1)
    assert replicate.context["kms:ReplicaRegion"] == "eu-west-1"
    assert replicate.context["aws:RequestedRegion"] == REGION
    assert (create.action, create.resource) == ("kms:CreateKey", "*")
    assert (tag.action, tag.resource) == (
        "kms:TagResource",
        f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/*",
    )
    assert create.context["aws:RequestedRegion"] == tag.context["aws:RequestedRegion"] == "eu-west-1"
    assert create.context["kms:BypassPolicyLockoutSafetyCheck"] == "true"


def test_a_replica_has_the_properties_of_its_primary() -> None:
    _, create = checks("ReplicateKey", {"KeyId": K1, "ReplicaRegion": "eu-west-1"})
    expected = {
        "kms:KeySpec": "SYMMETRIC_DEFAULT",
        "kms:KeyUsage": "ENCRYPT_DECRYPT",
        "kms:KeyOrigin": "EXTERNAL",
        "kms:MultiRegion": "true",
        "kms:MultiRegionKeyType": "REPLICA",
    }
    assert expected.items() <= create.context.items()


def test_what_is_not_known_of_a_primary_has_no_default() -> None:
    _, create = checks("ReplicateKey", {"KeyId": "mrk-unknown", "ReplicaRegion": "eu-west-1"})
    assert "kms:KeySpec" not in create.context
    assert create.context["kms:MultiRegionKeyType"] == "REPLICA"


def test_update_primary_region_is_checked_on_both_keys() -> None:
    old, new = checks("UpdatePrimaryRegion", {"KeyId": K1, "PrimaryRegion": "eu-west-1"})
    assert (old.resource, old.context["aws:RequestedRegion"]) == (K1, REGION)
    assert new.resource == K1.replace(REGION, "eu-west-1")
    assert new.context["aws:RequestedRegion"] == "eu-west-1"
    assert old.context["kms:PrimaryRegion"] == new.context["kms:PrimaryRegion"] == "eu-west-1"


# -- the key that a ciphertext or a grant names ---------------------------------------------------------------


def test_decrypt_without_key_id_is_checked_on_the_key_of_the_ciphertext() -> None:
    check = only("Decrypt", {"CiphertextBlob": b"x"}, ciphertext_key=FOREIGN)
    assert (check.resource, "kms:RequestAlias" in check.context) == (FOREIGN, False)


def test_decrypt_with_a_key_id_is_checked_on_that_key() -> None:
    check = only("Decrypt", {"CiphertextBlob": b"x", "KeyId": "alias/orders"}, ciphertext_key=K2)
    assert (check.resource, check.context["kms:RequestAlias"]) == (K1, "alias/orders")


def test_decrypt_needs_one_of_them() -> None:
    with pytest.raises(RequestError, match="Decrypt needs KeyId"):
        checks("Decrypt", {"CiphertextBlob": b"x"})


def test_retire_grant_without_anything_is_refused() -> None:
    with pytest.raises(RequestError, match="RetireGrant needs KeyId"):
        checks("RetireGrant", {"GrantToken": "t"})


def test_a_grant_without_constraint_brings_no_encryption_context() -> None:
    grant = NamedGrant(K2, Grant("g-2", CALLER, ("Decrypt",)))
    check = only("RetireGrant", {"GrantToken": "t"}, grant=grant)
    assert check.resource == K2
    assert not [key for key in check.context if "EncryptionContext" in key or "Constraint" in key]


# -- refusals -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "parameters", "message"),
    [
        ("Explode", {}, "no operation `Explode`"),
        ("ReEncryptFrom", {"KeyId": K1}, "no operation `ReEncryptFrom`"),
        ("SynchronizeMultiRegionKey", {"KeyId": K1}, "no operation"),
        ("EnableKey", {}, "EnableKey needs KeyId"),
        ("EnableKey", {"KeyId": ""}, "EnableKey needs KeyId"),
        ("EnableKey", {"KeyId": 7}, "EnableKey needs KeyId"),
        ("CreateAlias", {"TargetKeyId": K1}, "CreateAlias needs AliasName"),
        ("ReplicateKey", {"KeyId": K1}, "ReplicateKey needs ReplicaRegion"),
        ("UpdatePrimaryRegion", {"KeyId": K1, "PrimaryRegion": 1}, "UpdatePrimaryRegion needs PrimaryRegion"),
        ("Encrypt", {"KeyId": K1, "GrantTokens": "t"}, "GrantTokens is no list"),
        ("Encrypt", {"KeyId": K1, "GrantTokens": [1]}, "GrantTokens is no list"),
        ("Encrypt", {"KeyId": K1, "EncryptionContext": "x"}, "EncryptionContext is no mapping"),
        ("Encrypt", {"KeyId": K1, "EncryptionContext": []}, "EncryptionContext is no mapping"),
        ("Encrypt", {"KeyId": K1, "EncryptionContext": ""}, "EncryptionContext is no mapping"),
        ("Encrypt", {"KeyId": K1, "EncryptionContext": {"a": 1}}, "EncryptionContext is no mapping"),
        ("CreateGrant", {"KeyId": K1, "Constraints": "x"}, "Constraints is no mapping"),
        ("CreateKey", {"Tags": ["x"]}, "Tags is no list"),
        ("CreateKey", {"Tags": 3}, "Tags is no list"),
        ("CreateKey", {"Tags": [{"TagKey": "a"}]}, "Tags is no list"),
        ("Sign", {"KeyId": K1, "SigningAlgorithm": b"x"}, "SigningAlgorithm is of type bytes"),
    ],
)
def test_a_call_that_says_too_little_or_nonsense(
    operation: str, parameters: Parameters, message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        requests_for(call(operation, parameters))


def test_a_parameter_that_is_none_is_left_out() -> None:
    parameters: Parameters = {"KeyId": K1, "MessageType": None, "SigningAlgorithm": "ECDSA_SHA_256"}
    assert only("Sign", parameters).context["kms:MessageType"] == "RAW"


def test_a_check_becomes_a_request_of_the_engine() -> None:
    made = call("Encrypt", {"KeyId": K1, "Plaintext": b"x", "GrantTokens": ["t"]})
    (check,) = requests_for(made)
    request = check.request(made.principal)
    assert (request.principal, request.action, request.resource) == (made.principal, "kms:Encrypt", K1)
    assert (request.context, request.grant_tokens) == (check.context, ("t",))
