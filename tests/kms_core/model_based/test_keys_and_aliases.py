"""Keys, their states, aliases and tags against a simple model: any order of calls, two processes, time passing.

After each step what the service shows is what the model says, whichever process is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from kms_core.errors import AlreadyExistsError, InvalidCiphertextError, LimitExceededError, NotFoundError
from kms_core.model.quotas import Quotas
from tests.kms_core.model_based.two_services import KEY, MOST_KEYS, ROOT, TwoServices, run

if TYPE_CHECKING:
    import pytest

    from kms_core.hsm import Hsm

NAMES = ["alias/a", "alias/b", "alias/c"]
TAGS = st.dictionaries(st.sampled_from("xyz"), st.sampled_from(["1", "2"]), max_size=2)


class KeysAndAliases(TwoServices):
    """The machine."""

    quotas = Quotas(aliases_per_key=2, tags_per_key=2)

    def __init__(self) -> None:
        super().__init__()
        self.aliases: dict[str, str] = {}
        self.sealed: dict[str, bytes] = {}

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
        arn = super()._create(tags)
        self.sealed[arn] = self._call(None, "encrypt", arn, b"of this key").ciphertext_blob

    def _gone(self, arn: str) -> None:
        self.aliases = {name: each for name, each in self.aliases.items() if each != arn}

    @rule(number=KEY, text=st.sampled_from(["", "orders"]))
    def describe_in_other_words(self, number: int, text: str) -> None:
        arn = self._key(number)
        error = self._refusal(arn, "PendingDeletion")
        self._call(error, "update_key_description", arn, text)
        if error is None:
            self.model[arn].description = text

    # -- aliases ---------------------------------------------------------------------------------------------

    @rule(number=KEY, name=st.sampled_from(NAMES))
    def create_alias(self, number: int, name: str) -> None:
        arn = self._key(number)
        error = self._refusal(arn, "PendingDeletion")
        if error is None and name in self.aliases:
            error = AlreadyExistsError
        if error is None and self._names(arn) >= self.quotas.aliases_per_key:
            error = LimitExceededError
        self._call(error, "create_alias", name, arn)
        if error is None:
            self.aliases[name] = arn

    @rule(number=KEY, name=st.sampled_from(NAMES))
    def update_alias(self, number: int, name: str) -> None:
        arn = self._key(number)
        error = self._refusal(arn, "PendingDeletion") if name in self.aliases else NotFoundError
        if error is None and self.aliases[name] != arn and self._names(arn) >= self.quotas.aliases_per_key:
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
        arn = self._key(number)
        error = self._refusal(arn, "PendingDeletion")
        if error is None and len(self.model[arn].tags | tags) > self.quotas.tags_per_key:
            error = LimitExceededError
        self._call(error, "tag_resource", arn, tags)
        if error is None:
            self.model[arn].tags |= tags

    @rule(number=KEY, names=st.lists(st.sampled_from("xyz"), max_size=2))
    def untag(self, number: int, names: list[str]) -> None:
        arn = self._key(number)
        error = self._refusal(arn, "PendingDeletion")
        self._call(error, "untag_resource", arn, names)
        if error is None:
            self.model[arn].tags = {n: v for n, v in self.model[arn].tags.items() if n not in names}

    # -- use -------------------------------------------------------------------------------------------------

    @rule(number=KEY)
    def decrypt(self, number: int) -> None:
        arn = self._key(number)
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
        arn = self._key(number)
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


def test_keys_and_aliases(hsm: Hsm, monkeypatch: pytest.MonkeyPatch) -> None:
    run(KeysAndAliases, hsm, monkeypatch, examples=30)
