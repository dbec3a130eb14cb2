"""Alias operations on the way to their keys: the alias and each key are asked for one by one.

The alias by identity policies alone, a key by its key policy or by identity policies that it lets count
(https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html); which checks there are is the
engine's to say. The order of checks is that of `calls`. INVARIANT: the keys' locks are held alone, so that an
alias stands for the same key until the call ends, and no call by that alias runs meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kms_core.model.key_states import require_state
from kms_core.service.admission import require_known
from kms_core.service.context import checks_of, of_alias

if TYPE_CHECKING:
    from kms_core.model.alias import AliasReference
    from kms_core.model.key_reference import KeyReference
    from kms_core.service.admission import Admission
    from kms_core.service.key_holding import KeyHolding
    from kms_core.service.open_call import OpenCall
    from kms_core.store.keys import KeyRow

Rows = dict["KeyReference", "KeyRow | None"]


class AliasCalls:
    """Brings calls to an alias and its keys."""

    def __init__(self, holding: KeyHolding, admission: Admission, region: str) -> None:
        self._holding = holding
        self._admission = admission
        self._region = region

    def on_new_alias(self, call: OpenCall, alias: AliasReference, target: KeyReference) -> None:
        """Bring CreateAlias to its key: it exists, the caller may, the key's state allows it.

        Raises:
            NotFoundError: there is no such key in the caller's account.
            AccessDeniedError: the caller may not.
            KMSInvalidStateError: the key is pending deletion.
        """
        self._admit(call, alias, None, target, self._rows(call, target))

    def on_alias(
        self, call: OpenCall, alias: AliasReference, target: KeyReference | None = None
    ) -> KeyReference:
        """Bring a call to its alias: it exists, the caller may, the new key's state allows it.

        Gives the key that the alias stands for until now.

        Args:
            call: the call.
            alias: the alias.
            target: the key that it is to stand for; None for DeleteAlias.

        Raises:
            NotFoundError: there is no such alias or key in the caller's account.
            AccessDeniedError: the caller may not.
            KMSInvalidStateError: the new key is pending deletion.
        """
        current, rows = self._held(call, alias, target)
        self._admit(call, alias, current, target, rows)
        return current

    def _held(
        self, call: OpenCall, alias: AliasReference, target: KeyReference | None
    ) -> tuple[KeyReference, Rows]:
        while True:
            current = self._current(call, alias)
            rows = self._rows(call, current, target)
            if self._current(call, alias) == current:
                return current, rows
            self._holding.let_go(call)

    def _current(self, call: OpenCall, alias: AliasReference) -> KeyReference:
        return replace(self._holding.behind(call, alias), alias=None)

    def _rows(self, call: OpenCall, *references: KeyReference | None) -> Rows:
        """Hold the keys, in the order of their ARNs; the record names the last one that was given."""
        keys = [each for each in references if each]
        call.key_arn = keys[-1].arn
        return {
            each: self._holding.hold(call, each.arn) for each in sorted(set(keys), key=lambda key: key.arn)
        }

    def _admit(
        self,
        call: OpenCall,
        alias: AliasReference,
        current: KeyReference | None,
        target: KeyReference | None,
        rows: Rows,
    ) -> None:
        for reference, row in rows.items():
            require_known(call, reference, row)
        checks = checks_of(
            call.operation,
            call.caller,
            self._region,
            current.arn if current else "",
            of_alias(alias.name, target.arn if target else None),
        )
        by_arn = {reference.arn: reference for reference in rows}
        for check in checks:
            key = by_arn.get(check.resource)
            asked = self._admission.asked(call, check, rows[key] if key else None)
            self._admission.admitted(call, key, asked)
        new = rows[target] if target else None
        if new is not None:
            require_state(call.operation, new.metadata)
