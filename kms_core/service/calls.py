"""One call from its first check to its end: the order of the checks, and that nothing leaves unrecorded.

The order is the service's: parameters (before `on_key`), existence of the key, authorization, key state, key
usage; what the operation does comes after, and that it was only a dry run last. Not what the checks are made
of: the tables in `model`, the gate.

INVARIANT: a call has one record, with all its decisions, and it is on the disk before the call answers. What
an operation changes it changes in `changing`, so that change and record are kept together or not at all.
INVARIANT: a key's lock is held from before the decision on it until that record is written.

Inside an account a missing key is NotFoundException. Across accounts a caller cannot tell a missing key from
a forbidden one: both are decided by the engine, recorded, and answered with one text.
"""

from __future__ import annotations

import logging
import traceback
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
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
from kms_core.service.open_call import Admitted, OpenCall, ending, never_begun
from kms_core.service.parameters import MAX_KEY_ID, check_grant_tokens, check_text
from kms_core.store.grants import token_grant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from kms_core.audit.log import AuditLog
    from kms_core.gate import Gate
    from kms_core.model.sources import Sources
    from kms_core.permit import Permit
    from kms_core.service.checkpoints import Checkpoints
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
        checkpoints: Checkpoints,
    ) -> None:
        self._database = database
        self._gate = gate
        self._log = log
        self._access = access
        self._new_id = sources.new_id
        self._now = sources.now
        self._region = region
        self._identities = identities
        self._checkpoints = checkpoints

    @contextmanager
    def begin(
        self,
        operation: Operation,
        caller: Caller | str,
        grant_tokens: Sequence[str] = (),
        *,
        dry_run: bool | None = None,
    ) -> Iterator[OpenCall]:
        """A call of an operation; however it ends, that is recorded before its answer leaves.

        Args:
            operation: what is called.
            caller: who calls.
            grant_tokens: the tokens that the caller presents.
            dry_run: whether the call is only to be tried: then it does not answer, whatever it did.

        Raises:
            ValidationError: the caller or a grant token is malformed.
            InvalidGrantTokenError: a grant token was not made here.
            DryRunOperationError: it was only to be tried, and would have succeeded.
            KMSInternalError: anything that no operation answers with, nothing of which is told to the caller;
                or the record cannot be written.
        """
        call_id = self._new_id()
        call: OpenCall | None = None
        try:
            call = OpenCall(operation, Caller.of(caller), call_id, bool(dry_run))
            with call.locks:
                call.grant_tokens = self._genuine(check_grant_tokens(grant_tokens))
                yield call
                call.end_dry_run()
                if not call.recorded:
                    self._log.append(ending(call))
        except KmsError as error:
            self._log.append(ending(call, error) if call else never_begun(operation, caller, call_id, error))
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller is told nothing of it
            # the error's own text may quote the call, so only its kind and place are logged, and no traceback
            # shows it
            _LOG.error("call %s failed with %s at %s", call_id, type(error).__name__, _place(error))
            internal = KMSInternalError("an internal error ended the call")
            self._log.append(
                ending(call, internal) if call else never_begun(operation, caller, call_id, internal)
            )
            raise internal from None
        finally:
            self._checkpoints.make_if_due()

    @contextmanager
    def changing(self, call: OpenCall) -> Iterator[Connection]:
        """The transaction in which a call changes things, its record with them; of a dry run nothing is kept.

        Raises:
            DryRunOperationError: it was only to be tried; the change would have been made.
            KMSInternalError: the store fails, or the record cannot be written; then nothing is changed.
        """
        with self._log.beside(lambda: ending(call)) as connection:
            yield connection
            call.end_dry_run()
        call.recorded = True

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
            grant: for CreateGrant the grant to be made, for RetireGrant the one to retire.
            foreign: what to answer for a key of another account that is missing or forbidden.

        Raises:
            NotFoundError: there is no such key in the caller's account.
            AccessDeniedError: the caller may not; or the key is another account's and may be missing.
            DisabledError, KMSInvalidStateError, InvalidKeyUsageError: the key's state or usage forbids it.
        """
        call.key_arn = reference.arn
        row = self._hold(call, reference.arn)
        _require_known(call, reference, row)
        asked = self._asked(call, reference.arn, parameters, row, grant)
        with self._admitted(call, reference, row, asked, foreign) as admitted:
            require_usage(call.operation, admitted.key, FACTS[call.operation].usage)
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
        rows = {arn: self._hold(call, arn) for arn in sorted({source.arn, destination.arn})}
        with ExitStack() as permits:
            admitted = [
                permits.enter_context(self._step(call, reference, rows[reference.arn], step, text))
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
        asked = self._call(call, reference.arn, check.context, row)
        asked = replace(asked, action=check.action, key_arn=reference.arn)
        with self._admitted(call, reference, row, asked, foreign) as admitted:
            yield admitted

    @contextmanager
    def _admitted(
        self, call: OpenCall, reference: KeyReference, row: KeyRow | None, asked: Call, foreign: str
    ) -> Iterator[Admitted]:
        with self._admit(call, asked, None if _owns(call, reference) else foreign) as permit:
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
        with self._gate.admit(asked, call.decisions.append) as permit:
            yield permit

    def now(self) -> Mapping[str, str]:
        """The condition keys of the time: this service's clock, whatever the caller says."""
        seconds = self._now()
        moment = datetime.fromtimestamp(seconds, UTC)
        return {
            "aws:CurrentTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws:EpochTime": str(int(seconds)),
        }

    def _hold(self, call: OpenCall, arn: str) -> KeyRow | None:
        """Take a key's lock for the rest of the call, and give the key as it is now, if there is one.

        A call that needs several keys takes them in the order of their ARNs: two changes cannot overtake
        each other.
        """
        if arn not in call.held:
            alone = FACTS[call.operation].changes_access
            call.locks.enter_context(self._access.held(arn, alone=alone, overtaking=bool(call.held)))
            call.held.add(arn)
        return self._access.current(arn)

    @contextmanager
    def _admit(self, call: OpenCall, asked: Call, foreign: str | None) -> Iterator[Permit]:
        with ExitStack() as admission:
            try:
                permit = admission.enter_context(self._gate.admit(asked, call.decisions.append))
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
        row: KeyRow | None = None,
        grant: Grant | None = None,
    ) -> Call:
        key_arn = call.key_arn or resource
        context = of_call(call.operation, call.caller, self._region, key_arn, parameters, grant)
        return self._call(call, resource, context, row, grant)

    def _call(
        self,
        call: OpenCall,
        resource: str,
        context: CallContext,
        row: KeyRow | None,
        grant: Grant | None = None,
    ) -> Call:
        policies = (("key", row.policy_digest),) if row else ()
        return Call(
            call_id=call.id,
            principal=call.caller.principal_arn,
            action=call.operation.action,
            resource=resource,
            key_arn=call.key_arn,
            context={**context, **self.now()},
            grant_tokens=call.grant_tokens,
            policies=(*policies, ("identities", self._identities)),
            access_version=row.access_version if row else None,
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


def _existing(row: KeyRow | None, reference: KeyReference) -> KeyRow:
    if row is None:  # the engine does not know the key either, so it cannot have allowed this
        raise NotFoundError(f"Key '{reference.arn}' does not exist")
    return row
