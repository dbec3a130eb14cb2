"""REQUEST → EXPLANATION: asks the engine, then looks at the rows it decided with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy_engine.engine.combination import allowed
from policy_engine.engine.context import with_tokens
from policy_engine.engine.layers import Specialisation, layers_of, residual_rows
from policy_engine.engine.undetermined import left_of
from policy_engine.explain.checks import Asking
from policy_engine.explain.explanation import CheckedRow, Considered, Element, Explanation, Miss
from policy_engine.explain.fixes import Trial, deny_fixes, policy_fixes, request_fixes
from policy_engine.explain.open_questions import what_decides
from policy_engine.explain.retiring import retiring_rows
from policy_engine.explain.ways import RowKeeper, Way, Ways, ways
from policy_engine.graph.formula import ALWAYS, any_of
from policy_engine.model.decision import OriginKind, Outcome
from policy_engine.model.policy import Effect, PolicyKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy_engine.engine.policy_engine import PolicyEngine
    from policy_engine.engine.residuals import Residual
    from policy_engine.graph.formula import Formula
    from policy_engine.model.decision import Decision, Origin
    from policy_engine.model.grant import Grant
    from policy_engine.model.request import Request

_MOST_MISSES = 5
_GIVING = frozenset({PolicyKind.KEY, PolicyKind.IDENTITY, OriginKind.GRANT})
_NO_WAY = Way()
_DENIALS = frozenset({Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY})


def explain(engine: PolicyEngine, request: Request, *, unknown: Iterable[str] = ()) -> Explanation:
    """Why the engine decides a request as it does, and what would change its answer.

    Args:
        engine: what decides.
        request: what is asked.
        unknown: condition keys whose values are not known, as `PolicyEngine.authorize` takes them.

    Raises:
        RequestError: the principal is no principal, or a context value has no meaning.
    """
    return _Explainer(engine, request, tuple(unknown)).run()


class _Explainer:
    """Works out one explanation."""

    def __init__(self, engine: PolicyEngine, request: Request, unknown: tuple[str, ...]) -> None:
        self.trial = Trial(engine, unknown)
        self.request = request
        self.decision: Decision = engine.authorize(request, unknown=unknown)
        self.residual: Residual = engine.residual(request)
        context = with_tokens(engine.context(request.context), request.grant_tokens)
        self.context = self.residual.partial(context, unknown)
        situation = self.residual.situation
        keeper = RowKeeper(Asking(request, self.context, situation.target))
        rows = residual_rows(situation, Specialisation(keeper.statements, keeper.grants))
        layers = layers_of(rows, situation)
        layers = replace(layers, retiring=retiring_rows(situation, keeper, layers.retiring))
        self.rows = keeper.rows
        self.ways: Ways = ways(allowed(self.residual.relation, layers), context)

    def run(self) -> Explanation:
        """The explanation."""
        situation = self.residual.situation
        outcome = self.decision.outcome
        denied, undetermined = outcome in _DENIALS, outcome is Outcome.UNDETERMINED
        record = situation.key.record if situation.key else None
        trail = self.residual.trail(self.context) if outcome is Outcome.ALLOWED else None
        denies = [row for row in self.rows if row.effect is Effect.DENY]
        return Explanation(
            decision=self.decision,
            principal=situation.caller.principal,
            known_principal=situation.caller.known,
            relation=self.residual.relation,
            key=record,
            path=trail.path if trail is not None else None,
            why=self._why(),
            near_denies=tuple(row for row in denies if _is_near(row)),
            held=tuple(row for row in self.rows if _would_allow(row))
            if outcome is Outcome.IMPLICIT_DENY
            else (),
            misses=self._misses() if denied else (),
            allowed_but_for_denies=denied and self.ways.best == _NO_WAY,
            key_policy_alone=self._holds(any_of(self.residual.layers.named, self.residual.layers.direct)),
            iam_alone=self._holds(self.residual.layers.identity),
            considered=Considered(
                allows=sum(row.effect is Effect.ALLOW and not row.is_grant for row in self.rows),
                denies=len(denies),
                grants=len(record.grants) if record else 0,
            ),
            unknown=self.trial.unknown,
            not_known=what_decides(self.residual, self.context) if undetermined else (),
            depends_on=tuple(row for row in self.rows if row.depends) if undetermined else (),
            too_narrow=self._too_narrow() if denied else (),
        )

    def _holds(self, formula: Formula) -> bool:
        """Whether a part of the layers holds, whatever is not known."""
        return left_of(formula, self.context) == ALWAYS

    def _why(self) -> tuple[CheckedRow, ...]:
        """The rows that the decision rests on, as the engine names them."""
        return tuple(self._row_of(origin) for origin in self.decision.determining)

    def _row_of(self, origin: Origin) -> CheckedRow:
        """The row of an origin; some rows, such as a session's, are made for each question anew."""
        alike = (row for row in self.rows if row.origin == origin and not row.unmet)
        return next((row for row in self.rows if row.origin is origin), None) or next(alike)

    def _too_narrow(self) -> tuple[Grant, ...]:
        """The grants that the engine left aside, although they cover caller and action."""
        situation, kept = self.residual.situation, {id(row.row) for row in self.rows}
        caller = situation.caller.principal
        rows = situation.key.grants_for(caller) if situation.key else ()
        return tuple(
            row.grant
            for row in rows
            if id(row) not in kept and row.actions.covers(situation.action) and row.grantee.match(caller)
        )

    def _misses(self) -> tuple[Miss, ...]:
        if self.decision.outcome is Outcome.EXPLICIT_DENY:
            return self._deny_misses()
        found = [(self.ways.through[id(row)], row) for row in self.rows if id(row) in self.ways.through]
        found = [(way, row) for way, row in found if row.effect is Effect.ALLOW and _is_about(row)]
        found.sort(key=lambda pair: (pair[0].cost, len(pair[1].unmet)))
        return tuple(self._miss(row, way) for way, row in _once(found)[:_MOST_MISSES])

    def _miss(self, row: CheckedRow, way: Way) -> Miss:
        fixes = [
            *request_fixes(self.trial, self.request, way),
            *policy_fixes(self.residual.situation, self.context, way),
        ]
        others = tuple(other for other in way.rows if other is not row)
        return Miss(row, len(way.unmet), others, tuple(fixes))

    def _deny_misses(self) -> tuple[Miss, ...]:
        denies = self._why()
        best = self.ways.best
        if best is None:
            return tuple(Miss(row, len(denies)) for row in denies)
        fixes = tuple(deny_fixes(self.trial, self.request, denies, best))
        return tuple(Miss(row, len(denies) + len(best.unmet), best.rows, fixes) for row in denies)


