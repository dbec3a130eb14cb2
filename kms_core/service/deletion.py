"""The end of keys whose waiting period is over, and of what was never finished: an internal job.

Besides, what runs this and all else that is due on a date (`automatic_rotation`).

No caller asks for it. A key ends in three steps, each of which may be the last one that a process comes to;
whoever runs the job next goes on from there. First a commit after which the key exists for no operation, with
its grants, aliases and tags; then the HSM forgets it; then a commit that takes its wrapped material away. The
audit log says so before the first. Another process that still holds the key in its memory cannot use it: no
call comes to it any more. What backups of the database hold is not reached.

A key that a process died while making ends in the same steps, so that an object of the token that no record
names, and none will, is destroyed. It is found by the intent that CreateKey wrote down first, never by what
is in the token: an object that this database knows nothing of may belong to a newer copy of it. Whoever still
makes the key holds its lock.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from kms_core.errors import ConfigurationError, KmsError
from kms_core.hsm.protocol import DISCARD_ACTION
from kms_core.service.automatic_rotation import rotate_if_due
from kms_core.store import key_life, rotation
from kms_core.store.keys import backing_keys_of

if TYPE_CHECKING:
    from kms_core.model.backing_key import BackingKeyRecord
    from kms_core.permit import Permit
    from kms_core.service.core import Core

_LOG = logging.getLogger(__name__)

_JOB = "kmsgate"
_OVER = "the waiting period of the key's deletion is over"
_UNFINISHED = "the key was never finished"


class DueJobs:
    """What is done on a date."""

    _core: Core

    def run_due_jobs(self) -> int:
        """Do what is due by now, and say how much that was.

        Keys whose waiting period is over are deleted, what was never finished is ended, and keys whose
        rotation period is over are rotated.

        `open_kms` has it done when something is due (`scheduler`); any process may call it at any time.

        Raises:
            ConfigurationError: the clock is behind the highest time seen, so that nobody knows what is due.
            DependencyTimeoutError, KMSInternalError: something cannot be done now; all the rest was.
        """
        core = self._core
        with core.database.write() as connection:
            core.clock.keep(connection)
            now = core.clock.now()
            jobs = [partial(self._delete, *key) for key in key_life.due(connection, now)]
            jobs += [partial(rotate_if_due, core, _JOB, *key) for key in rotation.due(connection, now)]
        if core.clock.is_set_back():
            raise ConfigurationError(
                "the clock is behind the highest time that this database has seen",
                help="set the clock; until then no key is deleted or rotated by itself",
            )
        done, failures = 0, []
        for job in jobs:
            try:
                done += job()
            except KmsError as error:
                failures.append(error)
        if failures:
            _LOG.warning("%d of %d due jobs could not be done", len(failures), len(jobs))
            raise failures[0]
        return done

    def _next_due(self) -> float | None:
        with self._core.database.read() as connection:
            dates = (key_life.next_due(connection), rotation.next_due(connection))
        return min((date for date in dates if date is not None), default=None)

    def _delete(self, key_id: str, arn: str) -> bool:
        core = self._core
        with core.access.held(arn, alone=True):
            with core.database.read() as connection:
                if not key_life.is_due(connection, key_id, core.clock.now()):
                    return False  # it was cancelled meanwhile, or another process was faster
                materials = backing_keys_of(connection, key_id)
            reason = _OVER if materials else _UNFINISHED
            with core.gate.serve(_JOB, DISCARD_ACTION, reason, key_arn=arn) as permit:
                with core.database.write() as connection:
                    key_life.end(connection, key_id)
                for material in materials:
                    self._forget(permit, material)
                if not materials:
                    core.hsm.discard_unfiled(permit, key_id)
                with core.database.write() as connection:
                    key_life.erase(connection, key_id)
        return True

    def _forget(self, permit: Permit, material: BackingKeyRecord) -> None:
        self._core.hsm.discard(permit, material)
        self._core.backing_keys.forget(material.key_id, material.id)
