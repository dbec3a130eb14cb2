"""A key with its rows: the statements of its policies, and its grants by grantee."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.graph.lowering import lower_grant, lower_policies
from policy_engine.model.principal import Principal, PrincipalKind
from policy_engine.syntax.arn import is_account_id, parse_arn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy_engine.graph.rows import GrantRow, StatementRow
    from policy_engine.graph.tests import SharedTests
    from policy_engine.model.bundle import KeyRecord
    from policy_engine.model.grant import Grant


class KeyEntry:
    """A key of an engine. Its rows are made when the first question about them is asked, and kept."""

    __slots__ = ("_grant_rows", "_grants", "_rows", "_tests", "record")

    def __init__(self, record: KeyRecord, tests: SharedTests) -> None:
        self.record = record
        self._tests = tests
        self._rows: tuple[StatementRow, ...] | None = None
        self._grants = _by_grantee(record.grants)
        self._grant_rows: dict[str, tuple[GrantRow, ...]] | None = None

    @property
    def rows(self) -> tuple[StatementRow, ...]:
        """The rows of its policies."""
        if self._rows is None:
            policies = [p for p in (self.record.policy, self.record.shared_policy) if p is not None]
            self._rows = tuple(lower_policies(policies, self._tests))
        return self._rows

    def successor(self, record: KeyRecord) -> KeyEntry:
        """The same key with another record; what the two records have in common is not made again."""
        before = self.record
        rows = self._rows
        if record.policy is not before.policy or record.shared_policy is not before.shared_policy:
            rows = None
        entry = self.with_rows(rows)
        entry.record = record
        if record.grants is not before.grants:
            entry._regroup(before.grants, record.grants)  # noqa: SLF001 - nobody else has it yet
        return entry

    def _regroup(self, before: tuple[Grant, ...], after: tuple[Grant, ...]) -> None:
        """Put grants in place of others; grantees for whom nothing changed keep their rows."""
        held, kept = set(map(id, before)), set(map(id, after))
        changed = [*(g for g in after if id(g) not in held), *(g for g in before if id(g) not in kept)]
        touched = {_grantee_name(grant.grantee_principal) for grant in changed}
        grants, rows = dict(self._grants), dict(self._grant_rows or {})
        for name in touched:
            rows.pop(name, None)
            grants.pop(name, None)
        grants |= _by_grantee(grant for grant in after if _grantee_name(grant.grantee_principal) in touched)
        self._grants, self._grant_rows = grants, rows

    def with_rows(self, rows: tuple[StatementRow, ...] | None) -> KeyEntry:
        """This key with other rows in place of its policies'; None for rows that are still to be made."""
        entry = copy.copy(self)
        entry._rows = rows  # noqa: SLF001 - its own copy
        return entry

    def grants_for(self, caller: Principal) -> Iterator[GrantRow]:
        """The grants that could cover a caller, found by name, so that a key may have very many."""
        if not self._grants:
            return
        for name in _names(caller):
            if name in self._grants:
                yield from self._rows_of(name)

    def _rows_of(self, name: str) -> tuple[GrantRow, ...]:
        if self._grant_rows is None:
            self._grant_rows = {}
        if name not in self._grant_rows:
            rows = (row for grant in self._grants[name] for row in lower_grant(grant, self._tests))
            self._grant_rows[name] = tuple(rows)
        return self._grant_rows[name]


def _by_grantee(grants: Iterable[Grant]) -> dict[str, tuple[Grant, ...]]:
    found: dict[str, list[Grant]] = {}
    for grant in grants:
        found.setdefault(_grantee_name(grant.grantee_principal), []).append(grant)
    return {name: tuple(those) for name, those in found.items()}


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
