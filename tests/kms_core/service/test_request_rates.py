"""An account that calls more often than it may is throttled, and that is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kms_core.errors import ThrottlingError
from kms_core.model.quotas import Quotas
from kms_core.service import request_rates
from kms_core.service.request_rates import RequestRates

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from kms_core.service import Kms

MINE, OTHER = "111122223333", "444455556666"


def taken(rates: RequestRates, account: str | None, calls: int) -> int:
    """How many of some calls are let through."""
    passed = 0
    for _ in range(calls):
        try:
            rates.count(account)
        except ThrottlingError:
            continue
        passed += 1
    return passed


def test_a_bucket_holds_a_second_and_fills_by_the_rate() -> None:
    now = [100.0]
    rates = RequestRates(4, lambda: now[0])
    assert taken(rates, MINE, 10) == 4
    assert taken(rates, OTHER, 10) == 4
    assert taken(rates, None, 10) == 4
    now[0] += 0.5
    assert taken(rates, MINE, 10) == 2
    now[0] += 3600
    assert taken(rates, MINE, 10) == 4


def test_a_rate_below_one_still_lets_a_call_through() -> None:
    now = [100.0]
    rates = RequestRates(0.5, lambda: now[0])
    assert taken(rates, MINE, 3) == 1
    now[0] += 1.0
    assert taken(rates, MINE, 3) == 0
    now[0] += 1.0
    assert taken(rates, MINE, 3) == 1


def test_without_a_rate_nobody_is_throttled() -> None:
    assert taken(RequestRates(None, lambda: 0.0), MINE, 1000) == 1000


def test_accounts_are_remembered_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_rates, "MOST_ACCOUNTS", 2)
    rates = RequestRates(1, lambda: 0.0)
    assert [taken(rates, account, 2) for account in ("a", "b", "a", "b")] == [1, 1, 0, 0]
    assert [taken(rates, account, 2) for account in ("c", "a")] == [1, 1]


def test_a_throttled_call_is_recorded_and_does_nothing(
    open_service: Callable[..., Kms],
    people: SimpleNamespace,
    key_arn: str,
    audit: Callable[[], list[dict[str, object]]],
) -> None:
    kms = open_service(quotas=Quotas(calls_per_second=0.001))
    kms.describe_key(people.admin, key_arn)
    before = len(audit())
    with pytest.raises(ThrottlingError) as caught:
        kms.encrypt(people.admin, key_arn, b"x")
    assert caught.value.code == "ThrottlingException"
    (record,) = audit()[before:]
    assert (record["kind"], record["error_code"]) == ("refusal", "ThrottlingException")
