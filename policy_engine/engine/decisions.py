"""RESIDUAL + CONTEXT → DECISION: the outcome, what it rests on, in words, and named by an id."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from policy_engine.conditions.encryption_context import INTERNAL_KEYS
from policy_engine.engine import denial
from policy_engine.engine.combination import Relation
from policy_engine.engine.identity import identity
from policy_engine.engine.partial import PartialContext
from policy_engine.errors import Diagnostic, Severity
from policy_engine.model.decision import Decision, Details, Outcome
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy_engine.engine.compiled import Compiled, Once
    from policy_engine.engine.residuals import Residual
    from policy_engine.graph.nodes import Trail
    from policy_engine.model.decision import Origin
    from policy_engine.model.request import Request, RequestContext

_NOTHING: frozenset[str] = frozenset()


def decision_of(
    request: Request, compiled: Compiled | Once, context: RequestContext, unknown: Iterable[str]
) -> Decision:
    """Decide a request by its residual: its context, or a policy that counts, may be known in part only."""
    residual = compiled.residual
    partial = residual.partial(context, unknown)
    outcome = residual.partial_outcome(partial)
    trail = residual.trail(partial) if outcome is Outcome.ALLOWED else None
    determining = _determining(outcome, residual, partial, trail)
    path = trail.path if trail else None
    return Decision(request, outcome, determining, _Later(compiled, context, partial, path))


def answered(
    request: Request,
    compiled: Compiled | Once,
    context: RequestContext,
    outcome: Outcome,
    path: str | None,
    determining: tuple[Origin, ...],
) -> Decision:
    """The decision of a request that a function has answered; `context` is not changed any more."""
    return Decision(request, outcome, determining, _Later(compiled, context, None, path))


class _Later(NamedTuple):
    """What the details of a decision follow from; without `partial` the context is known in full."""

    compiled: Compiled | Once
    given: RequestContext
    partial: PartialContext | None
    path: str | None

    def details(self, decision: Decision) -> Details:
        request, outcome, residual = decision.request, decision.outcome, self.compiled.residual
        partial = self.partial or PartialContext(self.given, _NOTHING)
        context = partial.known
        if outcome is Outcome.ALLOWED:
            reason = denial.allowed_reason(self.path)
        elif outcome is Outcome.UNDETERMINED:
            reason = "whether the request is allowed depends on what is not known"
        else:
            reason = _denied(request, residual, context, decision.determining)
        return Details(
            reason=reason,
            missing_context_keys=tuple(k for k in residual.missing_keys(context) if k not in INTERNAL_KEYS),
            diagnostics=_diagnostics(request, residual, context),
            id=self.id(decision),
            expression=residual.expression(partial) if outcome is Outcome.UNDETERMINED else None,
        )

    def id(self, decision: Decision) -> str:
        unknown = self.partial.unknown if self.partial else _NOTHING
        return identity(decision, self.compiled.situation, self.given, unknown)


def _determining(
    outcome: Outcome, residual: Residual, partial: PartialContext, trail: Trail | None
) -> tuple[Origin, ...]:
    """What a decision rests on; where something is not known, the rows that hold whatever it is."""
    if outcome is Outcome.EXPLICIT_DENY:
        return residual.certain_denies(partial)
    return trail.origins if trail is not None else ()


def failed_decision(request: Request, error: Exception) -> Decision:
    """The denial of a request that could not be evaluated; the error's kind is told, its text is not."""
    fault = Diagnostic(
        "internal-error",
        f"evaluating failed with {type(error).__name__}, so the request is denied",
        help="this is a defect of the engine: please report it with the policies and the request",
    )
    because = "because evaluating it failed"
    reason = denial.denied_reason(_name(request), request.action, request.resource, because)
    return Decision(request, Outcome.IMPLICIT_DENY, (), Details(reason, diagnostics=(fault,)))


def _name(request: Request) -> str:
    return request.principal if isinstance(request.principal, str) else request.principal.arn


def _denied(
    request: Request, residual: Residual, context: RequestContext, determining: tuple[Origin, ...]
) -> str:
    if determining:
        because = denial.explicit(determining)
    else:
        layer = denial.blamed_layer(residual.held_layers(context), residual.relation)
        because = denial.implicit(request.action, residual.relation, layer)
    return denial.denied_reason(_name(request), request.action, request.resource, because)


def _diagnostics(request: Request, residual: Residual, context: RequestContext) -> tuple[Diagnostic, ...]:
    found = []
    if residual.relation is Relation.UNKNOWN_KEY:
        found.append(
            Diagnostic(
                "unknown-key",
                f"the key `{printable(request.resource)}` is not known, so nothing can allow the request",
                help="load the bundle that holds the key",
                severity=Severity.WARNING,
            )
        )
    if residual.relation is Relation.UNKNOWN_GRANT and request.grant is not None:
        found.append(
            Diagnostic(
                "unknown-grant",
                f"the key has no grant `{printable(request.grant.grant_id)}`, so nobody can retire it",
                help="name a grant of the key by its id; what the grant says is the key's record's to say",
                severity=Severity.WARNING,
            )
        )
    for key, value in context.items():
        if residual.facts.know(key) and residual.facts.get(key) != value:
            found.append(
                Diagnostic(
                    "contradicted-fact",
                    f"the records contradict the context's `{printable(key)}` = {printable(str(value))}",
                    help="the records win; leave the key out",
                    severity=Severity.WARNING,
                )
            )
    return tuple(found)
