"""The time of a service: the wall clock, but never earlier than the highest time that was seen.

The highest time is kept in the database with each change, so that a clock that was set back does not prolong
what has ended: a process goes on from there after a restart, and from what other processes have kept. A clock
that once was far ahead therefore makes the service stand still at that time until it is reached; what is
destroyed on a date is not destroyed while the wall clock says otherwise (`is_set_back`).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kms_core.store.settings import highest_time, keep_highest_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.store.database import Database
    from kms_core.store.prepared import AnyConnection

TOLERANCE = 300.0
"""How many seconds a wall clock may be behind; more is a clock that was set back, or another one ahead."""


class Clock:
    """The time, of one database."""

    def __init__(self, wall: Callable[[], float], database: Database) -> None:
        self._wall = wall
        self._guard = threading.Lock()
        with database.read() as connection:
            self._highest = highest_time(connection)

    def now(self) -> float:
        """The time, in seconds since 1970."""
        return self._seen(self._wall())

    def keep(self, connection: AnyConnection) -> None:
        """Keep the time in the database, and learn what others have kept."""
        keep_highest_time(connection, self.now())
        self._seen(highest_time(connection))

    def is_set_back(self) -> bool:
        """Whether the wall clock is behind the highest time by more than clocks differ."""
        wall = self._wall()
        return self._seen(wall) - wall > TOLERANCE

    def _seen(self, seconds: float) -> float:
        with self._guard:
            self._highest = max(self._highest, seconds)
            return self._highest
