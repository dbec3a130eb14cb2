"""One call from its first check to its end: the order of the checks, and that nothing ends unrecorded.

The order is the service's: parameters (before `on_key`), existence of the key, authorization, key state, key
usage; what the operation does comes after. Not what the checks are made of: the tables in `model`, the gate.

Inside an account a missing key is NotFoundException. Across accounts a caller cannot tell a missing key from
a forbidden one: both are decided by the engine, recorded, and answered with one text.
"""

from __future__ import annotations

import logging
import traceback
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from kms_core.errors import (
    AccessDeniedError,
    InvalidGrantTokenError,
    KmsError,
    KMSInternalError,
    NotFoundError,
)
from kms_core.gate import Call
from kms_core.model.caller import Caller
from kms_core.model.key_reference import KeyReference
from kms_core.model.key_states import require_state
from kms_core.model.operations import FACTS, Operation
from kms_core.service.context import of_call, of_re_encrypt
from kms_core.service.key_usage import require_usage
from kms_core.service.open_call import Admitted, OpenCall, ending
from kms_core.service.parameters import MAX_KEY_ID, check_grant_tokens, check_text
from kms_core.store.grants import token_grant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kms_core.audit.log import AuditLog
    from kms_core.gate import Gate
    from kms_core.model.sources import Sources
    from kms_core.permit import Permit
    from kms_core.service.context import Parameters
    from kms_core.service.key_access import KeyAccess
    from kms_core.store.database import Database
    from kms_core.store.keys import KeyRow
    from policy_engine.calls.api_call import AuthorizationCheck, CallContext
    from policy_engine.model.grant import Grant

_LOG = logging.getLogger(__name__)

FOREIGN_KEY = (
    "User: {principal} is not authorized to perform: {action} on resource: {resource} because the resource "
    "does not exist in this Region, no resource-based policies allow access, or a resource-based policy "
    "explicitly denies access"
)
FOREIGN_CIPHERTEXT = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or "
    "you are not allowed to access."
)


