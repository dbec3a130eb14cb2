"""REQUEST → EXPLANATION: asks the engine, then looks at the rows it decided with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.engine.combination import allowed
from policy_engine.engine.context import with_tokens
from policy_engine.engine.layers import Specialisation, residual_layers
from policy_engine.explain.checks import Asking
from policy_engine.explain.explanation import CheckedRow, Considered, Element, Explanation, Miss
from policy_engine.explain.fixes import deny_fixes, policy_fixes, request_fixes
from policy_engine.explain.ways import RowKeeper, Way, Ways, ways
from policy_engine.graph.formula import any_of
from policy_engine.model.decision import OriginKind, Outcome
from policy_engine.model.policy import Effect, PolicyKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_engine.engine.policy_engine import PolicyEngine
    from policy_engine.engine.residuals import Residual
    from policy_engine.graph.formula import Formula
    from policy_engine.model.decision import Decision, Origin
    from policy_engine.model.request import Request, RequestContext

_MOST_MISSES = 5
_GIVING = frozenset({PolicyKind.KEY, PolicyKind.IDENTITY, OriginKind.GRANT})
_NO_WAY = Way()


def explain(engine: PolicyEngine, request: Request) -> Explanation:
    """Why the engine decides a request as it does, and what would change its answer.

    Raises:
        RequestError: the principal is no principal, or a context value has no meaning.
    """
    return _Explainer(engine, request).run()


class _Explainer:
    """Works out one explanation."""

    def __init__(self, engine: PolicyEngine, request: Request) -> None:
        self.engine = engine
        self.request = request
        self.decision: Decision = engine.authorize(request)
        self.residual: Residual = engine.residual(request)
        self.context: RequestContext = with_tokens(engine.context(request.context), request.grant_tokens)
        situation = self.residual.situation
        keeper = RowKeeper(Asking(request, self.context, situation.target))
        layers = residual_layers(situation, Specialisation(keeper.statements, keeper.grants)).layers
        self.rows = keeper.rows
        self.ways: Ways = ways(allowed(self.residual.relation, layers), self.context)

    def run(self) -> Explanation:
        """The explanation."""
        situation = self.residual.situation
        denied = self.decision.outcome is not Outcome.ALLOWED
        record = situation.key.record if situation.key else None
        denies = [row for row in self.rows if row.effect is Effect.DENY]
        return Explanation(
            decision=self.decision,
            principal=situation.caller.principal,
            known_principal=situation.caller.known,
            relation=self.residual.relation,
            key=record,
            path=None if denied else self.residual.trail(self.context).path,
            why=self._why(),
            near_denies=tuple(row for row in denies if _is_near(row)),
            held=tuple(row for row in self.rows if _would_allow(row))
            if self.decision.outcome is Outcome.IMPLICIT_DENY
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
        )

    def _holds(self, formula: Formula) -> bool:
        return self.residual.holds(formula, self.context)

    def _why(self) -> tuple[CheckedRow, ...]:
        """The rows that the decision rests on."""
        trail = self.residual.trail(self.context)
        denied = trail.outcome is Outcome.EXPLICIT_DENY
        origins = self.residual.denies(self.context) if denied else trail.origins
        allowing = trail.outcome is Outcome.ALLOWED
        return tuple(self._row_of(origin) for origin in origins) if denied or allowing else ()

    def _row_of(self, origin: Origin) -> CheckedRow:
        return next(row for row in self.rows if row.origin is origin)

    def _misses(self) -> tuple[Miss, ...]:
        if self.decision.outcome is Outcome.EXPLICIT_DENY:
            return self._deny_misses()
        found = [(self.ways.through[id(row)], row) for row in self.rows if id(row) in self.ways.through]
        found = [(way, row) for way, row in found if row.effect is Effect.ALLOW and _is_about(row)]
        found.sort(key=lambda pair: (pair[0].cost, len(pair[1].unmet)))
        return tuple(self._miss(row, way) for way, row in _once(found)[:_MOST_MISSES])

    def _miss(self, row: CheckedRow, way: Way) -> Miss:
        fixes = [
            *request_fixes(self.engine, self.request, way),
            *policy_fixes(self.residual.situation, self.context, way),
        ]
        others = tuple(other for other in way.rows if other is not row)
        return Miss(row, len(way.unmet), others, tuple(fixes))

    def _deny_misses(self) -> tuple[Miss, ...]:
        denies = self._why()
        best = self.ways.best
        if best is None:
            return tuple(Miss(row, len(denies)) for row in denies)
        fixes = tuple(deny_fixes(self.engine, self.request, denies, best))
        return tuple(Miss(row, len(denies) + len(best.unmet), best.rows, fixes) for row in denies)


def _would_allow(row: CheckedRow) -> bool:
    """Whether a row holds that can be a reason to allow; ceilings such as SCPs never are."""
    return row.effect is Effect.ALLOW and row.origin.layer in _GIVING and not row.unmet


def _is_near(row: CheckedRow) -> bool:
    """Whether only conditions keep a statement from holding."""
    unmet = row.unmet
    return bool(unmet) and all(check.element is Element.CONDITION for check in unmet)


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
