"""One call from its first check to its end: the order of the checks.

The order is the service's: parameters (before `on_key`), existence of the key, authorization, key state, key
usage; what the operation does comes after, and that it was only a dry run last. Not what the checks are made
of: the tables in `model`, the gate.

A call goes through three rooms: `call_records` begins and ends it, `key_holding` finds and holds its keys,
`admission` puts it to the gate.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from kms_core.errors import NotFoundError
from kms_core.model.key_states import require_state
from kms_core.model.operations import FACTS
from kms_core.service.admission import FOREIGN_KEY, require_known
from kms_core.service.context import re_encrypt_checks
from kms_core.service.key_usage import require_usage
from kms_core.service.open_call import Admitted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kms_core.model.key import KeyUsage
    from kms_core.model.key_reference import KeyReference
    from kms_core.service.admission import Admission
    from kms_core.service.call_records import CallRecords
    from kms_core.service.context import Parameters
    from kms_core.service.key_holding import KeyHolding
    from kms_core.service.open_call import OpenCall
    from kms_core.store.keys import KeyRow
    from policy_engine.calls.api_call import AuthorizationCheck
    from policy_engine.model.grant import Grant


class Calls:
    """Begins calls, brings them to their key and records how they end."""

    def __init__(self, records: CallRecords, holding: KeyHolding, admission: Admission, region: str) -> None:
        self._holding = holding
        self._admission = admission
        self._region = region
        # what operations ask of the rooms themselves
        self.begin = records.begin
        self.changing = records.changing
        self.change_together = records.change_together
        self.reference = holding.reference
        self.hold_new = holding.hold_new
        self.without_key = admission.without_key

    def on_key(
        self,
        call: OpenCall,
        reference: KeyReference,
        parameters: Parameters,
        *,
        grant: Grant | None = None,
        foreign: str = FOREIGN_KEY,
    ) -> Admitted:
        """Bring a call to its key: it exists, the caller may, its state and usage allow it.

        It is admitted for as long as the context of what this gives lasts: ``with calls.on_key(...)``.

        Args:
            call: the call.
            reference: the key.
            parameters: what the operation was given, as `context` writes it.
            grant: for CreateGrant the grant to be made, for RetireGrant the one to retire.
            foreign: what to answer for a key of another account that is missing or forbidden.

        Raises:
            NotFoundError: there is no such key in the caller's account.
            AccessDeniedError: the caller may not; or the key is another account's and may be missing.
            DisabledError, KMSInvalidStateError, InvalidKeyUsageError: the key's state or usage forbids it.
        """
        reference, row = self._holding.held(call, reference)
        require_known(call, reference, row)
        check = self._admission.check(call, reference, row, parameters, grant)
        return self._step(call, reference, row, check, foreign, grant, FACTS[call.operation].usage)

    @contextmanager
    def on_two_keys(
        self,
        call: OpenCall,
        source: KeyReference,
        destination: KeyReference,
        parameters: Parameters,
        *,
        foreign: str = FOREIGN_KEY,
    ) -> Iterator[tuple[Admitted, Admitted]]:
        """Bring ReEncrypt to its keys: the caller may decrypt under one and encrypt under the other.

        Both are held before anything is decided, in the same order by every call and once where they are one:
        a change that waits for a key keeps later calls out of it, and two calls could wait for each other.

        Args:
            call: the call.
            source: the key that the ciphertext was made under.
            destination: the key that it is to be made under.
            parameters: what the operation was given, as `context` writes it.
            foreign: what to answer for a source of another account that is missing or forbidden.

        Raises:
            As `on_key`.
        """
        (source, destination), rows = self._holding.held_both(call, source, destination)
        checks = re_encrypt_checks(call.caller, self._region, source, destination, parameters)
        with ExitStack() as permits:
            admitted = []
            for key, check, text in zip((source, destination), checks, (foreign, FOREIGN_KEY), strict=True):
                row = rows[key.arn]
                require_known(call, key, row)
                admitted.append(permits.enter_context(self._step(call, key, row, check, text)))
            yield admitted[0], admitted[1]

    def _step(
        self,
        call: OpenCall,
        reference: KeyReference,
        row: KeyRow | None,
        check: AuthorizationCheck,
        foreign: str,
        grant: Grant | None = None,
        usage: KeyUsage | None = None,
    ) -> Admitted:
        asked = self._admission.asked(call, check, row, grant)
        permit = self._admission.admitted(call, reference, asked, foreign)
        existing = _existing(row, reference)
        require_state(call.operation, existing.metadata)
        require_usage(call.operation, existing.metadata, usage)
        return Admitted(permit, existing.metadata, existing.policy_digest)


def _existing(row: KeyRow | None, reference: KeyReference) -> KeyRow:
    if row is None:  # the engine does not know the key either, so it cannot have allowed this
        raise NotFoundError(f"Key '{reference.arn}' does not exist")
    return row
