from __future__ import annotations

import pytest

from policy_engine.case import ascii_lower
from policy_engine.catalog.actions import ACTIONS, find_action
from policy_engine.catalog.condition_keys import (
    CONDITION_KEYS,
    canonical_key,
    find_key,
    is_global,
    is_multivalued,
)


@pytest.mark.parametrize(
    ("spelling", "canonical"),
    [
        ("KMS:VIASERVICE", "kms:ViaService"),
        ("kms:encryptioncontext:App Name", "kms:EncryptionContext:app name"),
        ("aws:principaltag/Team", "aws:PrincipalTag/team"),
        ("Custom:Key", "custom:key"),
        ("kms:EncryptionContext:", "kms:encryptioncontext:"),
        ("\u212aMS:ViaService", "\u212ams:viaservice"),
    ],
)
def test_canonical_spelling(spelling: str, canonical: str) -> None:
    assert canonical_key(spelling) == canonical
    assert canonical_key(canonical) == canonical


def test_prefixes_are_no_keys() -> None:
    assert find_key("aws:PrincipalTag/") is None
    assert find_key("kms:EncryptionContext:x") is CONDITION_KEYS["kms:encryptioncontext:"]


@pytest.mark.parametrize(
    ("key", "many"),
    [("kms:GrantOperations", True), ("aws:TagKeys", True), ("kms:ViaService", False), ("x:y", False)],
)
def test_multivalued(key: str, many: bool) -> None:
    assert is_multivalued(key) is many


@pytest.mark.parametrize(
    "name",
    ["kms:CreateKey", "kms:ListKeys", "kms:ListAliases", "kms:GenerateRandom", "kms:ListRetirableGrants"],
)
def test_actions_that_have_no_key(name: str) -> None:
    action = find_action(name.upper())
    assert action is not None
    assert not action.has_key


def test_actions_know_where_they_work() -> None:
    decrypt, tag = find_action("kms:decrypt"), find_action("kms:TagResource")
    assert decrypt is not None
    assert tag is not None
    assert (decrypt.cross_account, decrypt.grant_operation) == (True, True)
    assert (tag.cross_account, tag.grant_operation) == (False, False)
    assert find_action("kms:ReEncrypt") is None


def test_every_condition_key_of_an_action_is_in_the_catalogue() -> None:
    for action in ACTIONS.values():
        for key in action.condition_keys:
            assert ascii_lower(key).removesuffix("${TagKey}") in CONDITION_KEYS, (action.name, key)


def test_case_is_ascii_case() -> None:
    assert ascii_lower("ÄB\u212a") == "Äb\u212a"


@pytest.mark.parametrize(
    ("action", "key", "carried"),
    [
        ("kms:Decrypt", "KMS:encryptioncontext:Tenant", True),
        ("kms:Decrypt", "kms:RecipientAttestation:PCR3", True),
        ("kms:Decrypt", "kms:RotationPeriodInDays", False),
        ("kms:Decrypt", "kms:KeySpec", True),
        ("kms:Decrypt", "aws:ResourceTag/Team", True),
        ("kms:Decrypt", "aws:RequestTag/Team", False),
        ("kms:Decrypt", "aws:SourceIp", True),
        ("kms:Decrypt", "kms:NoSuchKey", False),
        ("kms:Encapsulate", "kms:EncapsulationAlgorithm", True),
        ("kms:CreateKey", "kms:KeySpec", True),
        ("kms:ListKeys", "kms:KeySpec", False),
        ("kms:ListKeys", "kms:ViaService", True),
        ("kms:TagResource", "aws:TagKeys", True),
    ],
)
def test_what_an_action_carries(action: str, key: str, carried: bool) -> None:
    found = find_action(action)
    assert found is not None
    assert found.carries(key) is carried


def test_keys_that_a_key_policy_cannot_use() -> None:
    assert {key.name for key in CONDITION_KEYS.values() if not key.key_policy} == {
        "aws:ResourceTag/",
        "kms:ResourceAliases",
    }


def test_deprecated_keys_name_what_took_their_place() -> None:
    assert {key.name: key.replaced_by for key in CONDITION_KEYS.values() if key.replaced_by} == {
        "kms:CustomerMasterKeySpec": "kms:KeySpec",
        "kms:CustomerMasterKeyUsage": "kms:KeyUsage",
    }


def test_defaults_say_who_names_them() -> None:
    by_guide = {key.name for key in CONDITION_KEYS.values() if key.default_source == "guide"}
    assert by_guide == {"kms:EncryptionAlgorithm", "kms:KeySpec", "kms:CustomerMasterKeySpec"}
    for key in CONDITION_KEYS.values():
        assert (key.default is None) == (key.default_source is None), key.name
        assert not (key.default is not None and key.absent_when_omitted), key.name
        assert key.type in {"String", "Bool", "Numeric", "Date", "ARN", "IPAddress"}, key.name


@pytest.mark.parametrize(
    ("name", "answer"),
    [("aws:SourceIp", True), ("AWS:PRINCIPALTAG/x", True), ("kms:ViaService", False), ("a:b", False)],
)
def test_global_keys(name: str, answer: bool) -> None:
    assert is_global(name) is answer
