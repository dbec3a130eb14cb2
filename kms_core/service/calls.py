"""One call from its first check to its end: the order of the checks, and that nothing leaves unrecorded.

The order is the service's: parameters (before `on_key`), existence of the key, authorization, key state, key
usage; what the operation does comes after, and that it was only a dry run last. Not what the checks are made
of: the tables in `model`, the gate.

INVARIANT: a call has one record, with all its decisions, and it is on the disk before the call answers. What
an operation changes it changes in `changing`, so that change and record are kept together or not at all.
INVARIANT: a key's lock is held from before the decision on it until that record is written. A key that is
named by an alias is the one that the alias stands for while that lock is held.

Inside an account a missing key is NotFoundException. Across accounts a caller cannot tell a missing key from
a forbidden one: both are decided by the engine, recorded, and answered with one text.
"""

from __future__ import annotations

import logging
import traceback
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from kms_core.errors import (
    AccessDeniedError,
    DependencyTimeoutError,
    InvalidGrantTokenError,
    KmsError,
    KMSInternalError,
    NotFoundError,
)
from kms_core.gate import Call
from kms_core.model.alias import AliasReference
from kms_core.model.caller import Caller
from kms_core.model.key_reference import KeyReference, read_key_id
from kms_core.model.key_states import require_state
from kms_core.model.last_use import USES, LastUse
from kms_core.model.operations import FACTS, Operation
from kms_core.service.context import checks_of, re_encrypt_checks
from kms_core.service.key_usage import require_usage
from kms_core.service.open_call import Admitted, OpenCall, ending, never_begun
from kms_core.service.parameters import MAX_KEY_ID, check_grant_tokens, check_text
from kms_core.store.grants import token_grant
from kms_core.store.last_uses import keeping_use
from policy_engine.calls.api_call import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from kms_core.audit.log import AuditLog
    from kms_core.gate import Gate
    from kms_core.model.sources import Sources
    from kms_core.permit import Permit
    from kms_core.service.checkpoints import Checkpoints
    from kms_core.service.clock import Clock
    from kms_core.service.context import Parameters
    from kms_core.service.key_access import KeyAccess
    from kms_core.store.database import Database
    from kms_core.store.keys import KeyRow
    from kms_core.store.prepared import Filled
    from policy_engine.calls.api_call import AuthorizationCheck
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

