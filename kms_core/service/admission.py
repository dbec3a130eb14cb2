"""Putting a call to the gate: what it is asked, and what a caller is told who may not.

Inside an account a missing key is NotFoundException. Across accounts a caller cannot tell a missing key from
a forbidden one: both are decided by the engine, recorded, and answered with one text.

Not the decision (`gate`, the engine) and not what a call tells the policies (`context`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from kms_core.errors import AccessDeniedError, NotFoundError
from kms_core.gate import Call
from kms_core.service.context import check_on_key, checks_of
from policy_engine.calls.api_call import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kms_core.gate import Gate
    from kms_core.model.key_reference import KeyReference
    from kms_core.permit import Permit
    from kms_core.service.clock import Clock
    from kms_core.service.context import Parameters
    from kms_core.service.key_access import KeyAccess
    from kms_core.service.open_call import OpenCall
    from kms_core.store.keys import KeyRow
    from policy_engine.calls.api_call import AuthorizationCheck
    from policy_engine.model.grant import Grant

FOREIGN_KEY = (
    "User: {principal} is not authorized to perform: {action} on resource: {resource} because the resource "
    "does not exist in this Region, no resource-based policies allow access, or a resource-based policy "
    "explicitly denies access"
)
FOREIGN_CIPHERTEXT = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or "
    "you are not allowed to access."
)


class Admission:
    """Asks the gate on behalf of calls."""

    def __init__(self, gate: Gate, access: KeyAccess, clock: Clock, *, region: str, identities: str) -> None:
        self._gate = gate
        self._access = access
        self._clock = clock
        self._region = region
        self._identities = identities

    def without_key(self, call: OpenCall, new_key_arn: str | None, parameters: Parameters) -> Permit:
        """Let a call through that is authorised on no key; the permit is for the key that it makes, if any.

        It lasts until its context is left, and no longer than the call.

        Raises:
            AccessDeniedError: the caller may not.
        """
        call.key_arn = new_key_arn
        checks = checks_of(call.operation, call.caller, self._region, new_key_arn or "*", parameters)
        permit, *_ = [self._permit(call, self.asked(call, check)) for check in checks]
        return permit

    def admitted(
        self, call: OpenCall, reference: KeyReference | None, asked: Call, foreign: str = FOREIGN_KEY
    ) -> Permit:
        """Let a call through to a key, or without one to an alias; a denial tells of no other account's key.

        It lasts until its context is left, and no longer than the call.

        Raises:
            AccessDeniedError: the caller may not.
        """
        try:
            return self._permit(call, asked)
        except AccessDeniedError:
            if reference is None or _owns(call, reference):
                raise
            # INVARIANT: nothing here depends on whether key or alias exist, nor is the decision shown
            named = reference.alias or reference.arn
            text = foreign.format(principal=asked.principal, action=asked.action, resource=named)
            raise AccessDeniedError(text) from None

    def _permit(self, call: OpenCall, asked: Call) -> Permit:
        permit = self._gate.admit(asked, call.decisions.append)
        call.permits.append(permit)
        return permit

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
            context={**check.context, **self._now()},
            grant_tokens=call.grant_tokens,
            policies=(*policies, ("identities", self._identities)),
            access_version=row.access_version if row else None,
            grant=grant,
        )

    def check(
        self,
        call: OpenCall,
        reference: KeyReference,
        row: KeyRow | None,
        parameters: Parameters,
        grant: Grant | None,
    ) -> AuthorizationCheck:
        """What a call is authorised on for a key as it is now, and the condition keys of that check."""
        named, alias = (call.operation, call.caller, self._region, reference.arn), reference.alias
        days = None
        if row is not None and call.operation.carries("kms:TrailingDaysWithoutKeyUsage"):
            days = self._access.days_without_use(row, self._clock.now())
        if grant is None and days is None:
            return check_on_key(*named, parameters, alias=alias)
        (check,) = checks_of(*named, parameters, grant, alias=alias, days_without_usage=days)
        return check

    def _now(self) -> Mapping[str, str]:
        """The condition keys of the time: this service's clock, whatever the caller says."""
        return _time_keys(int(self._clock.now()))


@lru_cache(maxsize=1)
def _time_keys(seconds: int) -> Mapping[str, str]:
    moment = datetime.fromtimestamp(seconds, UTC)
    return {"aws:CurrentTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "aws:EpochTime": str(seconds)}


def require_known(call: OpenCall, reference: KeyReference, row: KeyRow | None) -> None:
    """Inside an account a key that is missing is said to be."""
    if row is None and _owns(call, reference):
        raise NotFoundError(f"Key '{reference.arn}' does not exist")


def _owns(call: OpenCall, reference: KeyReference) -> bool:
    return reference.account == call.caller.account
