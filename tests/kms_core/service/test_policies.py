from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import (
    AccessDeniedError,
    InvalidMarkerError,
    KMSInternalError,
    LimitExceededError,
    MalformedPolicyDocumentError,
    NotFoundError,
    ValidationError,
)
from kms_core.model.caller import Caller
from kms_core.service.key_policies import MOST_REMEMBERED, read_key_policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from kms_core.service import Kms


def test_a_policy_comes_back_to_the_letter(
    kms: Kms, people: SimpleNamespace, key_arn: str, key_policy: Callable[..., str]
) -> None:
    text = key_policy({"Principal": {"AWS": people.root}}) + "\n  "
    kms.put_key_policy(people.admin, key_arn, text)

    answer = kms.get_key_policy(people.admin, key_arn)
    assert (answer.policy, answer.policy_name) == (text, "default")


def test_a_new_policy_holds_from_the_next_call_on(
    kms: Kms, people: SimpleNamespace, key_arn: str, key_policy: Callable[..., str]
) -> None:
    delegation = {"Principal": {"AWS": people.root}}
    with pytest.raises(AccessDeniedError):
        kms.encrypt(people.app, key_arn, b"x")

    kms.put_key_policy(people.admin, key_arn, key_policy(delegation, {"Principal": {"AWS": people.app}}))
    assert kms.encrypt(people.app, key_arn, b"x")

    kms.put_key_policy(people.admin, key_arn, key_policy(delegation))
    with pytest.raises(AccessDeniedError):
        kms.encrypt(people.app, key_arn, b"x")


