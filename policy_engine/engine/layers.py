"""CALLER, KEY AND ACTION → LAYERS: which rows of which layer are left, and what they ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.calls.facts import WITHOUT_KEY_ATTRIBUTES, key_facts, principal_facts
from policy_engine.catalog.actions import find_action
from policy_engine.conditions.endpoint import ComesThroughTest
from policy_engine.engine.combination import Grants, Layers, Relation
from policy_engine.graph.formula import (
    ALWAYS,
    NEVER,
    Asked,
    Formula,
    all_of,
    any_of,
    row_formula,
    rows_formula,
)
from policy_engine.graph.principals import PrincipalMatch
from policy_engine.graph.residual import ResidualRow, Target, specialise, specialise_grants
from policy_engine.model.facts import Facts
from policy_engine.model.policy import Effect
from policy_engine.model.principal import PrincipalKind
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from policy_engine.engine.callers import Caller
    from policy_engine.engine.keys import KeyEntry
    from policy_engine.graph.rows import GrantRow, StatementRow
    from policy_engine.model.options import Options

_RETIRE_GRANT = "kms:retiregrant"


@dataclass(frozen=True, slots=True, eq=False)
class EndpointRows:
    """A VPC endpoint's rows; `id` None: every call comes through it."""

    id: str | None
    rows: tuple[StatementRow, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ceilings:
    """What organization and network put over a request: empty where there is none.

    `scps` has one tuple of rows for each level; `rcps` are the rows of all levels of the key's account.
    """

    scps: tuple[tuple[StatementRow, ...], ...] = ()
    rcps: tuple[StatementRow, ...] = ()
    endpoints: tuple[EndpointRows, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """Everything but the context: who, what, on which key, under which ceilings."""

    caller: Caller
    key: KeyEntry | None
    action: str
    resource: str
    ceilings: Ceilings
    options: Options

    @property
    def target(self) -> Target:
        """What rows are specialised on."""
        return Target(self.caller.principal, self.caller.boundary is not None, self.action, self.resource)


def relation_of(situation: Situation) -> Relation:
    """What the caller is to the resource."""
    principal = situation.caller.principal
    if principal.kind is PrincipalKind.ANONYMOUS:
        return Relation.ANONYMOUS
    action = find_action(situation.action)
    if action is None or not action.has_key or _is_alias(situation.resource):
        return Relation.NO_KEY
    if situation.key is None:
        return Relation.UNKNOWN_KEY
    if principal.kind is PrincipalKind.SERVICE:
        return Relation.SERVICE
    if _account(situation.resource) == principal.account:
        return Relation.SAME_ACCOUNT
    return Relation.CROSS_ACCOUNT if action.cross_account else Relation.NOT_ACROSS_ACCOUNTS


def facts_of(situation: Situation) -> Facts:
    """The facts that identity-based policies see."""
    principal = situation.caller.principal
    record = situation.key.record if situation.key else None
    facts = principal_facts(principal).joined(key_facts(record, situation.resource, principal.account))
    if not _is_alias(situation.resource):
        return facts
    # condition keys of KMS do not exist for an alias (rule 83)
    return Facts(
        {k: v for k, v in facts.values.items() if not k.startswith("kms:")}, (*facts.families, "kms:")
    )


def _is_alias(resource: str) -> bool:
    arn = parse_arn(resource)
    return arn is not None and arn.service == "kms" and arn.resource.startswith("alias/")


def _account(resource: str) -> str | None:
    arn = parse_arn(resource)
    return arn.account if arn else None


@dataclass(frozen=True, slots=True)
class Specialisation:
    """How rows become residual rows: a decision drops what cannot hold, an explanation keeps it."""

    statements: Callable[[Iterable[StatementRow], Target, Facts], Iterable[ResidualRow]]
    grants: Callable[[Iterable[GrantRow], Target, Facts], Iterable[ResidualRow]]


_DECIDING = Specialisation(specialise, specialise_grants)


@dataclass(frozen=True, slots=True, eq=False)
class ResidualLayers:
    """The layers' formulas, and the deny rows that are left, for saying which of them hold."""

    layers: Layers
    denies: tuple[tuple[Formula, ResidualRow], ...]


def residual_layers(situation: Situation, how: Specialisation = _DECIDING) -> ResidualLayers:
    """What is left of every layer."""
    return _Specialiser(situation, how).run()


class _Specialiser:
    """Puts one situation to the rows of each layer."""

    def __init__(self, situation: Situation, how: Specialisation) -> None:
        self.situation = situation
        self.how = how
        self.target = situation.target
        self.facts = facts_of(situation)
        # tags and aliases of the key count in identity-based policies only (rule 99)
        self.resource_side = Facts(
            {k: v for k, v in self.facts.values.items() if not k.startswith(WITHOUT_KEY_ATTRIBUTES.families)},
            self.facts.families,
        ).joined(WITHOUT_KEY_ATTRIBUTES)

    def run(self) -> ResidualLayers:
        """All layers."""
        caller, ceilings = self.situation.caller, self.situation.ceilings
        key_rows = self.situation.key.rows if self.situation.key else ()
        scps = ceilings.scps if self._under_scps() else ()
        rcps = ceilings.rcps if self._under_rcps() else ()
        own = (caller.identity, caller.boundary or (), caller.session or (), *scps)
        denies: list[tuple[Formula, ResidualRow]] = []
        for rows in own:
            denies += self._denies(rows, self.facts)
        for rows in (key_rows, rcps):
            denies += self._denies(rows, self.resource_side)
        for endpoint in ceilings.endpoints:
            denies += self._denies(
                endpoint.rows, self.resource_side, Asked(ComesThroughTest(endpoint.id, negated=False))
            )
        named, direct, delegated = self._key_policy(key_rows)
        layers = Layers(
            deny=any_of(*(formula for formula, _ in denies)),
            scp=all_of(*(self._allows(level, self.facts) for level in scps)),
            endpoint=all_of(*(self._endpoint(endpoint) for endpoint in ceilings.endpoints)),
            identity=self._identity(),
            boundary=self._cap(caller.boundary),
            session=self._cap(caller.session),
            named=named,
            direct=direct,
            delegated=delegated,
            grants=self._grants(),
        )
        return ResidualLayers(layers, tuple(denies))

    def _under_scps(self) -> bool:
        principal = self.situation.caller.principal
        return principal.kind is not PrincipalKind.SERVICE and not principal.service_linked

    def _under_rcps(self) -> bool:
        key = self.situation.key
        managed = key is not None and key.record.aws_managed
        service_linked = self.situation.caller.principal.service_linked
        return not managed and not service_linked and self.situation.action != _RETIRE_GRANT

    def _rows(self, rows: Iterable[StatementRow], effect: Effect, facts: Facts) -> tuple[ResidualRow, ...]:
        return tuple(self.how.statements((row for row in rows if row.effect is effect), self.target, facts))

    def _allows(self, rows: Iterable[StatementRow], facts: Facts) -> Formula:
        return rows_formula(self._rows(rows, Effect.ALLOW, facts))

    def _denies(
        self, rows: Iterable[StatementRow], facts: Facts, guard: Formula = ALWAYS
    ) -> list[tuple[Formula, ResidualRow]]:
        return [(all_of(guard, row_formula(row)), row) for row in self._rows(rows, Effect.DENY, facts)]

    def _cap(self, rows: Sequence[StatementRow] | None) -> Formula:
        return ALWAYS if rows is None else self._allows(rows, self.facts)

    def _identity(self) -> Formula:
        caller = self.situation.caller
        if caller.principal.kind is PrincipalKind.ROOT:
            return ALWAYS
        return self._allows(caller.identity, self.facts)

    def _endpoint(self, endpoint: EndpointRows) -> Formula:
        elsewhere = Asked(ComesThroughTest(endpoint.id, negated=True))
        return any_of(elsewhere, self._allows(endpoint.rows, self.resource_side))

    def _key_policy(self, rows: Sequence[StatementRow]) -> tuple[Formula, Formula, Formula]:
        left = self._rows(rows, Effect.ALLOW, self.resource_side)
        named, direct, delegated = (
            rows_formula(tuple(row for row in left if row.match is match)) for match in PrincipalMatch
        )
        return named, direct, delegated

    def _grants(self) -> Grants:
        key = self.situation.key
        if key is None:
            return Grants()
        rows = key.grants_for(self.situation.caller.principal)
        left = tuple(self.how.grants(rows, self.target, self.facts))
        by_match = {m: rows_formula(tuple(row for row in left if row.match is m)) for m in PrincipalMatch}
        free, capped = by_match[PrincipalMatch.NAMED], by_match[PrincipalMatch.DIRECT]
        if not self.situation.options.caps_limit_grants:
            free, capped = any_of(free, capped), NEVER
        return Grants(free, capped, by_match[PrincipalMatch.DELEGATED])
