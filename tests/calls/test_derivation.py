"""Where the values of condition keys come from, beyond what each operation's own parameters say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from policy_engine.calls.api_call import KnownKey
from policy_engine.calls.derivation import DERIVATIONS
from policy_engine.catalog.actions import ACTIONS, KEY_PROPERTIES
from policy_engine.catalog.condition_keys import CONDITION_KEYS
from policy_engine.errors import RequestError
from tests.calls.world import ACCOUNT, CALLER, K1, K2, REGION, checks, only

if TYPE_CHECKING:
    from policy_engine.model.request import ContextInput

VIA = "rds.us-east-1.amazonaws.com"


class OneKey:
    """A directory of one key."""

    def __init__(self, key: KnownKey) -> None:
        self._key = key

    def find(self, arn: str) -> KnownKey | None:
        return self._key if arn == self._key.arn else None

    def aliased(self, alias_arn: str) -> str | None:
        raise AssertionError(alias_arn)


def test_there_is_a_row_for_each_key_that_an_action_carries() -> None:
    carried = KEY_PROPERTIES.union(*(action.condition_keys for action in ACTIONS.values()))
    assert set(DERIVATIONS) == carried


def test_the_properties_of_a_key_are_told_where_they_are_known() -> None:
    key = KnownKey(
        K1, "RSA_2048", "SIGN_VERIFY", "AWS_CLOUDHSM", multi_region=True, multi_region_key_type="REPLICA"
    )
    context = only("GetPublicKey", {"KeyId": K1}, keys=OneKey(key)).context
    assert {name: context[name] for name in sorted(KEY_PROPERTIES) if name in context} == {
        "kms:CustomerMasterKeySpec": "RSA_2048",
        "kms:CustomerMasterKeyUsage": "SIGN_VERIFY",
        "kms:KeyOrigin": "AWS_CLOUDHSM",
        "kms:KeySpec": "RSA_2048",
        "kms:KeyUsage": "SIGN_VERIFY",
        "kms:MultiRegion": "true",
        "kms:MultiRegionKeyType": "REPLICA",
    }


@pytest.mark.parametrize("key", [K2, "unknown-key"])
def test_what_is_not_known_of_a_key_is_not_guessed(key: str) -> None:
    assert not KEY_PROPERTIES & only("Encrypt", {"KeyId": key}).context.keys()


@pytest.mark.parametrize("operation", ["DisableKey", "ScheduleKeyDeletion"])
def test_days_without_usage(operation: str) -> None:
    used = OneKey(KnownKey(K1, days_without_usage=90))
    name = "kms:TrailingDaysWithoutKeyUsage"
    assert only(operation, {"KeyId": K1}, keys=used).context[name] == "90"
    assert name not in only(operation, {"KeyId": K2}, keys=used).context


def test_keys_that_are_absent_when_omitted_though_the_parameter_has_a_default() -> None:
    omitted = {key.name for key in CONDITION_KEYS.values() if key.absent_when_omitted}
    assert omitted == {"kms:BypassPolicyLockoutSafetyCheck", "kms:ExpirationModel"}
    for check in (
        *checks("CreateKey"),
        only("PutKeyPolicy", {"KeyId": K1}),
        only("ImportKeyMaterial", {"KeyId": K1}),
    ):
        assert not omitted & check.context.keys()


@pytest.mark.parametrize(
    ("valid_to", "text"),
    [
        (datetime(2018, 12, 31, 11, 59, 59, tzinfo=UTC), "1546257599"),
        (1546257599, "1546257599"),
        (1546257599.5, "1546257599.5"),
        ("2018-12-31T11:59:59Z", "2018-12-31T11:59:59Z"),
    ],
)
def test_times_are_seconds(valid_to: object, text: str) -> None:
    assert only("ImportKeyMaterial", {"KeyId": K1, "ValidTo": valid_to}).context["kms:ValidTo"] == text


# -- how and where a call arrives -----------------------------------------------------------------------------


def test_a_forwarded_call() -> None:
    context = only("CreateGrant", {"KeyId": K1}, via_service=VIA).context
    assert context["kms:ViaService"] == VIA
    assert context["aws:ViaAWSService"] == "true"
    assert context["kms:GrantIsForAWSResource"] == "true"
    assert not [name for name in context if name.startswith("aws:CalledVia")]


def test_the_chain_of_services_is_told_only_where_it_is_known() -> None:
    chain = ("cloudformation.amazonaws.com", "dynamodb.amazonaws.com")
    context = only("Encrypt", {"KeyId": K1}, via_service=VIA, called_via=chain).context
    assert context["aws:CalledVia"] == chain
    assert (context["aws:CalledViaFirst"], context["aws:CalledViaLast"]) == chain


def test_a_direct_call() -> None:
    context = only("ListGrants", {"KeyId": K1}).context
    assert "kms:ViaService" not in context
    assert (context["aws:ViaAWSService"], context["kms:GrantIsForAWSResource"]) == ("false", "false")
    assert (context["kms:CallerAccount"], context["aws:RequestedRegion"]) == (ACCOUNT, REGION)


def test_a_service_for_itself() -> None:
    context = only("RevokeGrant", {"KeyId": K1}, caller="s3.amazonaws.com").context
    assert "kms:CallerAccount" not in context
    assert "kms:ViaService" not in context
    assert context["kms:GrantIsForAWSResource"] == "true"


def test_the_session_brings_its_own_keys() -> None:
    session: ContextInput = {
        "aws:SourceIp": "192.0.2.1",
        "aws:MultiFactorAuthPresent": True,
        "aws:CalledViaAWSMCP": "aws-mcp.amazonaws.com",
    }
    context = only("Encrypt", {"KeyId": K1}, session=session).context
    assert context["aws:SourceIp"] == "192.0.2.1"
    assert context["aws:MultiFactorAuthPresent"] == "true"
    assert context["aws:CalledViaAWSMCP"] == "aws-mcp.amazonaws.com"


@pytest.mark.parametrize(
    "name",
    [
        "kms:ViaService",
        "KMS:RotationPeriodInDays",
        "aws:RequestTag/Team",
        "AWS:tagkeys",
        "aws:CalledVia",
        "aws:CalledViaLast",
        "aws:ViaAWSService",
        "aws:RequestedRegion",
    ],
)
def test_the_session_cannot_claim_what_only_the_call_brings(name: str) -> None:
    with pytest.raises(RequestError, match=f"cannot set the condition key `{name}`"):
        only("Encrypt", {"KeyId": K1}, session={name: "x"})


# -- aliases --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["alias/orders", "arn:aws:kms:us-east-1:111122223333:alias/orders"])
@pytest.mark.parametrize(
    "operation",
    sorted(
        action.name.partition(":")[2]
        for action in ACTIONS.values()
        if "kms:RequestAlias" in action.condition_keys and action.api_operation
    ),
)
def test_a_key_named_by_alias_is_checked_on_its_arn_with_the_alias_name(operation: str, name: str) -> None:
    check = only(operation, {"KeyId": name})
    assert (check.resource, check.context["kms:RequestAlias"]) == (K1, "alias/orders")
    assert "kms:RequestAlias" not in only(operation, {"KeyId": K1}).context


def test_the_caller_is_not_part_of_the_context() -> None:
    assert CALLER not in only("Encrypt", {"KeyId": K1}).context.values()
