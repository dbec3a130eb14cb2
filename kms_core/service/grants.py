"""CreateGrant and ListGrants.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html. A grant is in force when CreateGrant
returns, with or without its token.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import TYPE_CHECKING

from kms_core.errors import InvalidMarkerError, LimitExceededError
from kms_core.model.operations import Operation
from kms_core.service import context
from kms_core.service.grant_parameters import (
    check_constraints,
    check_name,
    check_operations,
    check_principal,
)
from kms_core.service.parameters import check_range, check_text
from kms_core.service.results import CreatedGrant, GrantPage, ListedGrant
from kms_core.store import grants as rows
from policy_engine.model.grant import Grant, GrantConstraints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from kms_core.model.caller import Caller
    from kms_core.service.core import Core

MAX_GRANTS = 50_000
_MAX_PAGE = 100
_PAGE = 50
_MAX_ID = 128
_ID_BYTES = 32
_TOKEN_BYTES = 48
_POSITIONS = range(1, 2**63)


class GrantOperations:
    """What makes and shows grants."""

    _core: Core

    def create_grant(
        self,
        caller: Caller | str,
        key_id: str,
        grantee_principal: str,
        operations: Sequence[str],
        *,
        retiring_principal: str | None = None,
        constraints: GrantConstraints | None = None,
        name: str | None = None,
        grant_tokens: Sequence[str] = (),
    ) -> CreatedGrant:
        """Let a principal use a key. Every call that begins after this has returned may count on it.

        With a name, the same call again gives the same grant, with a new token.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            grantee_principal: ARN of who may use the key.
            operations: which operations, by their API names.
            retiring_principal: ARN of who may retire the grant.
            constraints: what the encryption context must hold; one of the two kinds.
            name: up to 256 of ``a-zA-Z0-9:/_-``.
            grant_tokens: tokens of grants that may be too new to be known everywhere.

        Raises:
            AccessDeniedError, DisabledError, InvalidArnError, InvalidGrantTokenError, KMSInvalidStateError,
            LimitExceededError, NotFoundError, UnsupportedOperationError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.CREATE_GRANT, caller, grant_tokens) as call:
            if retiring_principal is not None:
                check_principal("retiringPrincipal", retiring_principal)
            reference = core.calls.reference(call, key_id)
            issuer = call.caller.account or reference.account
            grant = Grant(
                grant_id=core.sources.random_bytes(_ID_BYTES).hex(),
                grantee_principal=check_principal("granteePrincipal", grantee_principal),
                operations=check_operations(operations),
                constraints=check_constraints(constraints) or GrantConstraints(),
                name=check_name(name),
                retiring_principal=retiring_principal,
                issuing_account=f"arn:{call.caller.partition}:iam::{issuer}:root",
                creation_date=core.sources.now(),
            )
            given = context.create_grant(grant)
            with core.calls.on_key(call, reference, given, grant=grant) as admitted:
                return self._file(admitted.key.key_id, grant)

    def list_grants(
        self,
        caller: Caller | str,
        key_id: str,
        *,
        grant_id: str | None = None,
        grantee_principal: str | None = None,
        limit: int = _PAGE,
        marker: str | None = None,
    ) -> GrantPage:
        """Show the grants on a key, a page at a time, in the order in which they were made.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            grant_id: only the grant with this id.
            grantee_principal: only grants to this principal.
            limit: how many at most, 1 to 100.
            marker: where to go on, as the page before said.

        Raises:
            InvalidMarkerError: the marker was not made for this key.
            AccessDeniedError, InvalidArnError, NotFoundError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.LIST_GRANTS, caller) as call:
            check_range("limit", limit, 1, _MAX_PAGE)
            if grant_id is not None:
                check_text("grantId", grant_id, 1, _MAX_ID)
            if grantee_principal is not None:
                check_principal("granteePrincipal", grantee_principal)
            reference = core.calls.reference(call, key_id)
            after = _position(marker, reference.key_id)
            with core.calls.on_key(call, reference, {}) as admitted:
                with core.database.read() as connection:
                    found = rows.grants_of(
                        connection,
                        admitted.key.key_id,
                        after=after,
                        limit=limit + 1,
                        grant_id=grant_id,
                        grantee_principal=grantee_principal,
                    )
                page, rest = found[:limit], found[limit:]
                further = _marker(reference.key_id, page[-1].position) if rest else None
                listed = tuple(ListedGrant(record.key_arn, record.grant) for record in page)
                return GrantPage(listed, bool(rest), further)

    def _file(self, key_id: str, grant: Grant) -> CreatedGrant:
        token = base64.urlsafe_b64encode(self._core.sources.random_bytes(_TOKEN_BYTES)).decode()
        with self._core.database.write() as connection:
            grant_id = _same_grant(connection, key_id, grant)
            if grant_id is None:
                if rows.count_grants(connection, key_id) >= MAX_GRANTS:
                    raise LimitExceededError(f"the key has {MAX_GRANTS} grants already")
                rows.insert_grant(connection, key_id, grant)
                grant_id = grant.grant_id
            rows.insert_token(connection, grant_id, token)
        return CreatedGrant(grant_id, token)


def _same_grant(connection: Connection, key_id: str, grant: Grant) -> str | None:
    """The id of the grant that the same call made before; only a named grant can be found again."""
    if grant.name is None:
        return None
    for record in rows.grants_named(connection, key_id, grant.name):
        found = record.grant
        if replace(found, grant_id=grant.grant_id, creation_date=grant.creation_date) == grant:
            return found.grant_id
    return None


def _marker(key_id: str, position: int) -> str:
    return base64.urlsafe_b64encode(f"{key_id} {position}".encode()).decode()


def _position(marker: str | None, key_id: str) -> int:
    if marker is None:
        return 0
    try:
        found, position = base64.urlsafe_b64decode(marker.encode()).decode().split(" ")
        if found == key_id and int(position) in _POSITIONS:
            return int(position)
    except (ValueError, binascii.Error):
        pass
    raise InvalidMarkerError("the marker is not valid for this key")