def _would_allow(row: CheckedRow) -> bool:
    """Whether a row holds that can be a reason to allow; ceilings such as SCPs never are."""
    return row.effect is Effect.ALLOW and row.origin.layer in _GIVING and not row.unmet


def _is_near(row: CheckedRow) -> bool:
    """Whether only conditions keep a statement from holding, and one of them does so for certain."""
    unmet = row.unmet
    settled = any(not check.unsettled for check in unmet)
    return settled and all(check.element is Element.CONDITION for check in unmet)


def _is_about(row: CheckedRow) -> bool:
    """Whether a row speaks of the request at all.

    One that lacks the action and more besides is no near miss, nor is one about other services.
    """
    unmet = row.unmet
    if all(check.element is not Element.ACTION for check in unmet):
        return True
    (action,) = row.of(Element.ACTION)
    service = action.got[0].partition(":")[0].lower()
    same_service = row.is_grant or any(p.lower().startswith(f"{service}:") for p in action.wanted)
    return same_service and len(unmet) == 1


def _once(found: Sequence[tuple[Way, CheckedRow]]) -> list[tuple[Way, CheckedRow]]:
    """One entry a row; of a grant with two rows the closer."""
    kept: dict[object, tuple[Way, CheckedRow]] = {}
    for way, row in found:
        kept.setdefault(row.origin.grant_id if row.is_grant else id(row), (way, row))
    return list(kept.values())
