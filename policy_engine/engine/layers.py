"""CALLER, KEY AND ACTION → LAYERS: which rows of which layer are left, and what they ask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy_engine.calls.facts import WITHOUT_KEY_ATTRIBUTES
from policy_engine.conditions.endpoint import ComesThroughTest
from policy_engine.engine.combination import Grants, Layers
from policy_engine.engine.retirement import retirement
from policy_engine.engine.situation import KMS, RETIRE_GRANT, facts_of
from policy_engine.graph.child_grants import no_wider
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
from policy_engine.graph.lowering import context_test
from policy_engine.graph.principals import PrincipalMatch
from policy_engine.graph.residual import ResidualRow, settle, specialise, specialise_grants
from policy_engine.model.policy import Effect
from policy_engine.model.principal import PrincipalKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from policy_engine.engine.situation import EndpointRows, Situation
    from policy_engine.graph.residual import Target
    from policy_engine.graph.rows import GrantRow, StatementRow
    from policy_engine.model.facts import Facts

_CREATE_GRANT = "kms:creategrant"


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
        hidden = WITHOUT_KEY_ATTRIBUTES.families
        values = {k: v for k, v in self.facts.values.items() if not k.startswith(hidden)}
        self.resource_side = replace(self.facts, values=values).joined(WITHOUT_KEY_ATTRIBUTES)

    def run(self) -> ResidualLayers:
        """All layers."""
        caller, ceilings = self.situation.caller, self.situation.ceilings
        key_rows = self._key_rows()
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
            task=self._task(),
            identity=self._identity(),
            boundary=self._cap(caller.boundary),
            session=self._cap(caller.session),
            named=named,
            direct=direct,
            delegated=delegated,
            grants=self._grants(),
            retiring=retirement(self.situation, self.facts),
            same_account=self._account_is("StringEqualsIfExists"),
            other_account=self._account_is("StringNotEquals"),
        )
        return ResidualLayers(layers, tuple(denies))

    def _key_rows(self) -> tuple[StatementRow, ...]:
        """The key policy's rows; on RetireGrant it has no say (rule 47)."""
        key = self.situation.key
        return key.rows if key and self.situation.action != RETIRE_GRANT else ()

    def _under_scps(self) -> bool:
        principal = self.situation.caller.principal
        return principal.kind is not PrincipalKind.SERVICE and not principal.service_linked

    def _under_rcps(self) -> bool:
        key = self.situation.key
        managed = key is not None and key.record.aws_managed
        service_linked = self.situation.caller.principal.service_linked
        return not managed and not service_linked and self.situation.action != RETIRE_GRANT

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

    def _task(self) -> Formula:
        """That the caller is no root session; what is no truth value does not say so."""
        root = self.situation.caller.principal.kind is PrincipalKind.ROOT
        if not root or not self.situation.action.startswith(KMS):
            return ALWAYS
        return Asked(context_test("BoolIfExists", "aws:AssumedRoot", "false"))

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
        key, caller = self.situation.key, self.situation.caller.principal
        rows = key.grants_for(caller) if key else ()
        left = tuple(self.how.grants(filter(self._may_make, rows), self.target, self.facts))
        by_match = {m: rows_formula(tuple(row for row in left if row.match is m)) for m in PrincipalMatch}
        free, capped = by_match[PrincipalMatch.NAMED], by_match[PrincipalMatch.DIRECT]
        if not self.situation.options.caps_limit_grants:
            free, capped = any_of(free, capped), NEVER
        return Grants(free, capped, by_match[PrincipalMatch.DELEGATED])

    def _account_is(self, operator: str) -> Formula:
        """Whether the resource's account is the caller's, where only the context says so (rule 104)."""
        account = self.situation.caller.principal.account or ""
        return Asked(settle(context_test(operator, "aws:ResourceAccount", account), self.facts))

    def _may_make(self, row: GrantRow) -> bool:
        """Whether a grant may be used to make the grant in question; one that is not known is too wide."""
        if self.situation.action != _CREATE_GRANT:
            return True
        child, options = self.situation.grant, self.situation.options
        ignore_case = options.grant_context_names_ignore_case
        return child is not None and no_wider(child, row.grant, ignore_case=ignore_case)
