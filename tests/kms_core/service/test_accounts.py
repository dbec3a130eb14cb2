"""Across accounts a missing key and a forbidden one cannot be told apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from kms_core.ciphertext import decode, encode
from kms_core.errors import AccessDeniedError, KMSInvalidStateError, NotFoundError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from kms_core.service import Kms

MISSING = "00000000-0000-0000-0000-000000000000"
_UUID = re.compile(r"[0-9a-f-]{36}")


def _denial(call: Callable[[], object]) -> tuple[str, object]:
    with pytest.raises(AccessDeniedError) as denied:
        call()
    return _UUID.sub("KEY", denied.value.message), denied.value.decision


def test_missing_and_forbidden_have_one_text_for_every_operation(
    kms: Kms, people: SimpleNamespace, key_arn: str, key_policy: Callable[..., str]
) -> None:
    missing = key_arn.rpartition("/")[0] + f"/{MISSING}"
    policy = key_policy({"Principal": "*"})
    for call in (
        lambda arn: kms.describe_key(people.stranger, arn),
        lambda arn: kms.encrypt(people.stranger, arn, b"x"),
        lambda arn: kms.decrypt(people.stranger, b"x", key_id=arn),
        lambda arn: kms.generate_data_key(people.stranger, arn, key_spec="AES_256"),
        lambda arn: kms.get_key_policy(people.stranger, arn),
        lambda arn: kms.put_key_policy(people.stranger, arn, policy),
        lambda arn: kms.create_grant(people.stranger, arn, people.app, ["Decrypt"]),
        lambda arn: kms.list_grants(people.stranger, arn),
    ):
        forbidden, absent = _denial(lambda: call(key_arn)), _denial(lambda: call(missing))  # noqa: B023 - called at once
        assert forbidden == absent
        assert "does not exist in this Region" in forbidden[0]


def test_a_forbidden_keys_state_stays_hidden(
    kms: Kms, people: SimpleNamespace, key_arn: str, set_state: Callable[[str, str], None]
) -> None:
    before = _denial(lambda: kms.encrypt(people.stranger, key_arn, b"x"))
    set_state(key_arn, "PendingDeletion")
    assert _denial(lambda: kms.encrypt(people.stranger, key_arn, b"x")) == before
    with pytest.raises(KMSInvalidStateError):
        kms.encrypt(people.admin, key_arn, b"x")


def test_a_ciphertext_does_not_tell_whether_its_key_exists(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    blob = kms.encrypt(people.admin, key_arn, b"x").ciphertext_blob
    parts = decode(blob)
    of_no_key = encode(type(parts)(MISSING, parts.backing_key_id, parts.iv, parts.ciphertext, parts.tag))

    assert _denial(lambda: kms.decrypt(people.stranger, blob)) == _denial(
        lambda: kms.decrypt(people.stranger, of_no_key)
    )
    assert "does not exist" in _denial(lambda: kms.decrypt(people.admin, of_no_key))[0]


def test_a_key_id_alone_is_looked_for_in_the_callers_account(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    key_id = key_arn.rpartition("/")[2]
    with pytest.raises(NotFoundError, match="999988887777"):
        kms.describe_key(people.stranger, key_id)
    with pytest.raises(ValidationError, match="by its ARN"):
        kms.describe_key(people.service, key_id)


def test_another_account_works_where_both_sides_allow(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    policy = key_policy(
        {"Principal": {"AWS": people.root}},
        {"Principal": {"AWS": "arn:aws:iam::999988887777:root"}},
    )
    key_arn = kms.create_key(people.admin, policy=policy).arn
    blob = kms.encrypt(people.stranger, key_arn, b"x").ciphertext_blob

    assert kms.decrypt(people.stranger, blob).plaintext == b"x"
    # the key policy says kms:*, but reading a key policy does not work across accounts
    with pytest.raises(AccessDeniedError):
        kms.get_key_policy(people.stranger, key_arn)


def test_a_service_needs_the_key_policy_to_name_it(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    policy = key_policy(
        {"Principal": {"AWS": people.root}},
        {"Principal": {"Service": people.service}, "Action": "kms:GenerateDataKey"},
    )
    key_arn = kms.create_key(people.admin, policy=policy).arn

    assert kms.generate_data_key(people.service, key_arn, key_spec="AES_256")
    with pytest.raises(AccessDeniedError):
        kms.encrypt(people.service, key_arn, b"x")
