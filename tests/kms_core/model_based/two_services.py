"""What the models share: keys and their states, asked of two services on one home in turn, and time that passes.

A model knows nothing of stores, locks or markers; it is a dictionary of keys. Two services on one database share
nothing but its files, as two processes do.
"""

from __future__ import annotations

import itertools
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from kms_core.errors import DisabledError, KmsError, KMSInvalidStateError, NotFoundError
from kms_core.model.sources import Sources
from kms_core.service import Kms
from kms_core.store import database as database_module
from kms_core.store.database import Database
from kms_core.store.versions import bring_up_to_date

if TYPE_CHECKING:
    from kms_core.hsm import Hsm
    from kms_core.model.quotas import Quotas

ROOT = "arn:aws:iam::111122223333:root"
DAY = 86_400
MOST_KEYS = 5
KEY = st.integers(0, MOST_KEYS - 1)
"""One of the keys that were made; it may be gone."""


@dataclass
class ModelKey:
    """What is known of a key."""

    state: str = "Enabled"
    deletion: float | None = None
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)


class OnOneHome(RuleBasedStateMachine):
    """A machine of two services on one home; `hsm` is set by `run`.

    The run's token is shared, so machines of different kinds begin to count ids at different numbers.
    """

    hsm: ClassVar[Hsm]
    quotas: ClassVar[Quotas]
    first_id: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "kmsgate.db"
        self.seconds = 1_795_000_000.0
        ids = itertools.count(self.first_id + 1)
        sources = Sources(now=lambda: self.seconds, new_id=lambda: str(uuid.UUID(int=next(ids))))
        with Database.create(path) as database:
            bring_up_to_date(database)
        self.databases = [Database.open(path) for _ in range(2)]
        self.services = [Kms(each, self.hsm, sources=sources, quotas=self.quotas) for each in self.databases]
        self.turn = itertools.cycle(self.services)

    def teardown(self) -> None:
        for database in self.databases:
            database.close()
        self.folder.cleanup()


class TwoServices(OnOneHome):
    """A machine of keys that come, change their states and go."""

    first_id = 1 << 120

    def __init__(self) -> None:
        super().__init__()
        self.made: list[str] = []
        self.model: dict[str, ModelKey] = {}

    # -- what the model says ---------------------------------------------------------------------------------

    def _key(self, number: int) -> str:
        return self.made[number % len(self.made)]

    def _refusal(self, arn: str, *refusing: str) -> type[KmsError] | None:
        """Why a call on a key does not work, where some states refuse it."""
        key = self.model.get(arn)
        if key is None:
            return NotFoundError
        if key.state not in refusing:
            return None
        return DisabledError if key.state == "Disabled" else KMSInvalidStateError

    def _call(
        self,
        error: type[KmsError] | None,
        operation: str,
        *arguments: object,
        by: str = ROOT,
        **named: object,
    ) -> object:
        """Call one of the services; it ends as the model says."""
        method = getattr(next(self.turn), operation)
        if error is None:
            return method(by, *arguments, **named)
        with pytest.raises(error) as ended:
            method(by, *arguments, **named)
        assert type(ended.value) is error
        return None

    def _all(self, listing: object, member: str, *of: object, limit: int = 1) -> list[object]:
        """A whole list, read in small pages."""
        page = listing(ROOT, *of, limit=limit)
        found = [*getattr(page, member)]
        while page.truncated:
            page = listing(ROOT, *of, limit=limit, marker=page.next_marker)
            found += getattr(page, member)
        return found

    # -- keys and their states -------------------------------------------------------------------------------

    def _create(self, tags: dict[str, str]) -> str:
        arn = self._call(None, "create_key", tags=tags).arn
        self.made.append(arn)
        self.model[arn] = ModelKey(tags=dict(tags))
        return arn

    @rule(number=KEY)
    def disable(self, number: int) -> None:
        self._switch("disable_key", number, "Disabled")

    @rule(number=KEY)
    def enable(self, number: int) -> None:
        self._switch("enable_key", number, "Enabled")

    def _switch(self, operation: str, number: int, state: str) -> None:
        arn = self._key(number)
        error = self._refusal(arn, "PendingDeletion")
        self._call(error, operation, arn)
        if error is None:
            self.model[arn].state = state

    @rule(number=KEY, days=st.sampled_from([7, 30]))
    def schedule(self, number: int, days: int) -> None:
        arn = self._key(number)
        error = self._refusal(arn, "PendingDeletion")
        answer = self._call(error, "schedule_key_deletion", arn, pending_window_in_days=days)
        if error is None:
            self.model[arn].state, self.model[arn].deletion = "PendingDeletion", self.seconds + days * DAY
            assert answer.deletion_date == self.model[arn].deletion

    @precondition(lambda self: any(key.state == "PendingDeletion" for key in self.model.values()))
    @rule(number=KEY)
    def cancel(self, number: int) -> None:
        arn = self._key(number)
        error = self._refusal(arn, "Enabled", "Disabled") and (
            KMSInvalidStateError if arn in self.model else NotFoundError
        )
        self._call(error, "cancel_key_deletion", arn)
        if error is None:
            self.model[arn].state, self.model[arn].deletion = "Disabled", None

    @rule(days=st.sampled_from([1, 8, 31]))
    def let_time_pass(self, days: int) -> None:
        self.seconds += days * DAY
        due = [
            arn
            for arn, key in self.model.items()
            if key.deletion is not None and key.deletion <= self.seconds
        ]
        assert next(self.turn).run_due_jobs() == len(due)
        for arn in due:
            del self.model[arn]
            self._gone(arn)

    def _gone(self, arn: str) -> None:
        """What else goes with a key: of keys alone nothing."""


def run(
    machine: type[OnOneHome], hsm: Hsm, monkeypatch: pytest.MonkeyPatch, *, examples: int, steps: int = 30
) -> None:
    """Let a machine run so many times."""
    # what is on the disk after a power cut is not asked here, and waiting for the disk would take most of the time
    unhurried = [each.replace("synchronous=FULL", "synchronous=OFF") for each in database_module._PRAGMAS]
    monkeypatch.setattr(database_module, "_PRAGMAS", unhurried)
    machine.hsm = hsm
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
