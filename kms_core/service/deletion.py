"""The end of keys whose waiting period is over, and of what was never finished: an internal job.

Not who runs it when (`due_jobs`, `scheduler`); no caller asks for it. A key ends in three steps, each of
which may be the last one that a process comes to; whoever runs the job next goes on from there. First a
commit after which the key exists for no operation, with its grants, aliases and tags; then the HSM forgets
it; then a commit that takes its wrapped material away. The audit log says so before the first. Another
process that still holds the key in its memory cannot use it: no call comes to it any more. What backups of
the database hold is not reached.

A key that a process died while making ends in the same steps, so that an object of the token that no record
names, and none will, is destroyed. It is found by the intent that CreateKey wrote down first, never by what
is in the token: an object that this database knows nothing of may belong to a newer copy of it. Whoever still
makes the key holds its lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.hsm.protocol import DISCARD_ACTION
from kms_core.store import key_life
from kms_core.store.backing_keys import backing_keys_of

if TYPE_CHECKING:
    from kms_core.service.core import Core

_OVER = "the waiting period of the key's deletion is over"
_UNFINISHED = "the key was never finished"


def delete_if_due(core: Core, job: str, key_id: str, arn: str) -> bool:
    """End a key, unless it is not due any more; whether it was.

    Raises:
        DependencyTimeoutError: calls hold the key for too long.
        KMSInternalError: the HSM or the store fails; then it is still due.
    """
    with core.access.held(arn, alone=True):
        with core.database.read() as connection:
            if not key_life.is_due(connection, key_id, core.clock.now()):
                return False  # it was cancelled meanwhile, or another process was faster
            materials = backing_keys_of(connection, key_id)
        reason = _OVER if materials else _UNFINISHED
        with core.gate.serve(job, DISCARD_ACTION, reason, key_arn=arn) as permit:
            with core.database.write() as connection:
                key_life.end(connection, key_id)
            for material in materials:
                core.hsm.discard(permit, material)
                core.backing_keys.forget(material.key_id, material.id)
            if not materials:
                core.hsm.discard_unfiled(permit, key_id)
            with core.database.write() as connection:
                key_life.erase(connection, key_id)
    return True
