"""Whether a key policy lets in accounts that it does not name."""

from __future__ import annotations

from typing import Any

import pytest

from policy_engine import KeyRecord, PolicyEngine
from policy_engine.analysis.callers import give_everything
from policy_engine.analysis.exposure import find_exposures
from tests.analysis.policies import ACCOUNT, KEY, OTHER, allow, deny, policy, role

EVERYONE = allow(Principal="*", Action="kms:Decrypt")


def via(**condition: object) -> dict[str, Any]:
    return {**EVERYONE, "Condition": condition}


OPEN: dict[str, list[dict[str, Any]]] = {
    "everyone": [EVERYONE],
    "every AWS principal": [allow(Principal={"AWS": "*"})],
    "beside others": [allow(Principal={"AWS": [role("app"), "*"]}, Action="kms:Decrypt")],
    "a service": [via(StringEquals={"kms:ViaService": "s3.us-east-1.amazonaws.com"})],
    "an encryption context": [via(StringEquals={"kms:EncryptionContext:tenant": "acme"})],
    "an address": [via(IpAddress={"aws:SourceIp": "10.0.0.0/8"}, NotIpAddress={"aws:SourceIp": "10.0.0.0/16"})],
    "a young session": [via(NumericGreaterThan={"aws:MultiFactorAuthAge": "1"}, NumericLessThan={"aws:MultiFactorAuthAge": "2"})],
    "a day": [via(DateGreaterThan={"aws:CurrentTime": "2030-01-01"}, DateLessThan={"aws:CurrentTime": "2030-01-02"})],
    "the names of pairs": [via(**{"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["Tenant"]}})],
    "a tag that is another": [via(StringEquals={"aws:PrincipalTag/team": "${aws:PrincipalTag/owner}"})],
    "a tag": [via(StringLike={"aws:PrincipalTag/team": "k*"})],
    "another organization": [via(StringNotEquals={"aws:PrincipalOrgID": "o-a1b2c3d4e5"})],
    "any organization": [via(StringLike={"aws:PrincipalOrgID": "o-*"})],
    "an organization if there is one": [via(StringEqualsIfExists={"aws:PrincipalOrgID": "o-a1b2c3d4e5"})],
    "another account": [via(StringNotEquals={"aws:PrincipalAccount": ACCOUNT})],
    "a role of any account": [via(ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/Admin*"})],
    "a role of some accounts": [via(ArnLike={"aws:PrincipalArn": "arn:aws:iam::9*:role/*"})],
    "not one role": [via(ArnNotEquals={"aws:PrincipalArn": role("app")})],
    "not a network": [via(StringNotEquals={"aws:SourceVpce": "vpce-0123456789abcdef0"})],
    "everyone but one": [{k: v for k, v in {**EVERYONE, "NotPrincipal": {"AWS": role("app")}}.items() if k != "Principal"}],
    "a deny that can be met": [EVERYONE, deny(Condition={"Bool": {"aws:SecureTransport": "false"}})],
    "a deny of others": [EVERYONE, deny(Principal={"AWS": OTHER})],
}  # fmt: skip
CLOSED: dict[str, list[dict[str, Any]]] = {
    "the account": [allow()],
    "another account by name": [allow(Principal={"AWS": OTHER})],
    "an account": [via(StringEquals={"kms:CallerAccount": ACCOUNT})],
    "a principal's account": [via(StringLike={"aws:PrincipalAccount": "1111*"})],
    "the organization of the key": [via(StringEquals={"aws:PrincipalOrgID": "${aws:ResourceOrgID}"})],
    "a network by address": [via(StringEquals={"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, IpAddress={"aws:SourceIp": "10.0.0.0/8"})],
    "an organization": [via(StringEquals={"aws:PrincipalOrgID": "o-a1b2c3d4e5"})],
    "own roles": [via(ArnLike={"aws:PrincipalArn": role("*")})],
    "own roles, as text": [via(StringLike={"aws:PrincipalArn": role("app*")})],
    "a source account": [via(StringEquals={"aws:SourceAccount": ACCOUNT})],
    "a source": [via(ArnLike={"aws:SourceArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:*"})],
    "a network": [via(StringEquals={"aws:SourceVpce": "vpce-0123456789abcdef0"})],
    "a user id": [via(StringLike={"aws:userid": "AROA1EXAMPLEAPP00001:*"})],
    "outsiders denied": [EVERYONE, deny(Condition={"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}})],
    "all without the organization denied": [EVERYONE, deny(Condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})],
    "a contradiction": [via(StringEquals={"kms:ViaService": "a"}, StringLike={"kms:ViaService": "b*"})],
    "an action for the own account only": [allow(Principal="*", Action=["kms:TagResource", "kms:PutKeyPolicy"])],
    "an action without a key": [allow(Principal="*", Action="kms:CreateKey")],
    "a deny for everyone": [deny()],
    "a service principal": [allow(Principal={"Service": "s3.amazonaws.com"})],
    "no resource": [{k: v for k, v in EVERYONE.items() if k != "Resource"}],
}  # fmt: skip


@pytest.mark.parametrize("name", OPEN)
def test_open_to_outsiders_with_a_witness_that_the_engine_allows(name: str) -> None:
    asked = policy(*OPEN[name])
    (exposure,) = find_exposures(asked, KEY)
    witness = exposure.witness
    assert witness is not None
    assert not isinstance(witness.principal, str)
    assert witness.principal.account not in {ACCOUNT, OTHER, None}
    assert witness.action in exposure.actions
    engine = PolicyEngine()
    engine.put_key(KeyRecord(KEY, policy=asked))
    give_everything(engine, witness.principal)
    assert engine.authorize(witness).allowed


@pytest.mark.parametrize("name", CLOSED)
def test_closed_to_outsiders(name: str) -> None:
    asked = policy(*CLOSED[name])
    assert list(find_exposures(asked, KEY)) == []
    assert list(find_exposures(asked)) == []


def test_each_statement_is_asked_by_itself() -> None:
    found = list(find_exposures(policy(EVERYONE, allow(), {**EVERYONE, "Action": "kms:Encrypt"})))
    assert [(exposure.statement.index, exposure.actions) for exposure in found] == [
        (0, ("kms:Decrypt",)),
        (2, ("kms:Encrypt",)),
    ]


def test_the_outsider_is_of_an_account_that_the_policy_does_not_name() -> None:
    named = {"StringNotEquals": {"kms:CallerAccount": ["999999999999", "888888888888", "777777777777"]}}
    (exposure,) = find_exposures(policy({**EVERYONE, "Condition": named}))
    assert exposure.witness is not None
    assert not isinstance(exposure.witness.principal, str)
    assert exposure.witness.principal.account == "000000000001"
