"""A key's rotations against a simple model: any order of calls and jobs, two processes, time passing.

Whatever comes in between, a ciphertext is decrypted by the key that made it, new ones are under the newest backing
key, and what the service shows of rotation is what the model says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from kms_core.ciphertext import decode
from kms_core.errors import (
    ConflictError,
    DisabledError,
    KmsError,
    KMSInvalidStateError,
    LimitExceededError,
)
from kms_core.model.quotas import Quotas
from tests.kms_core.model_based.two_services import OnOneHome, run

if TYPE_CHECKING:
    from kms_core.hsm import Hsm

ROOT = "arn:aws:iam::111122223333:root"
DAY = 86_400
REFUSED = {"Disabled": DisabledError, "PendingDeletion": KMSInvalidStateError}


class Rotations(OnOneHome):
    """The machine, of one key."""

    quotas = Quotas(on_demand_rotations_per_key=4)
    first_id = 1 << 119

    def __init__(self) -> None:
        super().__init__()
        self.arn = self.services[0].create_key(ROOT).arn
        self.state = "Enabled"
        self.schedule: tuple[int, float] | None = None
        self.types: list[str] = []
        self.sealed = [self._encrypt()]

    def _encrypt(self) -> bytes:
        return next(self.turn).encrypt(ROOT, self.arn, b"x").ciphertext_blob

    def _call(self, error: type[KmsError] | None, operation: str, **named: object) -> bool:
        """Call one of the services; it ends as the model says. Whether that is well."""
        method = getattr(next(self.turn), operation)
        if error is None:
            method(ROOT, self.arn, **named)
            return True
        with pytest.raises(error) as ended:
            method(ROOT, self.arn, **named)
        assert type(ended.value) is error
        return False

    @rule(days=st.sampled_from([None, 90, 365]))
    def enable_rotation(self, days: int | None) -> None:
        period = days or 365
        named = {} if days is None else {"rotation_period_in_days": days}
        changes = self.schedule is None or self.schedule[0] != period
        if self._call(REFUSED.get(self.state), "enable_key_rotation", **named) and changes:
            self.schedule = (period, self.seconds + period * DAY)

    @rule()
    def disable_rotation(self) -> None:
        if self._call(REFUSED.get(self.state), "disable_key_rotation"):
            self.schedule = None

    @rule()
    def rotate(self) -> None:
        error = REFUSED.get(self.state)
        if error is None and self.schedule is not None and self.schedule[1] <= self.seconds + 1200:
            error = ConflictError
        if error is None and self.types.count("ON_DEMAND") >= Rotations.quotas.on_demand_rotations_per_key:
            error = LimitExceededError
        if self._call(error, "rotate_key_on_demand"):
            self._rotated("ON_DEMAND")

    @rule()
    def run_due_jobs(self) -> None:
        due = self.schedule is not None and self.schedule[1] <= self.seconds and self.state == "Enabled"
        assert next(self.turn).run_due_jobs() == due
        if self.schedule is not None and due:
            self.schedule = (self.schedule[0], self.seconds + self.schedule[0] * DAY)
            self._rotated("AUTOMATIC")

    def _rotated(self, kind: str) -> None:
        self.types.append(kind)
        self.sealed.append(self._encrypt())

    @rule(days=st.sampled_from([1, 89, 90, 400]))
    def let_time_pass(self, days: int) -> None:
        if self.state != "PendingDeletion":  # the end of keys is another machine's
            self.seconds += days * DAY

    @rule(operation=st.sampled_from(["disable_key", "enable_key"]))
    def switch(self, operation: str) -> None:
        error = KMSInvalidStateError if self.state == "PendingDeletion" else None
        if self._call(error, operation):
            self.state = "Enabled" if operation == "enable_key" else "Disabled"

    @rule()
    def schedule_or_cancel_deletion(self) -> None:
        if self.state == "PendingDeletion":
            self._call(None, "cancel_key_deletion")
            self.state = "Disabled"
        else:
            self._call(None, "schedule_key_deletion")
            self.state = "PendingDeletion"

    @invariant()
    def everything_is_shown_as_it_is(self) -> None:
        kms = next(self.turn)
        status = kms.get_key_rotation_status(ROOT, self.arn)
        shown = (status.rotation_period_in_days, status.next_rotation_date)
        on = self.schedule is not None and self.state != "PendingDeletion"
        assert status.key_rotation_enabled == on
        assert shown == (self.schedule if on else (None, None))

        rotations, marker = [], None
        while True:
            page = kms.list_key_rotations(
                ROOT, self.arn, include_key_material="ALL_KEY_MATERIAL", limit=2, marker=marker
            )
            rotations += page.rotations
            if (marker := page.next_marker) is None:
                break
        assert [each.rotation_type for each in rotations] == [None, *self.types]
        assert [each.key_material_id for each in rotations] == [
            decode(blob).backing_key_id for blob in self.sealed
        ]
        assert [each.key_material_state for each in rotations][-1] == "CURRENT"
        assert kms.describe_key(ROOT, self.arn).current_backing_key_id == rotations[-1].key_material_id

    @invariant()
    def what_was_encrypted_is_decrypted(self) -> None:
        if self.state == "Enabled":
            kms = next(self.turn)
            assert {kms.decrypt(ROOT, blob).plaintext for blob in (self.sealed[0], self.sealed[-1])} == {b"x"}


def test_rotations(hsm: Hsm, monkeypatch: pytest.MonkeyPatch) -> None:
    run(Rotations, hsm, monkeypatch, examples=15, steps=25)