class Calls:
    """Begins calls, brings them to their key and records how they end."""

    def __init__(
        self,
        database: Database,
        gate: Gate,
        log: AuditLog,
        access: KeyAccess,
        sources: Sources,
        *,
        region: str,
        identities: str,
    ) -> None:
        self._database = database
        self._gate = gate
        self._log = log
        self._access = access
        self._new_id = sources.new_id
        self._region = region
        self._identities = identities

    @contextmanager
    def begin(
        self, operation: Operation, caller: Caller | str, grant_tokens: Sequence[str] = ()
    ) -> Iterator[OpenCall]:
        """A call of an operation; whatever error ends it is recorded before it leaves.

        Raises:
            ValidationError: the caller or a grant token is malformed.
            InvalidGrantTokenError: a grant token was not made here.
            KMSInternalError: anything that no operation answers with; nothing of it is told to the caller.
        """
        call_id = self._new_id()
        call: OpenCall | None = None
        try:
            call = OpenCall(operation, Caller.of(caller), call_id)
            call.grant_tokens = self._genuine(check_grant_tokens(grant_tokens))
            yield call
        except AccessDeniedError:
            raise  # the gate has recorded it
        except KmsError as error:
            self._log.append(ending(operation, caller, call_id, call, error))
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller is told nothing of it
            # the error's own text may quote the call, so only its kind and place are logged, and no traceback
            # shows it
            _LOG.error("call %s failed with %s at %s", call_id, type(error).__name__, _place(error))
            internal = KMSInternalError("an internal error ended the call")
            self._log.append(ending(operation, caller, call_id, call, internal))
            raise internal from None

    def reference(self, call: OpenCall, key_id: str) -> KeyReference:
        """The key that a KeyId parameter names.

        Raises:
            ValidationError, InvalidArnError, NotFoundError: it can name no key here.
        """
        check_text("keyId", key_id, 1, MAX_KEY_ID)
        return KeyReference.parse(key_id, call.caller, self._region)

    @contextmanager
    def on_key(
        self,
        call: OpenCall,
        reference: KeyReference,
        parameters: Parameters,
        *,
        grant: Grant | None = None,
        foreign: str = FOREIGN_KEY,
    ) -> Iterator[Admitted]:
        """Bring a call to its key: it exists, the caller may, its state and usage allow it.

        Args:
            call: the call.
            reference: the key.
            parameters: what the operation was given, as `context` writes it.
            grant: for CreateGrant the grant to be made.
            foreign: what to answer for a key of another account that is missing or forbidden.

        Raises:
            NotFoundError: there is no such key in the caller's account.
            AccessDeniedError: the caller may not; or the key is another account's and may be missing.
            DisabledError, KMSInvalidStateError, InvalidKeyUsageError: the key's state or usage forbids it.
        """
        facts = FACTS[call.operation]
        call.key_arn = reference.arn
        with self._access.held(reference.arn, alone=facts.changes_access) as row:
            _require_known(call, reference, row)
            asked = self._asked(call, reference.arn, parameters, _policies(row), grant)
            with self._admitted(call, reference, row, asked, foreign) as admitted:
                require_usage(call.operation, admitted.key, facts.usage)
                yield admitted

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
        call.key_arn = source.arn
        steps = of_re_encrypt(call.caller, self._region, source.arn, destination.arn, parameters)
        with ExitStack() as held:
            rows = {
                arn: held.enter_context(self._access.held(arn, alone=False))
                for arn in sorted({source.arn, destination.arn})
            }
            admitted = [
                held.enter_context(self._step(call, reference, rows[reference.arn], step, text))
                for reference, step, text in zip(
                    (source, destination), steps, (foreign, FOREIGN_KEY), strict=True
                )
            ]
            yield admitted[0], admitted[1]

    @contextmanager
    def _step(
        self,
        call: OpenCall,
        reference: KeyReference,
        row: KeyRow | None,
        check: AuthorizationCheck,
        foreign: str,
    ) -> Iterator[Admitted]:
        _require_known(call, reference, row)
        asked = self._call(call, reference.arn, check.context, _policies(row))
        asked = replace(asked, action=check.action, key_arn=reference.arn)
        with self._admitted(call, reference, row, asked, foreign) as admitted:
            yield admitted

    @contextmanager
    def _admitted(
        self, call: OpenCall, reference: KeyReference, row: KeyRow | None, asked: Call, foreign: str
    ) -> Iterator[Admitted]:
        with self._admit(asked, None if _owns(call, reference) else foreign) as permit:
            existing = _existing(row, reference)
            require_state(call.operation, existing.metadata)
            yield Admitted(permit, existing.metadata, existing.policy_digest)

    @contextmanager
    def without_key(
        self, call: OpenCall, new_key_arn: str | None, parameters: Parameters
    ) -> Iterator[Permit]:
        """Let a call through that is authorised on no key; the permit is for the key that it makes, if any.

        Raises:
            AccessDeniedError: the caller may not.
        """
        call.key_arn = new_key_arn
        asked = self._asked(call, "*", parameters)
        with self._gate.admit(asked) as permit:
            yield permit

    @contextmanager
    def _admit(self, asked: Call, foreign: str | None) -> Iterator[Permit]:
        with ExitStack() as admission:
            try:
                permit = admission.enter_context(self._gate.admit(asked))
            except AccessDeniedError:
                if foreign is None:
                    raise
                # INVARIANT: nothing here depends on whether the key exists, nor is the decision shown
                text = foreign.format(principal=asked.principal, action=asked.action, resource=asked.resource)
                raise AccessDeniedError(text) from None
            yield permit

    def _asked(
        self,
        call: OpenCall,
        resource: str,
        parameters: Parameters,
        policies: tuple[tuple[str, str], ...] = (),
        grant: Grant | None = None,
    ) -> Call:
        context = of_call(call.operation, call.caller, self._region, call.key_arn or resource, parameters)
        return self._call(call, resource, context, policies, grant)

    def _call(
        self,
        call: OpenCall,
        resource: str,
        context: CallContext,
        policies: tuple[tuple[str, str], ...],
        grant: Grant | None = None,
    ) -> Call:
        call.decided = True
        return Call(
            call_id=call.id,
            principal=call.caller.principal_arn,
            action=call.operation.action,
            resource=resource,
            key_arn=call.key_arn,
            context=context,
            grant_tokens=call.grant_tokens,
            policies=(*policies, ("identities", self._identities)),
            via_service=call.caller.via_service,
            grant=grant,
        )

    def _genuine(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        if tokens:
            with self._database.read() as connection:
                if any(token_grant(connection, token) is None for token in tokens):
                    raise InvalidGrantTokenError("a grant token is not valid")
        return tokens


def _place(error: Exception) -> str:
    """Where an error was raised: the file and the line."""
    frame, line = list(traceback.walk_tb(error.__traceback__))[-1]
    return f"{frame.f_code.co_filename}:{line}"


def _owns(call: OpenCall, reference: KeyReference) -> bool:
    return reference.account == call.caller.account


def _require_known(call: OpenCall, reference: KeyReference, row: KeyRow | None) -> None:
    """Inside an account a key that is missing is said to be."""
    if row is None and _owns(call, reference):
        raise NotFoundError(f"Key '{reference.arn}' does not exist")


def _policies(row: KeyRow | None) -> tuple[tuple[str, str], ...]:
    return (("key", row.policy_digest),) if row else ()


def _existing(row: KeyRow | None, reference: KeyReference) -> KeyRow:
    if row is None:  # the engine does not know the key either, so it cannot have allowed this
        raise NotFoundError(f"Key '{reference.arn}' does not exist")
    return row
