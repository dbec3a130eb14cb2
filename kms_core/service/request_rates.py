"""How often an account may call: AWS KMS's request quotas, as one rate for each account.

https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html: calls beyond the quota are
throttled, whoever makes them. A bucket of tokens fills by the rate and holds a second's worth. It is kept in
this process alone; of several each has its own.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kms_core.errors import ThrottlingError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_ACCOUNTS = 10_000
"""How many accounts are remembered; one more, and all begin anew with a full bucket."""


class RequestRates:
    """The rates at which accounts call.

    Args:
        per_second: how many calls an account may make in a second; None for as many as it likes.
        now: the time, in seconds; it never goes back.
    """

    def __init__(self, per_second: float | None, now: Callable[[], float]) -> None:
        self._per_second = per_second
        self._now = now
        self._guard = threading.Lock()
        self._buckets: dict[str | None, tuple[float, float]] = {}

    def count(self, account: str | None) -> None:
        """Count a call of an account.

        Args:
            account: the caller's; None for services and others that have none, which share a bucket.

        Raises:
            ThrottlingError: it calls more often than it may.
        """
        rate = self._per_second
        if rate is None:
            return
        now, most = self._now(), max(rate, 1.0)
        with self._guard:
            if len(self._buckets) >= MOST_ACCOUNTS and account not in self._buckets:
                self._buckets.clear()
            left, since = self._buckets.get(account, (most, now))
            left = min(most, left + (now - since) * rate)
            self._buckets[account] = (left - 1.0 if left >= 1.0 else left, now)
        if left < 1.0:
            raise ThrottlingError(
                "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
            )
