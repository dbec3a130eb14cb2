"""CreateGrant, RetireGrant and RevokeGrant: what makes grants and ends them.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html and the pages of the others. A grant
is in force when CreateGrant returns, with or without its token, and is no more when RetireGrant or
RevokeGrant returns. Showing grants is `grant_lists`.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

from kms_core.errors import InvalidGrantTokenError, LimitExceededError, NotFoundError, ValidationError
from kms_core.model.operations import Operation
from kms_core.service import context
from kms_core.service.grant_parameters import (
    MAX_GRANT_ID,
    RequestedGrant,
    check_fits_key,
    check_grant,
)
from kms_core.service.parameters import MAX_GRANT_TOKEN, check_text
from kms_core.service.results import CreatedGrant
from kms_core.store import grants as rows
from policy_engine.model.grant import Grant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from kms_core.model.caller import Caller
    from kms_core.model.grant import GrantRecord
    from kms_core.model.key_reference import KeyReference
    from kms_core.service.core import Core
    from kms_core.service.open_call import OpenCall
    from policy_engine.model.grant import GrantConstraints

_ID_BYTES = 32
_TOKEN_BYTES = 48


class GrantOperations:
    """What makes and ends grants."""

    _core: Core

    def create_grant(
        self,
        caller: Caller | str,
        key_id: str,
        grantee_principal: str | None = None,
        operations: Sequence[str] = (),
        *,
        grantee_service_principal: str | None = None,
        retiring_principal: str | None = None,
        retiring_service_principal: str | None = None,
        constraints: GrantConstraints | None = None,
        name: str | None = None,
        grant_tokens: Sequence[str] = (),
        dry_run: bool | None = None,
    ) -> CreatedGrant:
        """Let a principal use a key. Every call that begins after this has returned may count on it.

        With a name, the same call again gives the same grant, with a new token.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            grantee_principal: ARN of who may use the key; or
            grantee_service_principal: the service that may, on behalf of the constraint's source.
            operations: which operations, by their API names.
            retiring_principal: ARN of who may retire the grant; or
            retiring_service_principal: the service that may.
            constraints: what the encryption context must hold, and on whose behalf calls must be made.
            name: up to 256 of ``a-zA-Z0-9:/_-``.
            grant_tokens: tokens of grants that may be too new to be known everywhere.
            dry_run: only try.

        Raises:
            AccessDeniedError, DependencyTimeoutError, DisabledError, DryRunOperationError, InvalidArnError,
            InvalidGrantTokenError, KMSInvalidStateError, LimitExceededError, NotFoundError, ValidationError,
            KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.CREATE_GRANT, caller, grant_tokens, dry_run=dry_run) as call:
            asked = check_grant(
                RequestedGrant(
                    grantee_principal,
                    grantee_service_principal,
                    retiring_principal,
                    retiring_service_principal,
                    operations,
                    constraints,
                    name,
                )
            )
            reference = core.calls.reference(call, key_id)
            issuer = call.caller.account or reference.account
            grant = replace(
                asked,
                grant_id=core.sources.random_bytes(_ID_BYTES).hex(),
                issuing_account=f"arn:{call.caller.partition}:iam::{issuer}:root",
                creation_date=core.sources.now(),
            )
            given = context.create_grant(grant)
            with core.calls.on_key(call, reference, given, grant=grant) as admitted:
                check_fits_key(grant, admitted.key)
                return self._file(call, admitted.key.key_id, grant)

    def retire_grant(
        self,
        caller: Caller | str,
        *,
        grant_token: str | None = None,
        key_id: str | None = None,
        grant_id: str | None = None,
        dry_run: bool | None = None,
    ) -> None:
        """End a grant, as who needs it no longer. The grant says who may, and no key policy does.

        Args:
            caller: who calls.
            grant_token: a token of the grant; or
            key_id: a key id or key ARN, and
            grant_id: the grant's id.
            dry_run: only try.

        Raises:
            InvalidGrantTokenError: the token is of no grant, or of one that has ended.
            NotFoundError: no such key, or no such grant on it.
            AccessDeniedError, DependencyTimeoutError, DryRunOperationError, InvalidArnError,
            ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.RETIRE_GRANT, caller, dry_run=dry_run) as call:
            if grant_token is not None and key_id is None and grant_id is None:
                found = self._by_token(grant_token)
                reference = core.calls.reference(call, found.key_arn)
                wanted = found.grant.grant_id
            elif grant_token is None and key_id is not None and grant_id is not None:
                check_text("grantId", grant_id, 1, MAX_GRANT_ID)
                reference, wanted = core.calls.reference(call, key_id), grant_id
            else:
                raise ValidationError("Please specify either grant token or both key ID and grant ID.")
            grant = self._in_question(call, reference, wanted)
            with core.calls.on_key(call, reference, {}, grant=grant) as admitted:
                self._end(call, admitted.key.key_id, grant.grant_id)

    def revoke_grant(
        self, caller: Caller | str, key_id: str, grant_id: str, *, dry_run: bool | None = None
    ) -> None:
        """End a grant, as who rules over the key; policies say who may.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            grant_id: the grant's id.
            dry_run: only try.

        Raises:
            NotFoundError: no such key, or no such grant on it.
            AccessDeniedError, DependencyTimeoutError, DryRunOperationError, InvalidArnError,
            ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.REVOKE_GRANT, caller, dry_run=dry_run) as call:
            check_text("grantId", grant_id, 1, MAX_GRANT_ID)
            reference = core.calls.reference(call, key_id)
            with core.calls.on_key(call, reference, {}) as admitted:
                self._end(call, admitted.key.key_id, grant_id)

    def _file(self, call: OpenCall, key_id: str, grant: Grant) -> CreatedGrant:
        token = base64.urlsafe_b64encode(self._core.sources.random_bytes(_TOKEN_BYTES)).decode()
        most = self._core.quotas.grants_per_key
        with self._core.calls.changing(call) as connection:
            grant_id = _same_grant(connection, key_id, grant)
            if grant_id is None:
                if rows.count_grants(connection, key_id) >= most:
                    raise LimitExceededError(f"the key has {most} grants already")
                rows.insert_grant(connection, key_id, grant)
                grant_id = grant.grant_id
            rows.insert_token(connection, grant_id, token)
        return CreatedGrant(grant_id, token)

    def _by_token(self, token: str) -> GrantRecord:
        check_text("grantToken", token, 1, MAX_GRANT_TOKEN)
        with self._core.database.read() as connection:
            grant_id = rows.token_grant(connection, token)
            found = rows.find_grant(connection, grant_id) if grant_id else None
        if found is None:
            raise InvalidGrantTokenError("the grant token is not valid")
        return found

    def _in_question(self, call: OpenCall, reference: KeyReference, grant_id: str) -> Grant:
        """The grant that the caller means, as far as there is one.

        INVARIANT: of one that the key does not have only the id is told to the engine, which lets nobody of
        another account retire it; so such a caller cannot tell it from one that is not theirs to retire.
        """
        with self._core.database.read() as connection:
            found = rows.find_grant(connection, grant_id)
        if found is not None and found.key_arn == reference.arn:
            return found.grant
        if reference.account == call.caller.account and self._core.access.reference(reference.key_id):
            raise NotFoundError(f"Grant ID {grant_id} not found")
        return Grant(grant_id, "", ())

    def _end(self, call: OpenCall, key_id: str, grant_id: str) -> None:
        with self._core.calls.changing(call) as connection:
            found = rows.find_grant(connection, grant_id)
            if found is None or found.key_id != key_id:
                raise NotFoundError(f"Grant ID {grant_id} not found")
            rows.delete_grant(connection, key_id, grant_id)


def _same_grant(connection: Connection, key_id: str, grant: Grant) -> str | None:
    """The id of the grant that the same call made before; only a named grant can be found again."""
    if grant.name is None:
        return None
    for record in rows.grants_named(connection, key_id, grant.name):
        found = record.grant
        if replace(found, grant_id=grant.grant_id, creation_date=grant.creation_date) == grant:
            return found.grant_id
    return None