def test_another_process_sees_a_new_policy_on_its_next_call(
    open_service: Callable[..., Kms], people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    here, there = open_service(), open_service()
    key_arn = here.create_key(people.admin).arn
    with pytest.raises(AccessDeniedError):
        there.encrypt(people.app, key_arn, b"x")

    here.put_key_policy(
        people.admin,
        key_arn,
        key_policy({"Principal": {"AWS": people.root}}, {"Principal": {"AWS": people.app}}),
    )
    assert there.encrypt(people.app, key_arn, b"x")
    there.create_grant(people.admin, key_arn, people.app, ["Decrypt"])
    assert len(here.list_grants(people.app, key_arn).grants) == 1


def test_a_change_waits_for_the_calls_that_were_let_in_and_keeps_later_ones_out(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """INVARIANT: once PutKeyPolicy has returned, nothing runs under the old policy."""
    delegation = {"Principal": {"AWS": people.root}}
    both = key_policy(delegation, {"Principal": {"AWS": people.app}})
    key_arn = kms.create_key(people.admin, policy=both).arn
    inside, go_on = threading.Event(), threading.Event()
    order: list[str] = []
    encrypt = type(kms._core.material).encrypt

    def slow(self: object, *args: object) -> object:
        inside.set()
        assert go_on.wait(10)
        order.append("encrypted")
        return encrypt(self, *args)

    monkeypatch.setattr(type(kms._core.material), "encrypt", slow)

    def change() -> None:
        kms.put_key_policy(people.admin, key_arn, key_policy(delegation))
        order.append("changed")

    user = threading.Thread(target=kms.encrypt, args=(people.app, key_arn, b"x"))
    changer = threading.Thread(target=change)
    user.start()
    assert inside.wait(10)
    changer.start()
    changer.join(0.2)
    assert changer.is_alive()
    go_on.set()
    user.join(10)
    changer.join(10)
    assert order == ["encrypted", "changed"]
    with pytest.raises(AccessDeniedError):
        kms.encrypt(people.app, key_arn, b"x")


def test_a_policy_that_locks_the_caller_out_changes_nothing(
    kms: Kms, people: SimpleNamespace, key_arn: str, key_policy: Callable[..., str]
) -> None:
    before = kms.get_key_policy(people.admin, key_arn)
    lockout = key_policy({"Principal": {"AWS": people.app}})

    with pytest.raises(MalformedPolicyDocumentError, match="in the future"):
        kms.put_key_policy(people.admin, key_arn, lockout)
    assert kms.get_key_policy(people.admin, key_arn) == before

    kms.put_key_policy(people.admin, key_arn, lockout, bypass_policy_lockout_safety_check=True)
    with pytest.raises(AccessDeniedError):
        kms.get_key_policy(people.admin, key_arn)


def test_identity_policies_count_for_the_lockout_check_where_the_new_policy_delegates(
    kms: Kms, people: SimpleNamespace, key_arn: str, key_policy: Callable[..., str]
) -> None:
    """Rule 33: admin's identity policy allows PutKeyPolicy, app has none; the policy lets both put this one."""
    both = {"Principal": {"AWS": [people.admin, people.app]}}
    kms.put_key_policy(people.admin, key_arn, key_policy(both))
    delegating = key_policy({"Principal": {"AWS": people.root}})
    for action in ("kms:Encrypt", "kms:Put*"):
        narrow = key_policy({"Principal": {"AWS": people.root}, "Action": action})
        with pytest.raises(MalformedPolicyDocumentError, match="in the future"):
            kms.put_key_policy(people.app, key_arn, narrow)
    with pytest.raises(MalformedPolicyDocumentError, match="in the future"):
        kms.put_key_policy(people.app, key_arn, delegating)
    with pytest.raises(MalformedPolicyDocumentError, match="in the future"):
        kms.put_key_policy(
            people.admin, key_arn, key_policy({"Principal": {"AWS": people.root}, "Action": "kms:Encrypt"})
        )
    kms.put_key_policy(people.admin, key_arn, delegating)


def test_a_deny_that_comes_with_the_policy_counts_for_the_lockout_check(
    kms: Kms, people: SimpleNamespace, key_arn: str, key_policy: Callable[..., str]
) -> None:
    rule, deny = {"Principal": {"AWS": people.root}}, {"Effect": "Deny", "Action": "kms:PutKeyPolicy"}
    with pytest.raises(MalformedPolicyDocumentError, match="in the future"):
        kms.put_key_policy(people.admin, key_arn, key_policy(rule, {**deny, "Principal": "*"}))
    kms.put_key_policy(people.admin, key_arn, key_policy(rule, {**deny, "Principal": {"AWS": people.app}}))


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:role/*"}}, "<key policy>:1:"),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:group/staff"}}, "<key policy>:1:"),
        ({"Principal": {"AWS": "nobody"}}, "<key policy>:1:"),
        ({"Principal": {"Robot": "x"}}, "<key policy>:1:"),
        ({"Principal": "arn:aws:iam::111122223333:root"}, "<key policy>:1:"),
        ({}, "<key policy>:1:"),
        ({"Principal": "*", "Sid": "snow \u2603"}, "U\\+2603"),
    ],
)
def test_a_principal_or_character_that_may_not_be_is_refused_with_its_place(
    kms: Kms, people: SimpleNamespace, key_arn: str, statement: dict[str, object], says: str
) -> None:
    full = {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*", **statement}
    rule = {"Effect": "Allow", "Principal": {"AWS": people.root}, "Action": "kms:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [rule, full]}, ensure_ascii=False)
    with pytest.raises(MalformedPolicyDocumentError, match=says):
        kms.put_key_policy(people.admin, key_arn, text)


def test_texts_are_remembered_that_are_policies_and_no_others(key_policy: Callable[..., str]) -> None:
    text = key_policy({"Principal": "*"})
    assert read_key_policy(text) is read_key_policy(text)
    for number in range(2 * MOST_REMEMBERED):
        assert read_key_policy(f"{text}{' ' * number}").digest == read_key_policy(text).digest
    read = read_key_policy.cache_info()
    assert read.currsize == MOST_REMEMBERED
    for _ in range(2):
        with pytest.raises(MalformedPolicyDocumentError):
            read_key_policy(text[:-1])
    assert read_key_policy.cache_info().currsize == MOST_REMEMBERED
    assert read_key_policy.cache_info().hits == read.hits


def test_grants_do_not_count_for_the_lockout_check(
    kms: Kms, people: SimpleNamespace, key_arn: str, key_policy: Callable[..., str]
) -> None:
    kms.create_grant(people.admin, key_arn, people.admin, ["Decrypt", "CreateGrant"])
    with pytest.raises(MalformedPolicyDocumentError):
        kms.put_key_policy(people.admin, key_arn, key_policy({"Principal": {"AWS": people.app}}))


def test_whether_the_check_is_bypassed_is_a_condition_key(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    """AWS's own example: bypassing is denied with the key true, a parameter that was left out is no bypass."""
    policy = key_policy(
        {"Principal": {"AWS": people.root}},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "kms:PutKeyPolicy",
            "Condition": {"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "true"}},
        },
    )
    key_arn = kms.create_key(people.admin, policy=policy).arn

    kms.put_key_policy(people.admin, key_arn, policy)
    kms.put_key_policy(people.admin, key_arn, policy, bypass_policy_lockout_safety_check=False)
    with pytest.raises(AccessDeniedError, match="explicit deny"):
        kms.put_key_policy(people.admin, key_arn, policy, bypass_policy_lockout_safety_check=True)


def test_a_key_has_one_policy_by_name(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    answer = kms.list_key_policies(people.admin, key_arn)
    assert (answer.policy_names, answer.truncated) == (("default",), False)
    with pytest.raises(AccessDeniedError):
        kms.list_key_policies(people.app, key_arn)
    with pytest.raises(InvalidMarkerError):
        kms.list_key_policies(people.admin, key_arn, marker="default")
    with pytest.raises(ValidationError, match="'limit'"):
        kms.list_key_policies(people.admin, key_arn, limit=1001)


@pytest.mark.parametrize(
    ("operator", "key", "refused"),
    [
        ("ForAllValues:StringEquals", "kms:EncryptionContext:tenant", True),
        ("forallvalues:stringlikeifexists", "KMS:encryptioncontext:tenant", True),
        ("ForAllValues:StringEquals", "aws:RequestTag/team", True),
        ("ForAnyValue:StringEquals", "kms:EncryptionContext:tenant", False),
        ("StringEquals", "kms:EncryptionContext:tenant", False),
        ("ForAllValues:StringEquals", "kms:EncryptionContextKeys", False),
        ("ForAllValues:StringEquals", "aws:TagKeys", False),
    ],
)
def test_an_overly_permissive_condition_is_refused_with_its_place(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    key_policy: Callable[..., str],
    *,
    operator: str,
    key: str,
    refused: bool,
) -> None:
    """AWS KMS Developer Guide, kms:EncryptionContext: ForAllValues is refused in CreateKey and PutKeyPolicy."""
    condition = {"Principal": {"AWS": people.app}, "Condition": {operator: {key: "x"}}}
    text = key_policy({"Principal": {"AWS": people.root}}, condition)
    if not refused:
        kms.put_key_policy(people.admin, key_arn, text)
        return
    for call in (
        lambda: kms.put_key_policy(people.admin, key_arn, text),
        lambda: kms.create_key(people.admin, policy=text),
    ):
        with pytest.raises(MalformedPolicyDocumentError, match=r"<key policy>:1:.*OverlyPermissiveCondition"):
            call()


def test_time_is_told_by_the_services_clock(
    kms: Kms, people: SimpleNamespace, key_arn: str, key_policy: Callable[..., str]
) -> None:
    """What the caller says of the time does not count; the tests' clock stands in November 2026."""
    for year, allowed in (("2026-01-01T00:00:00Z", False), ("2099-01-01T00:00:00Z", True)):
        closed = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "kms:Encrypt",
            "Condition": {"DateGreaterThan": {"aws:CurrentTime": year}},
        }
        kms.put_key_policy(people.admin, key_arn, key_policy({"Principal": {"AWS": people.root}}, closed))
        caller = Caller(people.admin, session_context={"aws:CurrentTime": "2020-01-01T00:00:00Z"})
        if allowed:
            assert kms.encrypt(caller, key_arn, b"x")
        else:
            with pytest.raises(AccessDeniedError):
                kms.encrypt(caller, key_arn, b"x")


@pytest.mark.parametrize("name", ["AWS_RAM", "other"])
def test_there_is_no_other_policy_than_default(
    kms: Kms, people: SimpleNamespace, key_arn: str, key_policy: Callable[..., str], name: str
) -> None:
    with pytest.raises(NotFoundError, match="No such policy exists"):
        kms.get_key_policy(people.admin, key_arn, policy_name=name)
    with pytest.raises(NotFoundError, match="No such policy exists"):
        kms.put_key_policy(people.admin, key_arn, key_policy({"Principal": "*"}), policy_name=name)


@pytest.mark.parametrize(
    ("text", "error"), [("[]", MalformedPolicyDocumentError), ("{}" + " " * 32_768, LimitExceededError)]
)
def test_a_text_that_is_no_policy(
    kms: Kms, people: SimpleNamespace, key_arn: str, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        kms.put_key_policy(people.admin, key_arn, text)


def test_a_statement_without_resource_is_taken_and_has_no_effect(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    policy = (
        '{"Version": "2012-10-17", "Statement": ['
        f'{{"Effect": "Allow", "Principal": {{"AWS": "{people.root}"}}, "Action": "kms:*", "Resource": "*"}},'
        f'{{"Effect": "Allow", "Principal": {{"AWS": "{people.app}"}}, "Action": "kms:*"}}]}}'
    )
    kms.put_key_policy(people.admin, key_arn, policy)
    with pytest.raises(AccessDeniedError):
        kms.encrypt(people.app, key_arn, b"x")


def test_a_stored_policy_that_was_changed_is_not_used(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    policy = key_policy({"Principal": {"AWS": people.root}})
    key_arn = kms.create_key(people.admin, policy=policy).arn
    with kms._core.database.write() as connection:
        connection.exec_driver_sql("UPDATE policies SET text = replace(text, 'root', 'user/eve')")

    with pytest.raises(KMSInternalError, match="not what it was"):
        kms.encrypt(people.admin, key_arn, b"x")
