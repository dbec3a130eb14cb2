from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from kms_core.errors import KmsError, PermitError
from kms_core.permit import Permit, PermitKind

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = "arn:aws:kms:us-east-1:111122223333:key/99999999-12ab-34cd-56ef-1234567890ab"
CALLER = "arn:aws:iam::111122223333:role/app"


def permit(action: str = "kms:Decrypt", key_arn: str | None = KEY) -> Permit:
    return Permit(CALLER, action, key_arn, "call-1")


def test_a_permit_covers_its_action_and_key() -> None:
    permit().require("kms:Decrypt", KEY)
    permit().require({"kms:Encrypt", "kms:Decrypt"}, KEY)
    permit().require_key_id("kms:Decrypt", "1234abcd-12ab-34cd-56ef-1234567890ab")
    permit("kms:GenerateRandom", None).require("kms:GenerateRandom", None)


@pytest.mark.parametrize(
    ("action", "key_arn"),
    [
        ("kms:Encrypt", KEY),
        ("kms:Decryp", KEY),
        ("kms:decrypt", KEY),
        ("kms:Decrypt", OTHER),
        ("kms:Decrypt", None),
        ("kms:Decrypt", KEY + "0"),
    ],
)
def test_a_permit_covers_nothing_else(action: str, key_arn: str | None) -> None:
    with pytest.raises(PermitError):
        permit().require(action, key_arn)


@pytest.mark.parametrize("key_id", ["", "1234abcd", "key/1234abcd-12ab-34cd-56ef-1234567890ab", KEY])
def test_a_key_id_is_the_whole_last_part_of_the_arn(key_id: str) -> None:
    with pytest.raises(PermitError):
        permit().require_key_id("kms:Decrypt", key_id)


def test_a_permit_without_a_key_covers_no_key() -> None:
    keyless = permit("kms:CreateKey", None)
    with pytest.raises(PermitError):
        keyless.require("kms:CreateKey", KEY)
    with pytest.raises(PermitError):
        keyless.require_key_id("kms:CreateKey", "")


def test_a_closed_permit_covers_nothing() -> None:
    with permit() as opened:
        opened.require("kms:Decrypt", KEY)
    assert not opened.is_open
    with pytest.raises(PermitError, match="closed"):
        opened.require("kms:Decrypt", KEY)


def test_a_permit_closes_when_its_call_fails() -> None:
    opened = permit()
    with pytest.raises(ZeroDivisionError), opened:
        raise ZeroDivisionError
    assert not opened.is_open


def test_a_permit_cannot_be_widened() -> None:
    with pytest.raises(FrozenInstanceError):
        permit().action = "kms:Encrypt"  # type: ignore[misc]  # what is tested


def test_an_internal_job_says_why() -> None:
    Permit("scheduler", "internal:CheckToken", None, "call-1", PermitKind.SERVICE, "start")
    with pytest.raises(PermitError):
        Permit("scheduler", "internal:CheckToken", None, "call-1", PermitKind.SERVICE)
    with pytest.raises(PermitError):
        Permit(CALLER, "kms:Decrypt", KEY, "call-1", reason="because")


def test_a_missing_permit_is_no_answer_to_a_caller() -> None:
    assert not issubclass(PermitError, KmsError)
