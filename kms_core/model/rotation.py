"""Rotation: a key's backing keys one after another, and when the next one is due.

Not how a rotation is made (`service.rotation`, `service.automatic_rotation`).
https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DEFAULT_PERIOD = 365
"""The rotation period in days, where EnableKeyRotation names none."""

_DAY = 86_400.0


class RotationType(StrEnum):
    """Why a key was rotated: its date had come, or somebody asked for it."""

    AUTOMATIC = "AUTOMATIC"
    ON_DEMAND = "ON_DEMAND"


class KeyMaterialState(StrEnum):
    """What a backing key is used for: CURRENT encrypts and decrypts, NON_CURRENT decrypts."""

    CURRENT = "CURRENT"
    NON_CURRENT = "NON_CURRENT"


@dataclass(frozen=True, slots=True)
class RotationSchedule:
    """Automatic rotation that is enabled: its period in days, and its next date in seconds since 1970."""

    period_in_days: int
    next_date: float

    @classmethod
    def starting(cls, now: float, period_in_days: int) -> RotationSchedule:
        """The schedule whose first date is a period from now."""
        return cls(period_in_days, now + period_in_days * _DAY)


@dataclass(frozen=True, slots=True)
class RotationRecord:
    """One backing key of a key, and the rotation that made it the current one.

    Attributes:
        number: 0 for the backing key that the key was made with, then 1, 2 and so on.
        backing_key_id: the backing key.
        date: when it became the current one, in seconds since 1970; None for the first.
        type: why; None for the first.
    """

    number: int
    backing_key_id: str
    date: float | None = None
    type: RotationType | None = None
