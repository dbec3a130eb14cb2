"""Identity policies that a key policy does not let count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine import Bundle, KeyRecord, Outcome, PolicyEngine, PrincipalRecord
from policy_engine.analysis.inert_allows import find_inert_allows
from policy_engine.model.bundle import GroupRecord, Organization
from policy_engine.model.policy import PolicyKind
from tests.analysis.policies import ACCOUNT, KEY, ROOT, allow, policy, role

if TYPE_CHECKING:
    from policy_engine.analysis.inert_allows import InertAllow
    from policy_engine.model.policy import Policy

CLOSED = policy(allow(Principal={"AWS": role("admin")}))
OPEN = policy(allow())
OTHER_KEY = KEY.replace("1234abcd", "9999abcd")
GROUP = f"arn:aws:iam::{ACCOUNT}:group/Developers"


def identity(**elements: object) -> Policy:
    return policy(
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY, **elements}, kind=PolicyKind.IDENTITY
    )


def inert(
    *policies: Policy,
    keys: dict[str, Policy | None] | None = None,
    permissions_boundary: Policy | None = None,
) -> list[InertAllow]:
    records = {arn: KeyRecord(arn, policy=p) for arn, p in (keys or {KEY: CLOSED}).items()}
    record = PrincipalRecord(
        role("app"), identity_policies=policies, permissions_boundary=permissions_boundary
    )
    return list(find_inert_allows(Bundle(keys=records, principals={role("app"): record})))


def test_an_allow_without_delegation_is_inert_and_its_witness_is_denied() -> None:
    (found,) = inert(identity())
    engine = PolicyEngine(
        Bundle(
            keys={KEY: KeyRecord(KEY, policy=CLOSED)},
            principals={role("app"): PrincipalRecord(role("app"), identity_policies=(identity(),))},
        )
    )
    assert engine.authorize(found.witness).outcome is Outcome.IMPLICIT_DENY
    assert found.action[0] == "kms:Decrypt"
    assert [key.arn for key in found.keys] == [KEY]


def test_what_is_delegated_is_not_inert() -> None:
    assert inert(identity(), keys={KEY: OPEN}) == []
    assert inert(identity(Resource="*"), keys={KEY: CLOSED, OTHER_KEY: OPEN}) == []
    partly = policy(allow(Principal=ROOT, Action="kms:De*"))
    assert inert(identity(), keys={KEY: partly}) == []
    assert [
        found.action[0]
        for found in inert(identity(Action=["kms:Decrypt", "kms:Encrypt"]), keys={KEY: partly})
    ] == ["kms:Encrypt"]


def test_a_wildcard_counts_only_where_nothing_of_it_has_effect() -> None:
    metadata = policy(allow(Principal={"AWS": role("admin")}), allow(Action="kms:Describe*"))
    assert inert(identity(Action="kms:*"), keys={KEY: metadata}) == []
    assert [found.action[0] for found in inert(identity(Action="kms:*"))] == ["kms:*"]
    all_but = policy({"Effect": "Allow", "NotAction": "s3:*", "Resource": KEY}, kind=PolicyKind.IDENTITY)
    assert [found.action[0] for found in inert(all_but)] == ["NotAction"]


def test_a_delegation_under_a_condition_that_can_be_met_counts() -> None:
    via = policy(allow(Condition={"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}))
    assert inert(identity(), keys={KEY: via}) == []
    never = policy(
        allow(Condition={"StringEquals": {"kms:ViaService": "a"}, "StringNotEquals": {"kms:ViaService": "a"}})
    )
    assert len(inert(identity(), keys={KEY: never})) == 1


def test_what_something_else_takes_away_is_not_blamed_on_the_key_policy() -> None:
    assert inert(identity(), identity(Effect="Deny")) == []
    assert (
        inert(
            identity(),
            permissions_boundary=policy(
                {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, kind=PolicyKind.BOUNDARY
            ),
        )
        == []
    )
    scp = policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, kind=PolicyKind.SCP)
    bundle = Bundle(
        keys={KEY: KeyRecord(KEY, policy=CLOSED)},
        principals={role("app"): PrincipalRecord(role("app"), identity_policies=(identity(),))},
        organization=Organization(service_control_policies={ACCOUNT: ((scp,),)}),
    )
    assert list(find_inert_allows(bundle)) == []


def test_keys_of_other_accounts_and_keys_without_a_policy_are_not_asked() -> None:
    elsewhere = KEY.replace(ACCOUNT, "444455556666")
    assert inert(identity(Resource="*"), keys={elsewhere: CLOSED}) == []
    assert inert(identity(), keys={KEY: None}) == []


def test_the_policies_of_groups_are_asked_for_each_member() -> None:
    users = {
        f"arn:aws:iam::{ACCOUNT}:user/{name}": PrincipalRecord(
            f"arn:aws:iam::{ACCOUNT}:user/{name}", groups=(GROUP,)
        )
        for name in ("a", "b")
    }
    bundle = Bundle(
        keys={KEY: KeyRecord(KEY, policy=CLOSED)},
        principals=users,
        groups={GROUP: GroupRecord(GROUP, (identity(),))},
    )
    assert [found.principal for found in find_inert_allows(bundle)] == list(users)
