"""CALLER, KEY AND ACTION → LAYERS: which rows of which layer are left, and what they ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.conditions.endpoint import ComesThroughTest
from policy_engine.engine.combination import Grants, Layers, Relation
from policy_engine.engine.retirement import retirement
from policy_engine.engine.situation import KMS, RETIRE_GRANT, facts_of, relation_of
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
    from collections.abc import Callable, Iterable, Iterator

    from policy_engine.engine.situation import Situation
    from policy_engine.graph.residual import Target
    from policy_engine.graph.rows import GrantRow, StatementRow
    from policy_engine.model.facts import Facts

_CREATE_GRANT = "kms:creategrant"
Rows = tuple[ResidualRow, ...]


@dataclass(frozen=True, slots=True)
class Specialisation:
    """How rows become residual rows: a decision drops what cannot hold, an explanation keeps it."""

    statements: Callable[[Iterable[StatementRow], Target, Facts], Iterable[ResidualRow]]
    grants: Callable[[Iterable[GrantRow], Target, Facts], Iterable[ResidualRow]]


_DECIDING = Specialisation(specialise, specialise_grants)


@dataclass(frozen=True, slots=True, eq=False)
class LayerRows:
    """The rows that are left in each layer; what allows and, in `denies`, what denies.

    `boundary` and `session` are None where there is none. What a VPC endpoint's policy denies it denies to
    calls that come through it: its `endpoint_denies` stand in the order of `endpoints`.
    """

    denies: Rows
    endpoint_denies: tuple[Rows, ...]
    scps: tuple[Rows, ...]
    endpoints: tuple[Rows, ...]
    identity: Rows
    boundary: Rows | None
    session: Rows | None
    key: Rows
    grants: Rows


def residual_rows(situation: Situation, how: Specialisation = _DECIDING) -> LayerRows:
    """What is left of every layer."""
    return _Specialiser(situation, how).run()


class _Specialiser:
    """Puts one situation to the rows of each layer."""

    def __init__(self, situation: Situation, how: Specialisation) -> None:
        self.situation = situation
        self.how = how
        self.target = situation.target
        # what the caller's own policies see, and what the key's policy sees
        self.facts = facts_of(situation)
        self.resource_side = facts_of(situation, in_identity_policies=False)

    def run(self) -> LayerRows:
        """All layers."""
        caller, ceilings = self.situation.caller, self.situation.ceilings
        key_rows = self._key_rows()
        scps = ceilings.scps if self._under_scps() else ()
        rcps = ceilings.rcps if self._under_rcps() else ()
        own = (caller.identity, caller.boundary or (), caller.session or (), *scps)
        return LayerRows(
            denies=(
                *(row for rows in own for row in self._rows(rows, Effect.DENY, self.facts)),
                *(
                    row
                    for rows in (key_rows, rcps)
                    for row in self._rows(rows, Effect.DENY, self.resource_side)
                ),
            ),
            endpoint_denies=tuple(self._endpoints(Effect.DENY)),
            scps=tuple(self._rows(level, Effect.ALLOW, self.facts) for level in scps),
            endpoints=tuple(self._endpoints(Effect.ALLOW)),
            identity=self._rows(caller.identity, Effect.ALLOW, self.facts),
            boundary=self._cap(caller.boundary),
            session=self._cap(caller.session),
            key=self._rows(key_rows, Effect.ALLOW, self.resource_side),
            grants=self._grants(),
        )

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

    def _rows(self, rows: Iterable[StatementRow], effect: Effect, facts: Facts) -> Rows:
        chosen = [row for row in rows if row.effect is effect]
        return tuple(self.how.statements(chosen, self.target, facts)) if chosen else ()

    def _cap(self, rows: tuple[StatementRow, ...] | None) -> Rows | None:
        return None if rows is None else self._rows(rows, Effect.ALLOW, self.facts)

    def _endpoints(self, effect: Effect) -> Iterator[Rows]:
        for endpoint in self.situation.ceilings.endpoints:
            yield self._rows(endpoint.rows, effect, self.resource_side)

    def _grants(self) -> Rows:
        key, caller = self.situation.key, self.situation.caller.principal
        rows = key.grants_for(caller) if key else ()
        return tuple(self.how.grants(filter(self._may_make, rows), self.target, self.facts))

    def _may_make(self, row: GrantRow) -> bool:
        """Whether a grant may be used to make the grant in question; one that is not known is too wide."""
        if self.situation.action != _CREATE_GRANT:
            return True
        child, options = self.situation.grant, self.situation.options
        ignore_case = options.grant_context_names_ignore_case
        return child is not None and no_wider(child, row.grant, ignore_case=ignore_case)


def denies_of(rows: LayerRows, situation: Situation) -> Iterator[tuple[Formula, ResidualRow]]:
    """The formula of each row that denies."""
    for row in rows.denies:
        yield row_formula(row), row
    for endpoint, through in zip(situation.ceilings.endpoints, rows.endpoint_denies, strict=True):
        guard = Asked(ComesThroughTest(endpoint.id, negated=False))
        for row in through:
            yield all_of(guard, row_formula(row)), row


def layers_of(rows: LayerRows, situation: Situation) -> Layers:
    """The formula of each layer."""
    named, direct, delegated = (rows_formula(_by(match, rows.key)) for match in PrincipalMatch)
    by_context = relation_of(situation) is Relation.OTHER_SERVICE
    return Layers(
        deny=any_of(*(formula for formula, _ in denies_of(rows, situation))),
        scp=all_of(*(rows_formula(level) for level in rows.scps)),
        endpoint=all_of(*_endpoints(rows, situation)),
        task=_task(situation),
        identity=_identity(rows, situation),
        boundary=_cap(rows.boundary),
        session=_cap(rows.session),
        named=named,
        direct=direct,
        delegated=delegated,
        grants=_grants(rows.grants, situation),
        retiring=retirement(situation),
        same_account=_account_is("StringEqualsIfExists", situation) if by_context else ALWAYS,
        other_account=_account_is("StringNotEquals", situation) if by_context else NEVER,
    )


def _by(match: PrincipalMatch, rows: Rows) -> Rows:
    return tuple(row for row in rows if row.match is match)


def _cap(rows: Rows | None) -> Formula:
    return ALWAYS if rows is None else rows_formula(rows)


def _identity(rows: LayerRows, situation: Situation) -> Formula:
    if situation.caller.principal.kind is PrincipalKind.ROOT:
        return ALWAYS
    return rows_formula(rows.identity)


def _task(situation: Situation) -> Formula:
    """That the caller is no root session; what is no truth value does not say so."""
    root = situation.caller.principal.kind is PrincipalKind.ROOT
    if not root or not situation.action.startswith(KMS):
        return ALWAYS
    return Asked(context_test("BoolIfExists", "aws:AssumedRoot", "false"))


def _endpoints(rows: LayerRows, situation: Situation) -> Iterator[Formula]:
    for endpoint, allows in zip(situation.ceilings.endpoints, rows.endpoints, strict=True):
        elsewhere = Asked(ComesThroughTest(endpoint.id, negated=True))
        yield any_of(elsewhere, rows_formula(allows))


def _grants(rows: Rows, situation: Situation) -> Grants:
    free, capped, account = (rows_formula(_by(match, rows)) for match in PrincipalMatch)
    if not situation.options.caps_limit_grants:
        free, capped = any_of(free, capped), NEVER
    return Grants(free, capped, account)


def _account_is(operator: str, situation: Situation) -> Formula:
    """Whether the resource's account is the caller's, where only the context says so (rule 104)."""
    account = situation.caller.principal.account or ""
    return Asked(settle(context_test(operator, "aws:ResourceAccount", account), facts_of(situation)))
