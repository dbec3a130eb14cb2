"""Keys, their states, aliases and tags against a simple model: any order of calls, two processes, time passing.

The model knows nothing of stores, locks or markers; it is a dictionary of keys. After each step what the service
shows is what the model says, whichever process is asked.
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
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kms_core.errors import (
    AlreadyExistsError,
    DisabledError,
    InvalidCiphertextError,
    KmsError,
    KMSInvalidStateError,
    LimitExceededError,
    NotFoundError,
)
from kms_core.model.quotas import Quotas
from kms_core.model.sources import Sources
from kms_core.service import Kms
from kms_core.store import database as database_module
from kms_core.store.database import Database
from kms_core.store.versions import bring_up_to_date

if TYPE_CHECKING:
    from kms_core.hsm import Hsm

ROOT = "arn:aws:iam::111122223333:root"
DAY = 86_400
QUOTAS = Quotas(aliases_per_key=2, tags_per_key=2)
NAMES = ["alias/a", "alias/b", "alias/c"]
MOST_KEYS = 5
KEY = st.integers(0, MOST_KEYS - 1)
"""One of the keys that were made; it may be gone."""
TAGS = st.dictionaries(st.sampled_from("xyz"), st.sampled_from(["1", "2"]), max_size=2)


@dataclass
class ModelKey:
    """What is known of a key."""

    state: str = "Enabled"
    deletion: float | None = None
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)


class KeysAndAliases(RuleBasedStateMachine):
    """The machine; `hsm` is set by the test."""

    hsm: ClassVar[Hsm]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "kmsgate.db"
        self.seconds = 1_795_000_000.0
        count = itertools.count(1)
        sources = Sources(
            now=lambda: self.seconds, new_id=lambda: str(uuid.UUID(int=next(count) + (1 << 120)))
        )
        with Database.create(path) as database:
            bring_up_to_date(database)
        self.databases = [Database.open(path) for _ in range(2)]
        self.services = [Kms(each, self.hsm, sources=sources, quotas=QUOTAS) for each in self.databases]
        self.turn = itertools.cycle(self.services)
        self.made: list[str] = []
        self.model: dict[str, ModelKey] = {}
        self.aliases: dict[str, str] = {}
        self.sealed: dict[str, bytes] = {}

    def teardown(self) -> None:
        for database in self.databases:
            database.close()
        self.folder.cleanup()

    # -- what the model says ---------------------------------------------------------------------------------

    def _refusal(self, arn: str, *refusing: str) -> type[KmsError] | None:
        """Why a call on a key does not work, where some states refuse it."""
        key = self.model.get(arn)
        if key is None:
            return NotFoundError
        if key.state not in refusing:
            return None
        return DisabledError if key.state == "Disabled" else KMSInvalidStateError

    def _call(
        self, error: type[KmsError] | None, operation: str, *arguments: object, **named: object
    ) -> object:
        """Call one of the services; it ends as the model says."""
        method = getattr(next(self.turn), operation)
        if error is None:
            return method(ROOT, *arguments, **named)
        with pytest.raises(error) as ended:
            method(ROOT, *arguments, **named)
        assert type(ended.value) is error
        return None

    # -- keys and their states -------------------------------------------------------------------------------

    @initialize()
    def two_keys(self) -> None:
        for _ in range(2):
            self._create({})

    @precondition(lambda self: len(self.made) < MOST_KEYS)
    @rule(tags=TAGS)
    def create(self, tags: dict[str, str]) -> None:
        self._create(tags)

    def _create(self, tags: dict[str, str]) -> None:
        arn = self._call(None, "create_key", tags=tags).arn
        self.made.append(arn)
        self.model[arn] = ModelKey(tags=dict(tags))
        self.sealed[arn] = self._call(None, "encrypt", arn, b"of this key").ciphertext_blob

    @rule(number=KEY)
    def disable(self, number: int) -> None:
        arn = self.made[number % len(self.made)]
        error = self._refusal(arn, "PendingDeletion")
        self._call(error, "disable_key", arn)
        if error is None:
            self.model[arn].state = "Disabled"

    @rule(number=KEY)
    def enable(self, number: int) -> None:
        arn = self.made[number % len(self.made)]
        error = self._refusal(arn, "PendingDeletion")
        self._call(error, "enable_key", arn)
        if error is None:
            self.model[arn].state = "Enabled"

    @rule(number=KEY, days=st.sampled_from([7, 30]))
    def schedule(self, number: int, days: int) -> None:
        arn = self.made[number % len(self.made)]
        error = self._refusal(arn, "PendingDeletion")
        answer = self._call(error, "schedule_key_deletion", arn, pending_window_in_days=days)
        if error is None:
            self.model[arn].state, self.model[arn].deletion = "PendingDeletion", self.seconds + days * DAY
            assert answer.deletion_date == self.model[arn].deletion

    @rule(number=KEY)
    def cancel(self, number: int) -> None:
        arn = self.made[number % len(self.made)]
        error = self._refusal(arn, "Enabled", "Disabled") and (
            KMSInvalidStateError if arn in self.model else NotFoundError
        )
        self._call(error, "cancel_key_deletion", arn)
        if error is None:
            self.model[arn].state, self.model[arn].deletion = "Disabled", None

    @rule(number=KEY, text=st.sampled_from(["", "orders"]))
    def describe_in_other_words(self, number: int, text: str) -> None:
        arn = self.made[number % len(self.made)]
        error = self._refusal(arn, "PendingDeletion")
        self._call(error, "update_key_description", arn, text)
        if error is None:
            self.model[arn].description = text

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
        self.aliases = {name: arn for name, arn in self.aliases.items() if arn in self.model}

    # -- aliases ---------------------------------------------------------------------------------------------

    @rule(number=KEY, name=st.sampled_from(NAMES))
    def create_alias(self, number: int, name: str) -> None:
        arn = self.made[number % len(self.made)]
        error = self._refusal(arn, "PendingDeletion")
        if error is None and name in self.aliases:
            error = AlreadyExistsError
        if error is None and self._names(arn) >= QUOTAS.aliases_per_key:
            error = LimitExceededError
        self._call(error, "create_alias", name, arn)
        if error is None:
            self.aliases[name] = arn

    @rule(number=KEY, name=st.sampled_from(NAMES))
    def update_alias(self, number: int, name: str) -> None:
        arn = self.made[number % len(self.made)]
        error = self._refusal(arn, "PendingDeletion") if name in self.aliases else NotFoundError
        if error is None and self.aliases[name] != arn and self._names(arn) >= QUOTAS.aliases_per_key:
            error = LimitExceededError
        self._call(error, "update_alias", name, arn)
        if error is None:
            self.aliases[name] = arn

    @rule(name=st.sampled_from(NAMES))
    def delete_alias(self, name: str) -> None:
        self._call(None if name in self.aliases else NotFoundError, "delete_alias", name)
        self.aliases.pop(name, None)

    def _names(self, arn: str) -> int:
        return sum(each == arn for each in self.aliases.values())

    # -- tags ------------------------------------------------------------------------------------------------

    @rule(number=KEY, tags=TAGS)
    def tag(self, number: int, tags: dict[str, str]) -> None:
        arn = self.made[number % len(self.made)]
        error = self._refusal(arn, "PendingDeletion")
        if error is None and len(self.model[arn].tags | tags) > QUOTAS.tags_per_key:
            error = LimitExceededError
        self._call(error, "tag_resource", arn, tags)
        if error is None:
            self.model[arn].tags |= tags

    @rule(number=KEY, names=st.lists(st.sampled_from("xyz"), max_size=2))
    def untag(self, number: int, names: list[str]) -> None:
        arn = self.made[number % len(self.made)]
        error = self._refusal(arn, "PendingDeletion")
        self._call(error, "untag_resource", arn, names)
        if error is None:
            self.model[arn].tags = {n: v for n, v in self.model[arn].tags.items() if n not in names}

    # -- use -------------------------------------------------------------------------------------------------

    @rule(number=KEY)
    def decrypt(self, number: int) -> None:
        arn = self.made[number % len(self.made)]
        error = self._refusal(arn, "Disabled", "PendingDeletion")
        answer = self._call(error, "decrypt", self.sealed[arn], key_id=arn)
        assert answer is None or answer.plaintext == b"of this key"

    @rule(name=st.sampled_from(NAMES))
    def encrypt_by_alias(self, name: str) -> None:
        arn = self.aliases.get(name, "")
        answer = self._call(self._refusal(arn, "Disabled", "PendingDeletion"), "encrypt", name, b"x")
        assert answer is None or answer.key_id == arn

    @rule(number=KEY)
    def a_changed_ciphertext_is_none(self, number: int) -> None:
        arn = self.made[number % len(self.made)]
        error = self._refusal(arn, "Disabled", "PendingDeletion") or InvalidCiphertextError
        blob = self.sealed[arn]
        self._call(error, "decrypt", blob[:-1] + bytes([blob[-1] ^ 1]), key_id=arn)

    # -- what is shown is what the model says ----------------------------------------------------------------

    @invariant()
    def everything_is_shown_as_it_is(self) -> None:
        kms = next(self.turn)
        assert {each.key_arn for each in self._all(kms.list_keys, "keys")} == set(self.model)
        shown = {each.name: each.key_id for each in self._all(kms.list_aliases, "aliases")}
        assert shown == {name: arn.rpartition("/")[2] for name, arn in self.aliases.items()}
        for arn, key in self.model.items():
            seen = kms.describe_key(ROOT, arn)
            assert (seen.state, seen.deletion_date, seen.description) == (
                key.state,
                key.deletion,
                key.description,
            )
            assert kms.list_resource_tags(ROOT, arn).tags == key.tags

    def _all(self, listing: object, member: str) -> list[object]:
        """A whole list, read in the smallest pages."""
        page = listing(ROOT, limit=1)
        found = [*getattr(page, member)]
        while page.truncated:
            page = listing(ROOT, limit=1, marker=page.next_marker)
            found += getattr(page, member)
        return found


def test_keys_and_aliases(hsm: Hsm, monkeypatch: pytest.MonkeyPatch) -> None:
    # what is on the disk after a power cut is not asked here, and waiting for the disk would take most of the time
    unhurried = [each.replace("synchronous=FULL", "synchronous=OFF") for each in database_module._PRAGMAS]
    monkeypatch.setattr(database_module, "_PRAGMAS", unhurried)
    KeysAndAliases.hsm = hsm
    run_state_machine_as_test(
        KeysAndAliases,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
