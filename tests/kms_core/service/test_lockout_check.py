"""The lock-out safety check asks about a policy that nobody's call is decided by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kms_core.errors import AccessDeniedError, MalformedPolicyDocumentError
from policy_engine.model.request import Request
from tests.kms_core.service.holders import OTHER, beside_the_admin

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from kms_core.service import Kms
    from policy_engine import KeyRecord
    from policy_engine.model.decision import Decision


def test_no_call_is_decided_by_a_policy_that_is_only_being_checked(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    key_policy: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither while it is checked nor after it was refused."""
    engine = kms._core.engine
    for_app, before = (
        key_policy({"Principal": {"AWS": people.app}}),
        kms.get_key_policy(people.admin, key_arn),
    )
    beside: list[bool] = []
    authorize = engine.authorize

    def check(request: Request, *, key: KeyRecord | None = None) -> Decision:
        decision = authorize(request, key=key)
        if key is not None:
            mine, theirs = (Request(who, "kms:Encrypt", key_arn) for who in (people.admin, people.app))
            beside.extend((authorize(mine).allowed, authorize(theirs).allowed))
        return decision

    monkeypatch.setattr(engine, "authorize", check)
    for _ in range(2):
        with pytest.raises(MalformedPolicyDocumentError, match="in the future"):
            kms.put_key_policy(people.admin, key_arn, for_app)
        with pytest.raises(MalformedPolicyDocumentError, match="in the future"):
            kms.create_key(people.admin, policy=for_app)
        with pytest.raises(AccessDeniedError):
            kms.encrypt(people.app, key_arn, b"x")
    assert beside == [True, False] * 4
    assert engine.keys == (key_arn,)
    assert kms.get_key_policy(people.admin, key_arn) == before


def test_a_new_policy_holds_after_it_was_checked(
    kms: Kms, people: SimpleNamespace, key_arn: str, key_policy: Callable[..., str]
) -> None:
    """What was worked out under the old policy, for the check too, is not asked again."""
    delegation, app = {"Principal": {"AWS": people.root}}, {"Principal": {"AWS": people.app}}
    for _ in range(2):
        kms.put_key_policy(people.admin, key_arn, key_policy(delegation, app))
        assert kms.encrypt(people.app, key_arn, b"x")
        with pytest.raises(MalformedPolicyDocumentError):
            kms.put_key_policy(people.admin, key_arn, key_policy(app))
        kms.put_key_policy(
            people.app, key_arn, key_policy(delegation), bypass_policy_lockout_safety_check=True
        )
        with pytest.raises(AccessDeniedError):
            kms.encrypt(people.app, key_arn, b"x")


def test_the_check_knows_the_aliases(
    open_service: Callable[..., Kms], people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    """Who may put the policy of a key by its alias only is locked out of a key that has none."""
    rights = (
        '{"Effect": "Allow", "Action": "kms:PutKeyPolicy", "Resource": "*", '
        '"Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/orders"}}}'
    )
    kms = open_service(bundle=beside_the_admin(rights))
    delegating = key_policy({"Principal": {"AWS": people.root}})
    naming = key_policy({"Principal": {"AWS": people.root}}, {"Principal": {"AWS": OTHER}})
    key_arn = kms.create_key(people.admin, policy=naming).arn
    with pytest.raises(MalformedPolicyDocumentError, match="in the future"):
        kms.put_key_policy(OTHER, key_arn, delegating)
    kms.create_alias(people.admin, "alias/orders", key_arn)
    kms.put_key_policy(OTHER, key_arn, delegating)
