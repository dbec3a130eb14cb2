"""Under a deny-all policy no public operation reaches the HSM, and each writes one record.

The operations are taken from the code: one that is added without arguments here fails the first test.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

from kms_core.ciphertext import CiphertextBlob, encode
from kms_core.errors import AccessDeniedError
from kms_core.model.operations import FACTS, Operation
from kms_core.service import Kms
from kms_core.store.aliases import insert_alias
from kms_core.store.grants import insert_grant
from policy_engine.model.grant import Grant

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.hsm import Hsm
    from kms_core.store.database import Database

ADMIN = "arn:aws:iam::111122223333:root"
CALLERS = [
    ADMIN,
    "arn:aws:iam::111122223333:role/app",
    "arn:aws:iam::999988887777:root",
    "arn:aws:sts::111122223333:assumed-role/app/session",
    "s3.amazonaws.com",
]
DENY_ALL = (
    '{"Version": "2012-10-17", "Statement": '
    '[{"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}'
)
NOT_OPERATIONS = {"close", "run_due_jobs"}
WITHOUT_KEY = {
    Operation.CREATE_KEY,
    Operation.GENERATE_RANDOM,
    Operation.LIST_RETIRABLE_GRANTS,
    Operation.LIST_KEYS,
    Operation.LIST_ALIASES,
}
ON_ALIASES = {"create_alias", "update_alias", "delete_alias"}
NOT_DENIED = {
    "create_key": (":root", ".com"),  # a root user needs no policy, and a service has no account for a key
    "generate_random": (":root",),
    "list_retirable_grants": (":root",),
    "list_keys": (":root", ".com"),
    "list_aliases": (":root", ".com"),
    "create_alias": (".com",),
    "update_alias": (".com",),
    "delete_alias": (".com",),
    "retire_grant": (ADMIN,),  # the key's own account: no key policy has a say
}
"""Callers who are not denied, by the ends of their names."""


def _public() -> set[str]:
    return {name for name, _ in inspect.getmembers(Kms, inspect.isfunction) if not name.startswith("_")}


def _arguments(arn: str, blob: bytes) -> dict[str, dict[str, object]]:
    return {
        "create_key": {},
        "describe_key": {"key_id": arn},
        "encrypt": {"key_id": arn, "plaintext": b"x"},
        "decrypt": {"ciphertext_blob": blob},
        "re_encrypt": {"ciphertext_blob": blob, "destination_key_id": arn},
        "generate_data_key": {"key_id": arn, "key_spec": "AES_256"},
        "generate_data_key_without_plaintext": {"key_id": arn, "key_spec": "AES_256"},
        "generate_data_key_pair": {"key_id": arn, "key_pair_spec": "ECC_NIST_P256"},
        "generate_data_key_pair_without_plaintext": {"key_id": arn, "key_pair_spec": "ECC_NIST_P256"},
        "generate_random": {"number_of_bytes": 32},
        "sign": {"key_id": arn, "message": b"x", "signing_algorithm": "ECDSA_SHA_256"},
        "verify": {
            "key_id": arn,
            "message": b"x",
            "signature": b"x",
            "signing_algorithm": "ECDSA_SHA_256",
        },
        "get_public_key": {"key_id": arn},
        "generate_mac": {"key_id": arn, "message": b"x", "mac_algorithm": "HMAC_SHA_256"},
        "verify_mac": {"key_id": arn, "message": b"x", "mac": b"x", "mac_algorithm": "HMAC_SHA_256"},
        "derive_shared_secret": {"key_id": arn, "public_key": b"x"},
        "get_key_policy": {"key_id": arn},
        "put_key_policy": {"key_id": arn, "policy": DENY_ALL},
        "create_grant": {"key_id": arn, "grantee_principal": ADMIN, "operations": ["Decrypt"]},
        "list_key_policies": {"key_id": arn},
        "list_grants": {"key_id": arn},
        "list_retirable_grants": {"retiring_principal": ADMIN},
        "retire_grant": {"key_id": arn, "grant_id": "g-1"},
        "revoke_grant": {"key_id": arn, "grant_id": "g-1"},
        "list_keys": {},
        "enable_key": {"key_id": arn},
        "disable_key": {"key_id": arn},
        "schedule_key_deletion": {"key_id": arn},
        "cancel_key_deletion": {"key_id": arn},
        "update_key_description": {"key_id": arn, "description": "x"},
        "get_key_last_usage": {"key_id": arn},
        "create_alias": {"alias_name": "alias/new", "target_key_id": arn},
        "update_alias": {"alias_name": "alias/there", "target_key_id": arn},
        "delete_alias": {"alias_name": "alias/there"},
        "list_aliases": {},
        "tag_resource": {"key_id": arn, "tags": {"x": "y"}},
        "untag_resource": {"key_id": arn, "tag_keys": ["x"]},
        "list_resource_tags": {"key_id": arn},
        "enable_key_rotation": {"key_id": arn},
        "disable_key_rotation": {"key_id": arn},
        "get_key_rotation_status": {"key_id": arn},
        "rotate_key_on_demand": {"key_id": arn},
        "list_key_rotations": {"key_id": arn},
    }


class _Recorder:
    """Passes every call on to the HSM, and keeps its name."""

    def __init__(self, hsm: Hsm) -> None:
        self._hsm = hsm
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> object:
        self.calls.append(name)
        return getattr(self._hsm, name)


@pytest.fixture
def recorder(hsm: Hsm) -> _Recorder:
    return _Recorder(hsm)


@pytest.fixture
def kms(database: Database, recorder: _Recorder) -> Kms:
    return Kms(database, recorder)


def test_every_operation_has_a_method_facts_and_arguments_here() -> None:
    snake = {"".join(f"_{c.lower()}" if c.isupper() else c for c in each.value)[1:] for each in Operation}
    assert _public() - NOT_OPERATIONS == snake == set(_arguments("", b""))
    assert set(FACTS) == set(Operation) - WITHOUT_KEY


def _denied() -> list[tuple[str, str]]:
    return [
        (operation, caller)
        for operation in sorted(_public() - NOT_OPERATIONS)
        for caller in CALLERS
        if not caller.endswith(NOT_DENIED.get(operation, ("nobody",)))
    ]


@pytest.mark.parametrize(("operation", "caller"), _denied())
def test_a_denied_operation_makes_no_hsm_call_and_one_record(
    kms: Kms,
    recorder: _Recorder,
    recorded: Callable[[], list[dict[str, object]]],
    operation: str,
    caller: str,
) -> None:
    arn = kms.create_key(ADMIN, policy=DENY_ALL, bypass_policy_lockout_safety_check=True).arn
    blob = _blob(arn)
    with kms._core.database.write() as connection:
        insert_grant(
            connection,
            arn.rpartition("/")[2],
            Grant("g-1", ADMIN, ("Decrypt",), creation_date=0.0, issuing_account=ADMIN),
        )
        for account in ("111122223333", "999988887777"):
            insert_alias(
                connection,
                f"arn:aws:kms:us-east-1:{account}:alias/there",
                arn.rpartition("/")[2],
                0.0,
            )
    recorder.calls.clear()
    before = len(recorded())

    with pytest.raises(AccessDeniedError):
        getattr(kms, operation)(caller, **_arguments(arn, blob)[operation])

    assert recorder.calls == []
    (record,) = recorded()[before:]
    assert record["kind"] == "decision"
    assert record["outcome"] in {"explicitDeny", "implicitDeny"}
    assert record["principal"] == caller
    assert record["error_code"] == "AccessDeniedException"
    *before_it, last = [decision["outcome"] for decision in record["decisions"]]
    assert last == record["outcome"]
    assert before_it == ["allowed"] * len(before_it)
    assert not before_it or operation in ON_ALIASES  # an alias is asked for before its keys


def test_an_allowed_operation_does_reach_the_hsm(kms: Kms, recorder: _Recorder) -> None:
    """The recorder sees what it must: without this the test above could not fail."""
    arn = kms.create_key(ADMIN).arn
    blob = kms.encrypt(ADMIN, arn, b"x").ciphertext_blob
    kms.decrypt(ADMIN, blob)
    kms.generate_data_key(ADMIN, arn, key_spec="AES_256")
    assert recorder.calls == ["generate_backing_key", "encrypt", "decrypt", "random", "encrypt"]


def _blob(arn: str) -> bytes:
    """A well-formed ciphertext of that key; no caller gets so far that its tag matters."""
    return encode(CiphertextBlob(arn.rpartition("/")[2], "b-1", b"\0" * 12, b"x", b"\0" * 16))
