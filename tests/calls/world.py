"""Calls of one caller to two keys of its account and one of another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypedDict, Unpack

from policy_engine.calls.api_call import ApiCall
from policy_engine.calls.bundle_keys import BundleKeys
from policy_engine.calls.operations import requests_for
from policy_engine.calls.principals import parse_principal
from policy_engine.model.bundle import KeyRecord

if TYPE_CHECKING:
    from policy_engine.calls.api_call import AuthorizationCheck, KeyDirectory, NamedGrant
    from policy_engine.model.request import ContextInput

ACCOUNT = "111122223333"
REGION = "us-east-1"
HOME = f"arn:aws:kms:{REGION}:{ACCOUNT}:"
K1 = f"{HOME}key/1111aaaa-0000-4000-8000-000000000001"
K2 = f"{HOME}key/2222bbbb-0000-4000-8000-000000000002"
ID1 = K1.partition("/")[2]
FOREIGN = f"arn:aws:kms:{REGION}:444455556666:key/4444dddd-0000-4000-8000-000000000004"
FOREIGN_ALIAS = f"arn:aws:kms:{REGION}:444455556666:alias/theirs"
CALLER = "arn:aws:iam::111122223333:role/app"

KEYS = BundleKeys(
    {
        K1: KeyRecord(
            K1,
            aliases=("alias/orders", "alias/Orders"),
            key_spec="SYMMETRIC_DEFAULT",
            key_usage="ENCRYPT_DECRYPT",
            origin="EXTERNAL",
            multi_region=True,
        ),
        K2: KeyRecord(K2),
        FOREIGN: KeyRecord(FOREIGN, aliases=("alias/theirs",)),
    }
)


class Arrival(TypedDict, total=False):
    """What a call has besides its operation and parameters; left out: the caller's own, direct, in REGION."""

    caller: str
    region: str
    keys: KeyDirectory
    via_service: str
    called_via: tuple[str, ...]
    session: ContextInput
    ciphertext_key: str
    grant: NamedGrant
    attestation: dict[str, str]


Parameters = Mapping[str, object]


def call(operation: str, parameters: Parameters | None = None, **more: Unpack[Arrival]) -> ApiCall:
    principal = parse_principal(more.pop("caller", CALLER))
    region, keys = more.pop("region", REGION), more.pop("keys", KEYS)
    return ApiCall(operation, parameters or {}, principal, region, keys, **more)  # type: ignore[misc] # caller is gone


def checks(
    operation: str, parameters: Parameters | None = None, **more: Unpack[Arrival]
) -> tuple[AuthorizationCheck, ...]:
    return requests_for(call(operation, parameters, **more))


def only(operation: str, parameters: Parameters | None = None, **more: Unpack[Arrival]) -> AuthorizationCheck:
    (check,) = checks(operation, parameters, **more)
    return check
