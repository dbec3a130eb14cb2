"""The rows of grants and of the tokens that were handed out for them.

Not what a grant allows. A token is kept as its digest only, so that the database gives none away.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select

from kms_core.model.grant import GrantRecord
from kms_core.store.keys import raise_access_version
from kms_core.store.schema import GRANT_TOKENS, GRANTS, KEYS
from policy_engine.model.grant import Grant, GrantConstraints

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row, Select

_EQUALS = "EncryptionContextEquals"
_SUBSET = "EncryptionContextSubset"
_SOURCE = "SourceArn"


def insert_grant(connection: Connection, key_id: str, grant: Grant) -> None:
    """File a grant, and say that who may use its key has changed."""
    connection.execute(
        insert(GRANTS).values(
            grant_id=grant.grant_id,
            key_id=key_id,
            name=grant.name,
            grantee_principal=grant.grantee_principal,
            retiring_principal=grant.retiring_principal,
            operations=json.dumps(grant.operations),
            constraints=_constraints_text(grant.constraints),
            issuing_account=grant.issuing_account,
            creation_date=grant.creation_date,
        )
    )
    raise_access_version(connection, key_id)


def delete_grant(connection: Connection, key_id: str, grant_id: str) -> None:
    """End a grant with all its tokens, and say that who may use its key has changed."""
    connection.execute(delete(GRANT_TOKENS).where(GRANT_TOKENS.c.grant_id == grant_id))
    connection.execute(delete(GRANTS).where(GRANTS.c.grant_id == grant_id, GRANTS.c.key_id == key_id))
    raise_access_version(connection, key_id)


def insert_token(connection: Connection, grant_id: str, token: str) -> None:
    """File a token of a grant."""
    connection.execute(insert(GRANT_TOKENS).values(digest=_token_digest(token), grant_id=grant_id))


def token_grant(connection: Connection, token: str) -> str | None:
    """The id of the grant that a token is of; None where nobody was given this token."""
    query = select(GRANT_TOKENS.c.grant_id).where(GRANT_TOKENS.c.digest == _token_digest(token))
    return connection.execute(query).scalar_one_or_none()


def count_grants(connection: Connection, key_id: str) -> int:
    """How many grants a key has."""
    query = select(func.count()).select_from(GRANTS).where(GRANTS.c.key_id == key_id)
    return connection.execute(query).scalar_one()


def grant_ids(connection: Connection, key_id: str) -> frozenset[str]:
    """The ids of all grants of a key."""
    query = select(GRANTS.c.grant_id).where(GRANTS.c.key_id == key_id)
    return frozenset(connection.execute(query).scalars())


def find_grant(connection: Connection, grant_id: str) -> GrantRecord | None:
    """The grant with this id, on whatever key it is."""
    return next(iter(_records(connection, _ALL.where(GRANTS.c.grant_id == grant_id))), None)


def retirable_by(
    connection: Connection, retiring_principal: str, *, after: int, limit: int, account: str | None = None
) -> tuple[GrantRecord, ...]:
    """The grants on all keys that name this retiring principal; with `account` on its keys only."""
    query = _ALL.where(GRANTS.c.retiring_principal == retiring_principal, GRANTS.c.position > after)
    if account is not None:
        query = query.where(KEYS.c.account == account)
    return _records(connection, query.order_by(GRANTS.c.position).limit(limit))


def grants_named(connection: Connection, key_id: str, name: str) -> tuple[GrantRecord, ...]:
    """A key's grants of this name; grants that differ may share one."""
    return _records(connection, _of_key(key_id).where(GRANTS.c.name == name))


def grants_of(
    connection: Connection,
    key_id: str,
    *,
    after: int = 0,
    limit: int | None = None,
    grant_id: str | None = None,
    grantee_principal: str | None = None,
) -> tuple[GrantRecord, ...]:
    """A key's grants in the order of their making, from after a position, that have what is asked for."""
    query = _of_key(key_id).where(GRANTS.c.position > after)
    if grant_id is not None:
        query = query.where(GRANTS.c.grant_id == grant_id)
    if grantee_principal is not None:
        query = query.where(GRANTS.c.grantee_principal == grantee_principal)
    return _records(connection, query.limit(limit))


_ALL = select(*GRANTS.c, KEYS.c.arn.label("key_arn")).join(KEYS)


def _of_key(key_id: str) -> Select[tuple[object, ...]]:
    return _ALL.where(GRANTS.c.key_id == key_id).order_by(GRANTS.c.position)


def _records(connection: Connection, query: Select[tuple[object, ...]]) -> tuple[GrantRecord, ...]:
    return tuple(_record(row) for row in connection.execute(query))


def _record(row: Row[tuple[object, ...]]) -> GrantRecord:
    constraints = json.loads(row.constraints)
    grant = Grant(
        grant_id=row.grant_id,
        grantee_principal=row.grantee_principal,
        operations=tuple(json.loads(row.operations)),
        constraints=GrantConstraints(
            constraints.get(_EQUALS), constraints.get(_SUBSET), constraints.get(_SOURCE)
        ),
        name=row.name,
        retiring_principal=row.retiring_principal,
        issuing_account=row.issuing_account,
        creation_date=row.creation_date,
    )
    return GrantRecord(row.key_id, row.key_arn, grant, row.position)


def _constraints_text(constraints: GrantConstraints) -> str:
    pairs = {
        _EQUALS: constraints.encryption_context_equals,
        _SUBSET: constraints.encryption_context_subset,
    }
    content: dict[str, object] = {name: dict(value) for name, value in pairs.items() if value is not None}
    if constraints.source_arn is not None:
        content[_SOURCE] = constraints.source_arn
    return json.dumps(content)


def _token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
