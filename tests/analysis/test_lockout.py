"""Whether anybody can change a key policy."""

from __future__ import annotations

from typing import Any

import pytest

from policy_engine.analysis.lockout import find_lockout, who_can_administer
from policy_engine.analysis.standpoint import named_accounts, possible_keys
from tests.analysis.policies import ACCOUNT, KEY, OTHER, allow, deny, policy, role

TEAM = "aws:PrincipalTag/team"

SOMEBODY: dict[str, list[dict[str, Any]]] = {
    "the account": [allow()],
    "the account by its number": [allow(Principal={"AWS": ACCOUNT})],
    "one role": [allow(Principal={"AWS": role("admin")})],
    "one user, one action": [allow(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/alice"}, Action="kms:PutKeyPolicy")],
    "one session": [allow(Principal={"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/alice"})],
    "a unique id": [allow(Principal={"AWS": "AROA1EXAMPLEADMIN001"})],
    "everyone": [allow(Principal="*")],
    "everyone of an account": [allow(Principal="*", Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}})],
    "everyone but one": [allow(Principal=None, NotPrincipal={"AWS": role("app")})],
    "an organization": [allow(Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})],
    "a tag": [allow(Condition={"StringLike": {TEAM: "k*"}, "StringNotLike": {TEAM: "k?"}})],
    "only with multi-factor": [allow(), deny(Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})],
    "all but one role denied": [allow(), deny(Condition={"ArnNotLike": {"aws:PrincipalArn": role("Key*")}})],
    "all but one role denied by name": [allow(), deny(Condition={"StringNotEquals": {"aws:PrincipalArn": role("KeyAdmin")}})],
    "all but the root user denied": [allow(), deny(Condition={"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:root"}})],
    "all but users denied": [allow(), deny(Condition={"StringNotEquals": {"aws:PrincipalType": "User"}})],
    "all but one denied by NotPrincipal": [allow(), deny(Principal=None, NotPrincipal={"AWS": [role("admin"), f"arn:aws:iam::{ACCOUNT}:root"]})],
    "its own key only": [allow(Resource=KEY)],
    "keys of a Region": [allow(Resource=f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/*")],
    "an action pattern": [allow(Action="kms:P?t*")],
    "all actions but some": [allow(Action=None, NotAction="kms:Decrypt")],
}  # fmt: skip
NOBODY: dict[str, list[dict[str, Any]]] = {
    "no statement": [],
    "only use": [allow(Action=["kms:Encrypt", "kms:Decrypt"])],
    "no resource": [{k: v for k, v in allow().items() if k != "Resource"}],
    "an alias": [allow(Resource=f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/orders")],
    "a service": [allow(Principal={"Service": "s3.amazonaws.com"})],
    "denied": [allow(), deny()],
    "denied to the account": [allow(Principal={"AWS": role("admin")}), deny(Principal={"AWS": ACCOUNT})],
    "contradiction": [allow(Condition={"StringEquals": {TEAM: "a"}, "StringLike": {TEAM: "b*"}})],
    "contradiction of pattern and length": [allow(Condition={"StringLike": {TEAM: "??"}, "StringLikeIfExists": {TEAM: "???"}})],
    "contradiction with Null": [allow(Condition={"StringEquals": {TEAM: "a"}, "Null": {TEAM: "true"}})],
    "no values": [allow(Condition={"StringEquals": {TEAM: []}})],
    "a key that the action never carries": [allow(Condition={"StringEquals": {"kms:EncryptionContext:tenant": "acme"}})],
    "denied either way": [allow(), deny(Condition={"Null": {TEAM: "true"}}), deny(Condition={"StringLike": {TEAM: "*"}})],
    "an account that the key is not in": [allow(Condition={"StringEquals": {"kms:CallerAccount": "notanaccount"}})],
    "only another account's role by its ARN": [allow(Condition={"ArnEquals": {"aws:PrincipalArn": role("admin", OTHER)}})],
    "via a service that is none of two": [allow(Condition={"StringEquals": {"kms:ViaService": "a"}, "StringNotLike": {"kms:ViaService": "?"}})],
}  # fmt: skip


def written(statements: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - as policy
    return policy(*({k: v for k, v in s.items() if v is not None} for s in statements))


@pytest.mark.parametrize("name", SOMEBODY)
def test_somebody_can(name: str) -> None:
    asked = written(SOMEBODY[name])
    assert find_lockout(asked) is None
    witness = who_can_administer(asked).witness
    assert witness is not None
    assert witness.action == "kms:PutKeyPolicy"


@pytest.mark.parametrize("name", NOBODY)
def test_nobody_can(name: str) -> None:
    lockout = find_lockout(written(NOBODY[name]))
    assert lockout is not None
    assert lockout.complete


def test_the_denies_to_blame() -> None:
    harmless = deny(Action="kms:Decrypt")
    alone = find_lockout(policy(allow(), harmless, deny(Action="kms:Put*")))
    assert alone is not None
    assert [statement.index for statement in alone.denies] == [2]
    mfa = "aws:MultiFactorAuthPresent"
    together = find_lockout(
        policy(
            allow(),
            deny(Condition={"Bool": {mfa: "true"}}),
            deny(Condition={"BoolIfExists": {mfa: "false"}}),
            deny(),
        )
    )
    assert together is not None
    assert [statement.index for statement in together.denies] == [1, 2, 3]
    nothing_allows = find_lockout(policy(allow(Action="kms:Decrypt"), deny()))
    assert nothing_allows is not None
    assert nothing_allows.denies == ()


def test_where_the_key_is_known_only_its_account_counts() -> None:
    foreign = policy(allow(Principal={"AWS": OTHER}))
    assert find_lockout(foreign) is None
    assert find_lockout(foreign, KEY) is not None
    assert find_lockout(policy(allow()), KEY) is None


def test_where_the_key_is_known_a_resource_that_names_another_gives_nothing() -> None:
    other = policy(allow(Resource=KEY.replace("1234abcd", "9999abcd")))
    assert find_lockout(other) is None
    assert find_lockout(other, KEY) is not None


def test_standpoints() -> None:
    asked = policy(
        allow(Principal={"AWS": [role("a"), OTHER]}, Resource="arn:aws:kms:*:777788889999:key/*"),
        allow(Principal="*", Condition={"StringEquals": {"kms:CallerAccount": "000011112222"}}),
    )
    assert named_accounts(asked) == (ACCOUNT, OTHER, "777788889999", "000011112222")
    keys = possible_keys(asked)
    assert keys[0].startswith("arn:aws:kms:us-east-1:777788889999:key/")
    assert {key.split(":")[4] for key in keys} == {ACCOUNT, OTHER, "777788889999", "000011112222"}
    assert possible_keys(asked, KEY) == (KEY,)


def test_the_partition_is_that_of_the_principals() -> None:
    china = policy(allow(Principal={"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"}))
    assert possible_keys(china)[0].startswith("arn:aws-cn:kms:")
    assert find_lockout(china) is None
