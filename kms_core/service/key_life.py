"""EnableKey, DisableKey, ScheduleKeyDeletion, CancelKeyDeletion, UpdateKeyDescription, GetKeyLastUsage.

https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html and its siblings. In which
states each works and where it leads is `model.key_states`; what happens when the waiting period is over is
`deletion`. Once a change has returned, no call runs that was let in before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.model.key_states import LEADS_TO
from kms_core.model.operations import Operation
from kms_core.service import context
from kms_core.service.parameters import MAX_DESCRIPTION, check_range, check_text
from kms_core.service.results import CancelledDeletion, KeyLastUsage, ScheduledDeletion
from kms_core.store import key_life as rows
from kms_core.store.backing_keys import backing_keys_of
from kms_core.store.last_uses import last_use

if TYPE_CHECKING:
    from kms_core.model.caller import Caller
    from kms_core.model.key import KeyMetadata
    from kms_core.service.core import Core
    from kms_core.service.open_call import Admitted, OpenCall

LEAST_WINDOW = 7
LONGEST_WINDOW = 30
_DAY = 86_400.0


class KeyLifeOperations:
    """What brings keys from state to state."""

    _core: Core

    def enable_key(self, caller: Caller | str, key_id: str) -> None:
        """Let a disabled key be used again; if its rotation is overdue, it is rotated next.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.

        Raises:
            AccessDeniedError, DependencyTimeoutError, InvalidArnError, KMSInvalidStateError, NotFoundError,
            ValidationError, KMSInternalError
        """
        self._switch(Operation.ENABLE_KEY, caller, key_id)

    def disable_key(self, caller: Caller | str, key_id: str) -> None:
        """Let a key not be used until it is enabled.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.

        Raises:
            AccessDeniedError, DependencyTimeoutError, InvalidArnError, KMSInvalidStateError, NotFoundError,
            ValidationError, KMSInternalError
        """
        self._switch(Operation.DISABLE_KEY, caller, key_id)

    def schedule_key_deletion(
        self, caller: Caller | str, key_id: str, *, pending_window_in_days: int | None = None
    ) -> ScheduledDeletion:
        """Let a key not be used, and be deleted for good when a waiting period is over.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            pending_window_in_days: 7 to 30; 30 where it is left out.

        Raises:
            AccessDeniedError, DependencyTimeoutError, InvalidArnError, KMSInvalidStateError, NotFoundError,
            ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.SCHEDULE_KEY_DELETION, caller) as call:
            days = LONGEST_WINDOW if pending_window_in_days is None else pending_window_in_days
            check_range("pendingWindowInDays", days, LEAST_WINDOW, LONGEST_WINDOW)
            reference = core.calls.reference(call, key_id)
            given = context.key_deletion(pending_window_in_days)
            with core.calls.on_key(call, reference, given) as admitted:
                state = LEADS_TO[call.operation][admitted.key.state]
                date = core.clock.now() + days * _DAY
                self._evict(admitted)
                with core.calls.changing(call) as connection:
                    rows.set_state(connection, admitted.key.key_id, state, deletion_date=date)
                return ScheduledDeletion(admitted.key.arn, date, state, days)

    def cancel_key_deletion(self, caller: Caller | str, key_id: str) -> CancelledDeletion:
        """Let a key not be deleted after all. It is disabled then.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.

        Raises:
            AccessDeniedError, DependencyTimeoutError, InvalidArnError, KMSInvalidStateError, NotFoundError,
            ValidationError, KMSInternalError
        """
        return CancelledDeletion(self._switch(Operation.CANCEL_KEY_DELETION, caller, key_id))

    def update_key_description(self, caller: Caller | str, key_id: str, description: str) -> None:
        """Describe a key in other words.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            description: up to 8,192 characters.

        Raises:
            AccessDeniedError, DependencyTimeoutError, InvalidArnError, KMSInvalidStateError, NotFoundError,
            ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.UPDATE_KEY_DESCRIPTION, caller) as call:
            check_text("description", description, 0, MAX_DESCRIPTION)
            reference = core.calls.reference(call, key_id)
            with (
                core.calls.on_key(call, reference, {}) as admitted,
                core.calls.changing(call) as connection,
            ):
                rows.set_description(connection, admitted.key.key_id, description)

    def get_key_last_usage(self, caller: Caller | str, key_id: str) -> KeyLastUsage:
        """Show when a key was last used, and for what.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.

        Raises:
            AccessDeniedError, DependencyTimeoutError, InvalidArnError, NotFoundError, ValidationError,
            KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.GET_KEY_LAST_USAGE, caller) as call:
            reference = core.calls.reference(call, key_id)
            with core.calls.on_key(call, reference, {}) as admitted, core.database.read() as connection:
                key = admitted.key
                use = last_use(connection, key.key_id)
                return KeyLastUsage(key.arn, use, key.uses_known_since, key.creation_date)

    def _switch(self, operation: Operation, caller: Caller | str, key_id: str) -> str:
        """Bring a key to where the operation leads from its state, and give its ARN."""
        core = self._core
        with core.calls.begin(operation, caller) as call:
            reference = core.calls.reference(call, key_id)
            with core.calls.on_key(call, reference, {}) as admitted:
                self._lead_on(call, admitted)
                return admitted.key.arn

    def _lead_on(self, call: OpenCall, admitted: Admitted) -> None:
        key = admitted.key
        state = LEADS_TO[call.operation].get(key.state, key.state)
        if call.operation is Operation.DISABLE_KEY:
            self._evict(admitted)
        with self._core.calls.changing(call) as connection:
            rows.set_state(connection, key.key_id, state)
        if call.operation is Operation.ENABLE_KEY and _is_overdue(key, self._core.clock.now()):
            self._core.bell.set()

    def _evict(self, admitted: Admitted) -> None:
        """Drop a key that nobody may use from the HSM's memory; before the change, which then is the last."""
        with self._core.database.read() as connection:
            materials = backing_keys_of(connection, admitted.key.key_id)
        for material in materials:
            self._core.material.evict(admitted.permit, material)


def _is_overdue(key: KeyMetadata, now: float) -> bool:
    return key.rotation is not None and key.rotation.next_date <= now
