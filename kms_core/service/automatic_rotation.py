"""Rotation of a key whose date has come: an internal job.

Not who runs it when (`due_jobs`, `scheduler`), nor what enables it (`rotation`). The new backing key is made
in the HSM and comes out wrapped; one commit files it, makes it the current one, sets the next date and holds
the audit record. A process that dies before that commit has changed nothing, and the key is still due.

A key that is disabled or pending deletion is not rotated. Its date stays, so that one that has passed is made
up for, once, when the key is enabled; the next is a period after that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.hsm.protocol import ROTATE_ACTION
from kms_core.model.rotation import RotationSchedule, RotationType
from kms_core.store import keys
from kms_core.store import rotation as rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from kms_core.model.backing_key import BackingKeyRecord
    from kms_core.permit import Permit
    from kms_core.service.core import Core


def rotate_if_due(core: Core, job: str, key_id: str, arn: str) -> bool:
    """Rotate a key, unless it is not due any more; whether it was.

    Raises:
        DependencyTimeoutError: calls hold the key for too long.
        KMSInternalError: the HSM or the store fails; then it is still due.
    """
    with core.access.held(arn, alone=True):
        now = core.clock.now()
        with core.database.read() as connection:
            found = keys.find_by_id(connection, key_id) if rows.is_due(connection, key_id, now) else None
        if found is None or found.metadata.rotation is None:
            return False  # it was disabled meanwhile, or another process was faster
        key, days = found.metadata, found.metadata.rotation.period_in_days

        def make(permit: Permit) -> BackingKeyRecord:
            return core.material.generate(permit, arn, key_id, spec=key.spec.value, usage=key.usage.value)

        def keep(connection: Connection, material: BackingKeyRecord) -> None:
            rows.rotate(connection, material, RotationType.AUTOMATIC, now)
            rows.set_schedule(connection, key_id, RotationSchedule.starting(now, days))

        reason = f"the key's rotation period of {days} days is over"
        core.gate.serve_change(job, ROTATE_ACTION, reason, key_arn=arn, make=make, keep=keep)
    return True
