"""A KMS on a throw-away SoftHSM2 token, and a key of that token without a KMS around it.

Both use one token, so that they differ in the core alone. A process can hold one token at a time.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from bench.account import ACCOUNT, REGION, key_arn
from kms_core.hsm import create_token, open_token
from kms_core.key_material import KeyMaterial
from kms_core.model.key import KeyMetadata
from kms_core.model.sources import Sources
from kms_core.permit import Permit
from kms_core.service import Kms
from kms_core.service.key_policies import default_key_policy
from kms_core.store import keys
from kms_core.store.database import Database
from kms_core.store.policies import file_policy
from kms_core.store.versions import bring_up_to_date
from policy_engine import Bundle, PrincipalRecord
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kms_core.hsm import Hsm
    from kms_core.model.backing_key import BackingKeyRecord

CALLER = "arn:aws:iam::111122223333:role/app"
_PIN = "pin-of-a-throw-away-token"
_EVERYTHING = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}'
)


@dataclass(frozen=True, slots=True)
class BareKey:
    """A backing key with the permits to use it."""

    hsm: Hsm
    record: BackingKeyRecord
    encrypt: Permit
    decrypt: Permit


@contextmanager
def new_token(home: Path) -> Iterator[Hsm]:
    """A new token, open."""
    create_token(home, _PIN)
    hsm = open_token(home, _PIN)
    try:
        yield hsm
    finally:
        hsm.close()


def bare_key(hsm: Hsm) -> BareKey:
    """A new backing key of a token."""
    arn = key_arn(1)
    record = _material(hsm, arn)
    return BareKey(hsm, record, permit("kms:Encrypt", arn), permit("kms:Decrypt", arn))


@contextmanager
def new_kms(hsm: Hsm, database: Path) -> Iterator[Kms]:
    """A KMS on a token, with a new database on disk and a caller who may do everything."""
    policy = read_policy(_EVERYTHING, kind=PolicyKind.IDENTITY, name="everything")
    bundle = Bundle(principals={CALLER: PrincipalRecord(CALLER, identity_policies=(policy,))})
    with Database.create(database) as opened:
        bring_up_to_date(opened)
        yield Kms(opened, hsm, bundle=bundle)


def fill(kms: Kms, hsm: Hsm, count: int) -> dict[str, BackingKeyRecord]:
    """Put keys into a store, each with material of its own, in one transaction; their material by ARN.

    As CreateKey leaves them, with the default key policy; but without its checks and records.
    """
    made: dict[str, BackingKeyRecord] = {}
    with kms._core.database.write() as connection:  # noqa: SLF001 - thousands of calls of CreateKey take minutes
        policy = file_policy(connection, default_key_policy("aws", ACCOUNT))
        for number in range(count):
            arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{UUID(int=number)}"
            made[arn] = material = _material(hsm, arn)
            now = material.creation_date
            key = KeyMetadata(material.key_id, arn, ACCOUNT, now, uses_known_since=now)
            keys.insert_intent(connection, key, policy)
            keys.enable_with(connection, material)
    return made


def permit(action: str, arn: str) -> Permit:
    """A permit for one caller, which only the gate makes elsewhere."""
    return Permit(CALLER, action, arn, "call")


def _material(hsm: Hsm, arn: str) -> BackingKeyRecord:
    return KeyMaterial(hsm, Sources()).generate(
        permit("kms:CreateKey", arn),
        arn,
        arn.rpartition("/")[2],
        spec="SYMMETRIC_DEFAULT",
        usage="ENCRYPT_DECRYPT",
    )
