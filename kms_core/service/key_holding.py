"""Which key a call means, and that it stays that one: names, aliases and locks.

INVARIANT: a key's lock is held from before the decision on it until the call's record is written. A key that
is named by an alias is the one that the alias stands for while that lock is held.

Not whether the key exists for this caller (`admission`), nor how a lock works (`store.locks`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kms_core.errors import DependencyTimeoutError, NotFoundError
from kms_core.model.alias import AliasReference
from kms_core.model.key_reference import KeyReference, read_key_id
from kms_core.model.operations import FACTS
from kms_core.service.parameters import MAX_KEY_ID, check_text

if TYPE_CHECKING:
    from kms_core.service.key_access import KeyAccess
    from kms_core.service.open_call import OpenCall
    from kms_core.store.keys import KeyRow

_RETRIES = 20


class KeyHolding:
    """Finds the keys of calls and holds them."""

    def __init__(self, access: KeyAccess, region: str) -> None:
        self._access = access
        self._region = region

    def reference(self, call: OpenCall, key_id: str) -> KeyReference:
        """The key that a KeyId parameter names, itself or by an alias where the operation takes one.

        An alias of another account that does not exist is a key that does not exist.

        Raises:
            ValidationError, InvalidArnError, NotFoundError: it can name no key here.
        """
        check_text("keyId", key_id, 1, MAX_KEY_ID)
        named = read_key_id(key_id, call.caller, self._region)
        if isinstance(named, KeyReference):
            return named
        if not call.operation.takes_alias:
            raise NotFoundError(f"Invalid keyId '{key_id}'")
        return self.behind(call, named)

    def behind(self, call: OpenCall, alias: AliasReference) -> KeyReference:
        """The key that an alias stands for now.

        Raises:
            NotFoundError: there is no such alias in the caller's account.
        """
        found = self._access.behind(alias.arn)
        if found is not None:
            return replace(found, alias=alias.arn)
        if alias.account == call.caller.account:
            raise NotFoundError(f"Alias {alias.arn} is not found.")
        return KeyReference.behind_nothing(alias)

    def hold(self, call: OpenCall, arn: str) -> KeyRow | None:
        """Take a key's lock for the rest of the call, and give the key as it is now, if there is one.

        A call that needs several keys takes them in the order of their ARNs: two changes cannot overtake
        each other.
        """
        if arn not in call.held:
            alone = FACTS[call.operation].changes_access
            call.hold(self._access.held(arn, alone=alone, overtaking=bool(call.held)))
            call.held.add(arn)
        return self._access.current(arn)

    def hold_new(self, call: OpenCall, arn: str) -> None:
        """Take the lock of a key that the call makes: nobody takes it for left behind while the call runs."""
        call.hold(self._access.held(arn, alone=True))

    def held(self, call: OpenCall, reference: KeyReference) -> tuple[KeyReference, KeyRow | None]:
        """Hold a key; where it was named by an alias that was moved meanwhile, the one that it is now."""
        while True:
            call.key_arn = reference.arn
            row = self.hold(call, reference.arn)
            now = self._again(call, reference)
            if now == reference:
                return reference, row
            self.let_go(call)
            reference = now

    def held_both(
        self, call: OpenCall, first: KeyReference, second: KeyReference
    ) -> tuple[tuple[KeyReference, KeyReference], dict[str, KeyRow | None]]:
        """As `held`, of two keys that may be one; the call is about the first."""
        while True:
            call.key_arn = first.arn
            rows = {arn: self.hold(call, arn) for arn in sorted({first.arn, second.arn})}
            now = (self._again(call, first), self._again(call, second))
            if now == (first, second):
                return now, rows
            self.let_go(call)
            first, second = now

    def let_go(self, call: OpenCall) -> None:
        """Let go of a call's locks before anything was decided, to begin anew.

        Raises:
            DependencyTimeoutError: that was tried too often already.
        """
        call.let_go()
        call.retries += 1
        if call.decisions or call.retries > _RETRIES:
            raise DependencyTimeoutError("the alias is being moved from key to key")

    def _again(self, call: OpenCall, reference: KeyReference) -> KeyReference:
        if reference.alias is None:
            return reference
        return self.behind(call, AliasReference(reference.alias, reference.account))
