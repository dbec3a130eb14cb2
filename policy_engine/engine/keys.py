"""A key with its rows: the statements of its policies, and its grants by grantee."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.graph.lowering import lower_grant, lower_policies
from policy_engine.model.principal import Principal, PrincipalKind
from policy_engine.syntax.arn import is_account_id, parse_arn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.graph.rows import GrantRow, StatementRow
    from policy_engine.graph.tests import SharedTests
    from policy_engine.model.bundle import KeyRecord


class KeyEntry:
    """A key of an engine."""

    __slots__ = ("_grants", "record", "rows")

    def __init__(self, record: KeyRecord, tests: SharedTests) -> None:
        self.record = record
        policies = [policy for policy in (record.policy, record.shared_policy) if policy is not None]
        self.rows: tuple[StatementRow, ...] = tuple(lower_policies(policies, tests))
        self._grants: dict[str, list[GrantRow]] = {}
        for grant in record.grants:
            rows = self._grants.setdefault(_grantee_name(grant.grantee_principal), [])
            rows.extend(lower_grant(grant, tests))

    def grants_for(self, caller: Principal) -> Iterator[GrantRow]:
        """The grants that could cover a caller, found by name, so that a key may have very many."""
        for name in _names(caller):
            yield from self._grants.get(name, ())


def _grantee_name(grantee: str) -> str:
    """The name under which a grant is found: an account by its number, a role by its account and name."""
    arn = parse_arn(grantee)
    if arn is None:
        return grantee
    if arn.service == "iam" and arn.resource == "root":
        return arn.account
    if arn.service == "iam" and arn.resource.startswith("role/"):
        return _role(arn.account, arn.resource.rpartition("/")[2])
    return grantee


def _role(account: str, name: str) -> str:
    return f"{account} role {ascii_lower(name)}"


def _names(caller: Principal) -> Iterator[str]:
    yield caller.arn
    if caller.kind in {PrincipalKind.ROLE, PrincipalKind.ASSUMED_ROLE} and caller.account:
        yield _role(caller.account, caller.name.partition("/")[0])
    elif caller.role_arn and caller.role_arn != caller.arn:
        yield caller.role_arn
    if caller.account is not None and is_account_id(caller.account):
        yield caller.account
