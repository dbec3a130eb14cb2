"""EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations.

https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html and its siblings. Not what is
done when a key's date has come (`automatic_rotation`). A rotation is made before the call returns, so none is
ever seen in progress: whatever is encrypted after that is under the new backing key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.errors import ConflictError, LimitExceededError, UnsupportedOperationError
from kms_core.model.key import KeyOrigin, KeySpec
from kms_core.model.key_states import DELETION
from kms_core.model.operations import Operation
from kms_core.model.rotation import DEFAULT_PERIOD, KeyMaterialState, RotationSchedule, RotationType
from kms_core.service import context
from kms_core.service.pages import Pages
from kms_core.service.parameters import check_choice, check_range
from kms_core.service.results import KeyRotationStatus, ListedRotation, RotatedKey, RotationPage
from kms_core.store import rotation as rows

if TYPE_CHECKING:
    from kms_core.model.caller import Caller
    from kms_core.model.key import KeyMetadata
    from kms_core.model.rotation import RotationRecord
    from kms_core.service.core import Core

SHORTEST_PERIOD = 90
LONGEST_PERIOD = 2560
ALL_KEY_MATERIAL = "ALL_KEY_MATERIAL"
ROTATIONS_ONLY = "ROTATIONS_ONLY"
_MAX_PAGE = 1_000
_PAGE = 100

CONFLICT_SECONDS = 20 * 60.0
"""For so long before an automatic rotation, and until it is made, a key is not rotated on demand."""


class RotationOperations:
    """What rotates keys."""

    _core: Core

    def enable_key_rotation(
        self, caller: Caller | str, key_id: str, *, rotation_period_in_days: int | None = None
    ) -> None:
        """Let a key rotate by itself, for the first time a period from now.

        A call that changes nothing leaves the next date as it is. Another period counts from now on, as if
        rotation had been disabled before; the API reference is silent about that.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            rotation_period_in_days: 90 to 2,560; 365 where it is left out.

        Raises:
            UnsupportedOperationError: the key is not for symmetric encryption, or was not made here.
            AccessDeniedError, DependencyTimeoutError, DisabledError, InvalidArnError, KMSInvalidStateError,
            NotFoundError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.ENABLE_KEY_ROTATION, caller) as call:
            days = DEFAULT_PERIOD if rotation_period_in_days is None else rotation_period_in_days
            check_range("rotationPeriodInDays", days, SHORTEST_PERIOD, LONGEST_PERIOD)
            reference = core.calls.reference(call, key_id)
            given = context.key_rotation(rotation_period_in_days)
            with core.calls.on_key(call, reference, given) as admitted:
                _require_rotatable(admitted.key)
                before = admitted.key.rotation
                if before is not None and before.period_in_days == days:
                    return
                schedule = RotationSchedule.starting(core.clock.now(), days)
                with core.calls.changing(call) as connection:
                    rows.set_schedule(connection, admitted.key.key_id, schedule)

    def disable_key_rotation(self, caller: Caller | str, key_id: str) -> None:
        """Let a key no longer rotate by itself; it can still be rotated on demand.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.

        Raises:
            UnsupportedOperationError: the key is not for symmetric encryption, or was not made here.
            AccessDeniedError, DependencyTimeoutError, DisabledError, InvalidArnError, KMSInvalidStateError,
            NotFoundError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.DISABLE_KEY_ROTATION, caller) as call:
            reference = core.calls.reference(call, key_id)
            with core.calls.on_key(call, reference, {}) as admitted:
                _require_rotatable(admitted.key)
                with core.calls.changing(call) as connection:
                    rows.set_schedule(connection, admitted.key.key_id, None)

    def get_key_rotation_status(self, caller: Caller | str, key_id: str) -> KeyRotationStatus:
        """Show whether a key rotates by itself, and when next. While it is pending deletion it does not.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.

        Raises:
            UnsupportedOperationError: the key is not for symmetric encryption, or was not made here.
            AccessDeniedError, DependencyTimeoutError, InvalidArnError, KMSInvalidStateError, NotFoundError,
            ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.GET_KEY_ROTATION_STATUS, caller) as call:
            reference = core.calls.reference(call, key_id)
            with core.calls.on_key(call, reference, {}) as admitted:
                key = admitted.key
                _require_rotatable(key)
                if key.rotation is None or key.state in DELETION:
                    return KeyRotationStatus(key.key_id, key_rotation_enabled=False)
                return KeyRotationStatus(
                    key.key_id,
                    key_rotation_enabled=True,
                    rotation_period_in_days=key.rotation.period_in_days,
                    next_rotation_date=key.rotation.next_date,
                )

    def rotate_key_on_demand(self, caller: Caller | str, key_id: str) -> RotatedKey:
        """Rotate a key now. Whether and when it rotates by itself stays as it is.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.

        Raises:
            UnsupportedOperationError: the key is not for symmetric encryption, or was not made here.
            LimitExceededError: it was rotated on demand as often as it may be.
            ConflictError: it is about to rotate by itself.
            AccessDeniedError, DependencyTimeoutError, DisabledError, InvalidArnError, KMSInvalidStateError,
            NotFoundError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.ROTATE_KEY_ON_DEMAND, caller) as call:
            reference = core.calls.reference(call, key_id)
            with core.calls.on_key(call, reference, {}) as admitted:
                key = admitted.key
                _require_rotatable(key)
                now = core.clock.now()
                _require_not_about_to_rotate(key, now)
                self._require_left(key)
                with core.turns.waiting():
                    material = core.material.generate(
                        admitted.permit, key.arn, key.key_id, spec=key.spec.value, usage=key.usage.value
                    )
                with core.calls.changing(call) as connection:
                    rows.rotate(connection, material, RotationType.ON_DEMAND, now)
                return RotatedKey(key.key_id)

    def list_key_rotations(
        self,
        caller: Caller | str,
        key_id: str,
        *,
        include_key_material: str = ROTATIONS_ONLY,
        limit: int = _PAGE,
        marker: str | None = None,
    ) -> RotationPage:
        """Show the rotations of a key, a page at a time, the oldest first.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            include_key_material: ``ALL_KEY_MATERIAL`` begins with the material that the key was made with;
                ``ROTATIONS_ONLY`` leaves it out.
            limit: how many at most, 1 to 1,000.
            marker: where to go on, as the page before said.

        Raises:
            UnsupportedOperationError: the key is not for symmetric encryption, or was not made here.
            InvalidMarkerError: the marker was not made for this key.
            AccessDeniedError, InvalidArnError, KMSInvalidStateError, NotFoundError, ValidationError,
            KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.LIST_KEY_ROTATIONS, caller) as call:
            check_choice("includeKeyMaterial", include_key_material, (ALL_KEY_MATERIAL, ROTATIONS_ONLY))
            reference = core.calls.reference(call, key_id)
            named = (reference.arn, include_key_material)
            pages = Pages(core.markers, call, *named, limit=limit, marker=marker, most=_MAX_PAGE)
            with core.calls.on_key(call, reference, {}) as admitted:
                key = admitted.key
                _require_rotatable(key)
                after = pages.after()
                first = 0 if include_key_material == ALL_KEY_MATERIAL else 1
                least = int(after) + 1 if after else first
                with core.database.read() as connection:
                    found = rows.list_rotations(connection, key.key_id, least=least, limit=pages.wanted)
                page, further = pages.cut(found, lambda each: str(each.number))
                listed = tuple(_listed(key, each) for each in page)
                return RotationPage(listed, further is not None, further)

    def _require_left(self, key: KeyMetadata) -> None:
        core = self._core
        with core.database.read() as connection:
            made = rows.count_on_demand(connection, key.key_id)
        if made >= core.quotas.on_demand_rotations_per_key:
            raise LimitExceededError(
                "The on-demand rotations limit has been reached for the given keyId. "
                f"No more on-demand rotations can be performed for this key: {key.arn}"
            )


def _require_rotatable(key: KeyMetadata) -> None:
    """Check that a key is one that can have several backing keys, all made here.

    Raises:
        UnsupportedOperationError: it is not for symmetric encryption; or its material is imported, or in a
            key store.
    """
    if key.spec is not KeySpec.SYMMETRIC_DEFAULT:
        raise UnsupportedOperationError  # the service says nothing either
    if key.origin is not KeyOrigin.AWS_KMS:
        raise UnsupportedOperationError(
            f"{key.arn} origin is {key.origin} which is not valid for this operation."
        )


def _require_not_about_to_rotate(key: KeyMetadata, now: float) -> None:
    if key.rotation is not None and key.rotation.next_date <= now + CONFLICT_SECONDS:
        raise ConflictError(f"{key.arn} is scheduled for automatic rotation within the next 20 minutes.")


def _listed(key: KeyMetadata, found: RotationRecord) -> ListedRotation:
    current = found.backing_key_id == key.current_backing_key_id
    return ListedRotation(
        key_id=key.key_id,
        key_material_id=found.backing_key_id,
        key_material_state=KeyMaterialState.CURRENT if current else KeyMaterialState.NON_CURRENT,
        rotation_date=found.date,
        rotation_type=found.type,
    )
