"""A decision's id: one for each request, however it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from policy_engine import Bundle, Grant, GrantConstraints, KeyRecord, PolicyEngine, Request
from policy_engine.calls.principals import parse_principal
from tests.engine.world import KEY, ROLE, ROOT, allow, policy, role

if TYPE_CHECKING:
    from policy_engine.model.principal import Principal

GRANT = Grant(
    "g", ROLE + "app", ("Decrypt", "Encrypt"), GrantConstraints(encryption_context_equals={"a": "1"})
)
CONTEXT: dict[str, Any] = {
    "kms:EncryptionContext:Tenant": "acme",
    "kms:EncryptionContext:tenant": "other",
    "kms:ViaService": "s3.us-east-1.amazonaws.com",
    "aws:TagKeys": ["a", "b"],
    "aws:MultiFactorAuthPresent": True,
    "aws:MultiFactorAuthAge": 90,
}
ASKED = Request(ROLE + "app", "kms:Decrypt", KEY, CONTEXT, ("t1", "t2"), GRANT)


@pytest.fixture(scope="module")
def ids() -> PolicyEngine:
    app = replace(role("app", allow()), id="AROAEXAMPLE", tags={"team": "orders"})
    return PolicyEngine(
        Bundle(keys={KEY: KeyRecord(KEY, policy(allow(Principal=ROOT)))}, principals={app.arn: app})
    )


def id_of(engine: PolicyEngine, request: Request, *unknown: str) -> str:
    return engine.authorize(request, unknown=unknown).id


def caller(**changed: Any) -> Principal:  # noqa: ANN401 - any field
    return replace(parse_principal(ROLE + "app"), **changed)


@pytest.mark.parametrize(
    "context",
    [
        dict(reversed(CONTEXT.items())),
        CONTEXT | {"aws:TagKeys": ("a", "b")},
        CONTEXT | {"aws:MultiFactorAuthPresent": "true"},
        CONTEXT | {"aws:MultiFactorAuthPresent": ["true"]},
        CONTEXT | {"aws:MultiFactorAuthAge": "90"},
        CONTEXT | {"aws:SourceIp": []},
        {key.upper() if key.startswith("aws") else key: value for key, value in CONTEXT.items()},
        {
            "kms:EncryptionContext:tenant": "other",
            "KMS:encryptioncontext:Tenant": "acme",
            **{key: value for key, value in CONTEXT.items() if "Encryption" not in key},
        },
    ],
)
def test_spellings_of_one_context_have_one_id(ids: PolicyEngine, context: dict[str, Any]) -> None:
    assert id_of(ids, replace(ASKED, context=context)) == id_of(ids, ASKED)


@pytest.mark.parametrize(
    "change",
    [
        {"action": "KMS:decrypt"},
        {"grant_tokens": ("t2", "t1", "t2")},
        {"grant": replace(GRANT, operations=("Encrypt", "Decrypt"))},
        {"principal": caller()},
        {"principal": caller(id="AROAEXAMPLE", tags={"Team": "orders"})},
    ],
)
def test_spellings_of_one_request_have_one_id(ids: PolicyEngine, change: dict[str, Any]) -> None:
    assert id_of(ids, replace(ASKED, **change)) == id_of(ids, ASKED)


@pytest.mark.parametrize(
    "change",
    [
        {"principal": ROLE + "other"},
        {"principal": caller(tags={"team": "billing"})},
        {"principal": caller(id="AROAOTHER")},
        {"principal": caller(service_linked=True)},
        {"principal": caller(groups=("arn:aws:iam::111122223333:group/g",))},
        {"action": "kms:Encrypt"},
        {"resource": KEY[:-1] + "0"},
        {"grant_tokens": ("t1",)},
        {"grant": None},
        {"grant": replace(GRANT, grant_id="h")},
        {"grant": replace(GRANT, pending=True)},
        {"grant": replace(GRANT, constraints=GrantConstraints(encryption_context_subset={"a": "1"}))},
        {"context": {}},
        {"context": CONTEXT | {"aws:TagKeys": ["a"]}},
        {"context": CONTEXT | {"aws:TagKeys": ["a', 'b"]}},
        {"context": CONTEXT | {"kms:EncryptionContext:tenant": "acme"}},
        {"context": CONTEXT | {"kms:EncryptionContext:TENANT": "acme"}},
        {"context": CONTEXT | {"kms:ViaService": "S3.us-east-1.amazonaws.com"}},
    ],
)
def test_other_requests_have_other_ids(ids: PolicyEngine, change: dict[str, Any]) -> None:
    assert id_of(ids, replace(ASKED, **change)) != id_of(ids, ASKED)


def test_what_is_not_known_is_part_of_what_is_asked(ids: PolicyEngine) -> None:
    assert id_of(ids, ASKED, "aws:SourceVpce") != id_of(ids, ASKED)
    assert id_of(ids, ASKED, "aws:SourceVpce", "x:a") == id_of(ids, ASKED, "x:a", "AWS:sourcevpce")
    other = replace(ASKED, context={"kms:EncryptionContext:TENANT": "acme"})
    one = replace(ASKED, context={"kms:EncryptionContext:tenant": "acme"})
    assert id_of(ids, one, "kms:EncryptionContext:x") != id_of(ids, other, "kms:EncryptionContext:x")
