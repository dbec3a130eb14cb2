from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import (
    AccessDeniedError,
    InvalidArnError,
    KMSInternalError,
    LimitExceededError,
    MalformedPolicyDocumentError,
    NotFoundError,
    ValidationError,
)
from kms_core.model.caller import Caller
from kms_core.model.key import KeyState
from kms_core.service.key_policies import default_key_policy
from kms_core.store import key_life
from kms_core.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

    from kms_core.service import Kms

LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."
UNKNOWN = "00000000-0000-0000-0000-000000000000"


def test_a_new_key_is_enabled_and_shown_as_it_was_made(kms: Kms, people: SimpleNamespace) -> None:
    made = kms.create_key(people.admin, description="orders")

    assert made.state is KeyState.ENABLED
    assert made.description == "orders"
    assert made.arn == f"arn:aws:kms:us-east-1:111122223333:key/{made.key_id}"
    assert kms.describe_key(people.admin, made.key_id) == made
    assert kms.describe_key(people.admin, made.arn) == made


def test_a_key_without_a_policy_has_the_default_one(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    text = kms.get_key_policy(people.admin, key_arn).policy

    assert text == default_key_policy("aws", "111122223333")
    assert json.loads(text) == {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }


def test_the_account_root_may_create_keys_without_an_identity_policy(
    kms: Kms, people: SimpleNamespace
) -> None:
    assert kms.create_key(people.root).enabled


def test_who_has_no_identity_policy_may_not_create_keys(
    kms: Kms, people: SimpleNamespace, audit: Callable[[], list[dict[str, object]]]
) -> None:
    with pytest.raises(AccessDeniedError, match="kms:CreateKey") as denied:
        kms.create_key(people.app)

    assert denied.value.decision is not None
    assert denied.value.message == denied.value.decision.reason
    assert [decision["resource"] for decision in audit()[-1]["decisions"]] == ["*"]


def test_a_service_has_no_account_to_make_a_key_in(kms: Kms, people: SimpleNamespace) -> None:
    with pytest.raises(ValidationError, match="no account"):
        kms.create_key(people.service)


def test_a_policy_that_locks_the_caller_out_is_refused_unless_bypassed(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    for_app = key_policy({"Principal": {"AWS": people.app}})

    with pytest.raises(MalformedPolicyDocumentError) as refused:
        kms.create_key(people.admin, policy=for_app)
    assert refused.value.message == LOCKED_OUT

    made = kms.create_key(people.admin, policy=for_app, bypass_policy_lockout_safety_check=True)
    assert kms.describe_key(people.app, made.arn) == made
    with pytest.raises(AccessDeniedError):
        kms.describe_key(people.admin, made.arn)


def test_the_lockout_check_counts_identity_policies_only_where_the_key_policy_delegates(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    delegating = key_policy({"Principal": {"AWS": people.root}, "Action": "kms:PutKeyPolicy"})
    narrow = key_policy({"Principal": {"AWS": people.root}, "Action": "kms:Encrypt"})

    assert kms.create_key(people.admin, policy=delegating)
    with pytest.raises(MalformedPolicyDocumentError, match="in the future"):
        kms.create_key(people.admin, policy=narrow)


@pytest.mark.parametrize(
    ("policy", "error", "says"),
    [
        ("{", MalformedPolicyDocumentError, "<key policy>:1:"),
        ('{"Version": "2012-10-17"}', MalformedPolicyDocumentError, "<key policy>:1:1"),
        ('{"Statement": [], "Statement": []}', MalformedPolicyDocumentError, "<key policy>:1:"),
        (
            '{"Version": "2012-10-17",\n"Id": "\u20ac"}',
            MalformedPolicyDocumentError,
            "<key policy>:2:8: .*U\\+20AC",
        ),
        ("{" + " " * 32_768, LimitExceededError, "32768"),
        ("", ValidationError, "'policy'"),
    ],
)
def test_a_policy_that_is_none_is_refused_with_its_position(
    kms: Kms, people: SimpleNamespace, policy: str, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        kms.create_key(people.admin, policy=policy)


def test_a_policy_of_exactly_32768_bytes_is_taken(kms: Kms, people: SimpleNamespace) -> None:
    default = default_key_policy("aws", "111122223333")
    exact = default + " " * (32_768 - len(default.encode()))

    assert kms.create_key(people.admin, policy=exact)
    with pytest.raises(LimitExceededError):
        kms.create_key(people.admin, policy=exact + " ")


@pytest.mark.parametrize("description", ["x" * 8193, "\ud800"])
def test_a_description_out_of_bounds_is_refused(kms: Kms, people: SimpleNamespace, description: str) -> None:
    with pytest.raises(ValidationError, match="'description'"):
        kms.create_key(people.admin, description=description)


@pytest.mark.parametrize(
    ("key_id", "error", "text"),
    [
        (UNKNOWN, NotFoundError, f"Key 'arn:aws:kms:us-east-1:111122223333:key/{UNKNOWN}' does not exist"),
        ("fake-key-id", NotFoundError, "Invalid keyId 'fake-key-id'"),
        (f"arn:aws:kms:eu-west-1:111122223333:key/{UNKNOWN}", NotFoundError, "Invalid arn eu-west-1"),
        ("arn:aws:s3:::bucket", InvalidArnError, "Invalid arn arn:aws:s3:::bucket"),
        ("alias/x", NotFoundError, "Alias arn:aws:kms:us-east-1:111122223333:alias/x is not found."),
        (
            "arn:aws:kms:us-east-1:111122223333:alias/x",
            NotFoundError,
            "Alias arn:aws:kms:us-east-1:111122223333:alias/x is not found.",
        ),
    ],
)
def test_a_key_id_that_names_no_key(
    kms: Kms, people: SimpleNamespace, key_id: str, error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as refused:
        kms.describe_key(people.admin, key_id)
    assert refused.value.message == text


@pytest.mark.parametrize("key_id", ["", "x" * 2049, "\ud800", None, 5])
def test_a_key_id_out_of_bounds(kms: Kms, people: SimpleNamespace, key_id: str) -> None:
    with pytest.raises(ValidationError, match="'keyId'"):
        kms.describe_key(people.admin, key_id)


def test_a_caller_that_is_no_principal_is_refused_and_recorded(
    kms: Kms, audit: Callable[[], list[dict[str, object]]]
) -> None:
    with pytest.raises(ValidationError):
        kms.describe_key("nobody", UNKNOWN)
    with pytest.raises(ValidationError):
        Caller("")

    assert (
        audit()[-1] | {"principal": "nobody", "kind": "refusal", "error_code": "ValidationException"}
        == audit()[-1]
    )


def test_a_session_cannot_speak_for_the_call() -> None:
    with pytest.raises(ValidationError, match="kms:ViaService"):
        Caller("arn:aws:iam::111122223333:role/app", session_context={"kms:ViaService": "s3.amazonaws.com"})


class _BrokenHsm:
    """An HSM that cannot make keys."""

    def generate_backing_key(self, *_: object) -> object:
        raise KMSInternalError

    def discard_unfiled(self, *_: object) -> None: ...

    def close(self) -> None: ...


def test_a_key_whose_material_cannot_be_made_leaves_nothing(
    open_service: Callable[..., Kms],
    people: SimpleNamespace,
    database_path: Path,
    audit: Callable[[], list[dict[str, object]]],
) -> None:
    with pytest.raises(KMSInternalError):
        open_service(hsm=_BrokenHsm()).create_key(people.admin)

    with Database.open(database_path) as database, database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM keys").scalar() == 0
    (failure,) = audit()
    assert (failure["kind"], failure["outcome"]) == ("failure", "allowed")
    assert failure["error_code"] == "KMSInternalException"


def test_an_intent_is_no_key_for_any_operation(
    kms: Kms, people: SimpleNamespace, key_arn: str, set_state: Callable[[str, str], None]
) -> None:
    set_state(key_arn, "Creating")

    with pytest.raises(NotFoundError):
        kms.describe_key(people.admin, key_arn)
    with pytest.raises(NotFoundError):
        kms.encrypt(people.admin, key_arn, b"x")


def test_a_key_cannot_be_enabled_after_its_intent_was_given_up(
    kms: Kms, people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, database_path: Path
) -> None:
    material = kms._core.material
    generate = type(material).generate

    def slow(self: object, *args: object, **kwargs: object) -> object:
        with Database.open(database_path) as database, database.write() as connection:
            ((key_id, _),) = key_life.due(connection, 2e9)
            key_life.end(connection, key_id)
        return generate(self, *args, **kwargs)

    monkeypatch.setattr(type(material), "generate", slow)
    with pytest.raises(KMSInternalError, match="too long"):
        kms.create_key(people.admin)
