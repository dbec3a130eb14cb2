"""Where time, ids and randomness outside the HSM come from: one value, handed in, so tests decide them."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _random_uuid() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Sources:
    """Time, ids and randomness.

    Attributes:
        now: the wall clock, in seconds since 1970.
        new_id: a fresh UUID, for keys, calls and writers of the audit log.
        random_bytes: that many unpredictable bytes, for grant ids and tokens; key material never comes from
            here.
    """

    now: Callable[[], float] = time.time
    new_id: Callable[[], str] = _random_uuid
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
