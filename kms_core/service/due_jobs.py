"""What is due on a date, a job for each key: the ends of keys and their automatic rotations.

Not when somebody looks (`scheduler`), nor what a job does (`deletion`, `automatic_rotation`).

INVARIANT: a job that fails, with whatever error, keeps no other one from being done, and once the service is
closed no job begins.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from kms_core.errors import ConfigurationError, KmsError, KMSInternalError
from kms_core.service.automatic_rotation import rotate_if_due
from kms_core.service.deletion import delete_if_due
from kms_core.store import key_life, rotation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kms_core.service.core import Core

_LOG = logging.getLogger(__name__)

_JOB = "kmsgate"


class DueJobs:
    """What is done on a date."""

    _core: Core

    def run_due_jobs(self) -> int:
        """Do what is due by now, and say how much that was.

        Keys whose waiting period is over are deleted, what was never finished is ended, and keys whose
        rotation period is over are rotated. What is left when the service is closed meanwhile stays due.

        `open_kms` has it done when something is due (`scheduler`); any process may call it at any time.

        Raises:
            ConfigurationError: the clock is behind the highest time seen, so that nobody knows what is due.
            DependencyTimeoutError, KMSInternalError: something cannot be done now; all the rest was.
        """
        if self._core.closed.is_set():
            return 0
        jobs, done, failures = self._jobs(), 0, []
        for job in jobs:
            if self._core.closed.is_set():
                break
            try:
                done += job()
            except Exception as error:  # noqa: BLE001 - whatever it is, the other jobs are done
                failures.append(_answer(error))
        if failures:
            _LOG.warning("%d of %d due jobs could not be done", len(failures), len(jobs))
            raise failures[0]
        return done

    def _jobs(self) -> Sequence[Callable[[], bool]]:
        core = self._core
        with core.database.write() as connection:
            core.clock.keep(connection)
            now = core.clock.now()
            due = [partial(delete_if_due, core, _JOB, *key) for key in key_life.due(connection, now)]
            due += [partial(rotate_if_due, core, _JOB, *key) for key in rotation.due(connection, now)]
        if core.clock.is_set_back():
            raise ConfigurationError(
                "the clock is behind the highest time that this database has seen",
                help="set the clock; until then no key is deleted or rotated by itself",
            )
        return due

    def _next_due(self) -> float | None:
        with self._core.database.read() as connection:
            dates = (key_life.next_due(connection), rotation.next_due(connection))
        return min((date for date in dates if date is not None), default=None)


def _answer(error: Exception) -> KmsError:
    """What whoever runs the jobs is told of a failure."""
    # the error's own text may quote what it was about, so only its kind is logged
    _LOG.warning("a due job failed with %s", type(error).__name__)
    return error if isinstance(error, KmsError) else KMSInternalError("an internal error ended a due job")
