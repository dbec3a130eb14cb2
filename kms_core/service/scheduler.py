"""Due jobs on time: a thread that runs them when something is due, for as long as a service is open.

Not what is due, nor what is done then (`due_jobs`). It looks for the first time when a service has been open
for a while, so that one that is opened for a moment does nothing unasked, and then whenever something is due,
at least once an hour. The shortest waiting and rotation periods are days long, so nobody has to wake it for a
new one, and any number of processes may have one. Only a key that is enabled when its rotation is overdue is
due at once: then who enables it rings the bell. Another process finds it at its next look.

INVARIANT: nothing that goes wrong here ends the thread or reaches a caller; it is logged and tried again.
INVARIANT: nothing runs here once `close` has returned, so that what the jobs work with can be closed then.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from kms_core.errors import KmsCoreError

if TYPE_CHECKING:
    from collections.abc import Callable

_LOG = logging.getLogger(__name__)

FIRST_LOOK = 30.0
SHORTEST_WAIT = 1.0
LONGEST_WAIT = 3600.0
AFTER_FAILURE = 300.0
"""How many seconds it waits, each for its reason."""


class Scheduler:
    """Runs the due jobs of one service.

    Args:
        run: runs what is due, and says how much that was.
        next_due: when something is due next, in seconds since 1970; None where nothing is.
        now: the time that this is measured by.
        bell: what it waits on; whoever rings it has it look at once.
        closed: set by `close`; what runs asks for it, and begins nothing more.
    """

    def __init__(
        self,
        run: Callable[[], int],
        next_due: Callable[[], float | None],
        now: Callable[[], float],
        *,
        bell: threading.Event | None = None,
        closed: threading.Event | None = None,
    ) -> None:
        self._run = run
        self._next_due = next_due
        self._now = now
        self._bell = bell or threading.Event()
        self._closed = closed or threading.Event()
        self._thread = threading.Thread(target=self._loop, name="kmsgate due jobs", daemon=True)

    def start(self) -> None:
        """Begin; once."""
        self._thread.start()

    def close(self) -> None:
        """End, after the job that runs, however long that takes; again, or before it began, does nothing."""
        self._closed.set()
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()  # a job waits for no lock for ever, so neither does this

    def step(self) -> float:
        """Run what is due now, and say for how many seconds to wait; never raises."""
        try:
            if self._seconds_left() <= 0:
                _LOG.info("what was due is done: %d", self._run())
            return max(self._seconds_left(), SHORTEST_WAIT)
        except KmsCoreError as error:
            _LOG.warning("due jobs failed and are tried again in %.0f seconds: %s", AFTER_FAILURE, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread goes on
            # the error's own text may quote what it was about, so only its kind is logged
            _LOG.error("due jobs failed with %s", type(error).__name__)
        return AFTER_FAILURE

    def _seconds_left(self) -> float:
        due = self._next_due()
        return LONGEST_WAIT if due is None else min(due - self._now(), LONGEST_WAIT)

    def _loop(self) -> None:
        self._bell.wait(FIRST_LOOK)
        while True:
            self._bell.clear()  # before a look at what it was rung for, so that no ringing is lost
            if self._closed.is_set():
                return
            self._bell.wait(self.step())
