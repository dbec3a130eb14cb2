"""CALLER → WHAT IT HOLDS: from a principal and the records to the rows that go with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from policy_engine.calls.facts import principal_facts
from policy_engine.calls.principals import is_service_linked
from policy_engine.case import ascii_lower
from policy_engine.graph.lowering import lower_policies
from policy_engine.model.principal import Principal, PrincipalKind
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy_engine.graph.principals import PrincipalMatch, PrincipalTest
    from policy_engine.graph.rows import StatementRow
    from policy_engine.graph.tests import SharedTests
    from policy_engine.model.bundle import GroupRecord, PrincipalRecord
    from policy_engine.model.facts import Facts
    from policy_engine.model.policy import Policy


Name = str | tuple[str, str]
"""What a record is found by: its ARN, or a role's account and name."""


@dataclass(frozen=True, slots=True, eq=False)
class Caller:
    """A principal with its rows.

    `boundary` and `session` are None where there is none. `records` names the records that it was made from,
    `rests_on` all that were looked for, so that a change of one finds the callers that it touches. `facts`
    are the condition keys that follow from the principal; `matches` remembers how what rows name covers it.
    """

    principal: Principal
    identity: tuple[StatementRow, ...]
    boundary: tuple[StatementRow, ...] | None
    session: tuple[StatementRow, ...] | None
    records: frozenset[str]
    rests_on: frozenset[Name]
    facts: Facts
    matches: dict[PrincipalTest, PrincipalMatch | None] = field(default_factory=dict, repr=False)

    @property
    def known(self) -> bool:
        """Whether a bundle holds the caller; one that it does not hold has no identity policies."""
        return bool(self.records)


class Directory:
    """The principals and groups that an engine knows."""

    __slots__ = ("_groups", "_principals", "_roles")

    def __init__(self, principals: Mapping[str, PrincipalRecord], groups: Mapping[str, GroupRecord]) -> None:
        self._principals = dict(principals)
        self._groups = dict(groups)
        self._roles = {name: r.arn for r in principals.values() if (name := _role_name(r.arn))}

    def put(self, record: PrincipalRecord) -> None:
        """Add or replace a principal."""
        self._principals[record.arn] = record
        name = _role_name(record.arn)
        if name is not None:
            self._roles[name] = record.arn

    def remove(self, arn: str) -> None:
        """Forget a principal, if it is known."""
        self._principals.pop(arn, None)
        name = _role_name(arn)
        if name is not None and self._roles.get(name) == arn:
            del self._roles[name]

    def put_group(self, record: GroupRecord) -> None:
        """Add or replace a group."""
        self._groups[record.arn] = record

    def remove_group(self, arn: str) -> None:
        """Forget a group, if it is known."""
        self._groups.pop(arn, None)

    def resolve(self, principal: Principal, tests: SharedTests) -> Caller:
        """The caller of a principal, with what the records say and the principal itself does not."""
        own = self._principals.get(principal.arn)
        role = _role_of(principal, own)
        holder = self._holder(role) or own
        full = _completed(principal, own, holder)
        belongs_to = (*_groups_of(holder), *full.groups)
        groups = [self._groups[arn] for arn in belongs_to if arn in self._groups]
        policies = [
            *(holder.identity_policies if holder else ()),
            *(p for g in groups for p in g.identity_policies),
        ]
        # a service-linked role cannot have a boundary (rule 79)
        boundary = holder.permissions_boundary if holder and not full.service_linked else None
        sessions = own.session_policies if own else ()
        records = frozenset(r.arn for r in (own, holder) if r) | {g.arn for g in groups}
        return Caller(
            principal=full,
            identity=tuple(lower_policies(policies, tests)),
            boundary=_rows((boundary,) if boundary else (), tests),
            session=_rows(sessions, tests),
            records=records,
            rests_on=frozenset({principal.arn, *([role] if role else []), *belongs_to}),
            facts=principal_facts(full),
        )

    def _holder(self, role: Name | None) -> PrincipalRecord | None:
        """The record of a session's role, or of the user who federated."""
        arn = self._roles.get(role) if isinstance(role, tuple) else role
        return self._principals.get(arn) if arn else None


def names_of(arn: str) -> frozenset[Name]:
    """By what callers may have looked for the record with an ARN."""
    role = _role_name(arn)
    return frozenset({arn} if role is None else {arn, role})


def _role_of(principal: Principal, own: PrincipalRecord | None) -> Name | None:
    """What the identity policies of a session are found by: its role, or the user who federated.

    A session whose role is not known may hold policies itself; its role's ARN is not guessed (rule 87).
    """
    if principal.kind not in {PrincipalKind.ASSUMED_ROLE, PrincipalKind.FEDERATED_USER}:
        return None
    arn = principal.role_arn or (own.role_arn if own else None)
    if arn is None and principal.kind is PrincipalKind.ASSUMED_ROLE and principal.account is not None:
        return principal.account, ascii_lower(principal.name.partition("/")[0])
    return arn


def _groups_of(record: PrincipalRecord | None) -> tuple[str, ...]:
    return record.groups if record else ()


def _rows(policies: Sequence[Policy], tests: SharedTests) -> tuple[StatementRow, ...] | None:
    return tuple(lower_policies(policies, tests)) if policies else None


def _role_name(arn: str) -> tuple[str, str] | None:
    """Account and name of a role's ARN; names of roles are unique in an account, whatever their case."""
    parsed = parse_arn(arn)
    if parsed is None or parsed.service != "iam" or not parsed.resource.startswith("role/"):
        return None
    return parsed.account, ascii_lower(parsed.resource.rpartition("/")[2])


def _completed(
    principal: Principal, own: PrincipalRecord | None, holder: PrincipalRecord | None
) -> Principal:
    """The principal with the fields that its records add; what the principal says itself wins."""
    records = [record for record in (own, holder) if record is not None]
    role_arn = principal.role_arn or next((r.role_arn for r in records if r.role_arn), None)
    if role_arn is None and holder is not None and holder is not own:
        role_arn = holder.arn
    return replace(
        principal,
        role_arn=role_arn,
        tags=_tags([holder.tags if holder else None, own.tags if own else None, principal.tags]),
        id=principal.id or next((r.id for r in records if r.id), None),
        service_linked=principal.service_linked
        or any(r.service_linked for r in records)
        or is_service_linked(role_arn),
    )


def _tags(layers: Sequence[Mapping[str, str] | None]) -> Mapping[str, str] | None:
    """A role's tags with a session's over them (rule 86); names of tags ignore case. None: not known."""
    known = [tags for tags in layers if tags is not None]
    if not known:
        return None
    return {ascii_lower(name): value for tags in known for name, value in tags.items()}