_RETRIES = 20


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
        clock: Clock,
        region: str,
        identities: str,
        checkpoints: Checkpoints,
    ) -> None:
        self._database = database
        self._gate = gate
        self._log = log
        self._access = access
        self._new_id = sources.new_id
        self._clock = clock
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
                    self._record(call)
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
            self._clock.keep(connection)
        call.recorded = True

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
        (reference,), rows = self._held(call, reference)
        row = rows[reference.arn]
        _require_known(call, reference, row)
        (check,) = self._checks(call, reference, row, parameters, grant)
        with self._step(call, reference, row, self.asked(call, check, row, grant), foreign) as admitted:
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
        (source, destination), rows = self._held(call, source, destination)
        checks = re_encrypt_checks(call.caller, self._region, source, destination, parameters)
        with ExitStack() as permits:
            admitted = []
            for key, check, text in zip((source, destination), checks, (foreign, FOREIGN_KEY), strict=True):
                row = rows[key.arn]
                _require_known(call, key, row)
                step = self._step(call, key, row, self.asked(call, check, row), text)
                admitted.append(permits.enter_context(step))
            yield admitted[0], admitted[1]

    @contextmanager
    def _step(
        self, call: OpenCall, reference: KeyReference, row: KeyRow | None, asked: Call, foreign: str
    ) -> Iterator[Admitted]:
        with self.admitted(call, reference, asked, foreign) as permit:
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
        checks = checks_of(call.operation, call.caller, self._region, new_key_arn or "*", parameters)
        with ExitStack() as permits:
            first, *_ = [
                permits.enter_context(self._gate.admit(self.asked(call, check), call.decisions.append))
                for check in checks
            ]
            yield first

    def now(self) -> Mapping[str, str]:
        """The condition keys of the time: this service's clock, whatever the caller says."""
        return _time_keys(int(self._clock.now()))

    def hold(self, call: OpenCall, arn: str) -> KeyRow | None:
        """Take a key's lock for the rest of the call, and give the key as it is now, if there is one.

        A call that needs several keys takes them in the order of their ARNs: two changes cannot overtake
        each other.
        """
        if arn not in call.held:
            alone = FACTS[call.operation].changes_access
            call.locks.enter_context(self._access.held(arn, alone=alone, overtaking=bool(call.held)))
            call.held.add(arn)
        return self._access.current(arn)

    def asked(
        self,
        call: OpenCall,
        check: AuthorizationCheck,
        row: KeyRow | None = None,
        grant: Grant | None = None,
    ) -> Call:
        """What the gate is asked for one check of a call, on a key as it is now."""
        policies = (("key", row.policy_digest),) if row else ()
        return Call(
            call_id=call.id,
            principal=call.caller.principal_arn,
            action=check.action,
            resource=check.resource,
            key_arn=check.resource if check.subject is Subject.KEY else call.key_arn,
            context={**check.context, **self.now()},
            grant_tokens=call.grant_tokens,
            policies=(*policies, ("identities", self._identities)),
            access_version=row.access_version if row else None,
            grant=grant,
        )

    @contextmanager
    def admitted(
        self, call: OpenCall, reference: KeyReference | None, asked: Call, foreign: str = FOREIGN_KEY
    ) -> Iterator[Permit]:
        """Let a call through to a key, or without one to an alias; a denial tells of no other account's key.

        Raises:
            AccessDeniedError: the caller may not.
        """
        try:
            permit = self._gate.admit(asked, call.decisions.append)
        except AccessDeniedError:
            if reference is None or _owns(call, reference):
                raise
            # INVARIANT: nothing here depends on whether key or alias exist, nor is the decision shown
            named = reference.alias or reference.arn
            text = foreign.format(principal=asked.principal, action=asked.action, resource=named)
            raise AccessDeniedError(text) from None
        with permit:
            yield permit

    def _held(
        self, call: OpenCall, *references: KeyReference
    ) -> tuple[tuple[KeyReference, ...], dict[str, KeyRow | None]]:
        """Hold the keys; where one was named by an alias that was moved meanwhile, the one that it is now."""
        while True:
            call.key_arn = references[0].arn
            rows = {arn: self.hold(call, arn) for arn in sorted({each.arn for each in references})}
            now = tuple(self._again(call, each) for each in references)
            if now == references:
                return references, rows
            self.let_go(call)
            references = now

    def _again(self, call: OpenCall, reference: KeyReference) -> KeyReference:
        if reference.alias is None:
            return reference
        return self.behind(call, AliasReference(reference.alias, reference.account))

    def let_go(self, call: OpenCall) -> None:
        """Let go of a call's locks before anything was decided, to begin anew.

        Raises:
            DependencyTimeoutError: that was tried too often already.
        """
        call.locks.close()
        call.held.clear()
        call.retries += 1
        if call.decisions or call.retries > _RETRIES:
            raise DependencyTimeoutError("the alias is being moved from key to key")

    def _checks(
        self,
        call: OpenCall,
        reference: KeyReference,
        row: KeyRow | None,
        parameters: Parameters,
        grant: Grant | None,
    ) -> tuple[AuthorizationCheck, ...]:
        days = None
        if row is not None and call.operation.carries("kms:TrailingDaysWithoutKeyUsage"):
            days = self._access.days_without_use(row, self._clock.now())
        return checks_of(
            call.operation,
            call.caller,
            self._region,
            reference.arn,
            parameters,
            grant,
            alias=reference.alias,
            days_without_usage=days,
        )

    def _record(self, call: OpenCall) -> None:
        uses: list[Filled] = []
        if call.operation in USES:
            use = LastUse(call.operation.value, self._clock.now(), call.id)
            uses = [keeping_use(arn.rpartition("/")[2], use) for arn in call.held]
        self._log.append(ending(call), *uses)

    def _genuine(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        if tokens:
            with self._database.read() as connection:
                if any(token_grant(connection, token) is None for token in tokens):
                    raise InvalidGrantTokenError("a grant token is not valid")
        return tokens


@lru_cache(maxsize=1)
def _time_keys(seconds: int) -> Mapping[str, str]:
    moment = datetime.fromtimestamp(seconds, UTC)
    return {"aws:CurrentTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "aws:EpochTime": str(seconds)}


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
