"""All forms in which a decision is executed say the same: the graph walked and followed, and each generated function.

Functions are fitted from blueprints twice: from those of the request's own engine, and from those that earlier
requests with other policies have left, as a large account would.
"""

from collections.abc import Mapping

from policy_engine import PolicyEngine, Request
from policy_engine.engine.compiled import Compiled, Tools
from policy_engine.engine.context import canonical_context, own_spelling, with_tokens
from policy_engine.graph.nodes import follow
from policy_engine.model.decision import Outcome
from policy_engine.model.options import Options

_LEFT_BEHIND: dict[Options, Tools] = {}


def require_one_answer(engine: PolicyEngine, request: Request) -> None:
    """Decide a request in every form, the generated functions also when they are made anew, and compare.

    As if its key were put it is decided twice: before there is a blueprint and after.

    Raises:
        AssertionError: two forms differ.
    """
    context = with_tokens(canonical_context(request.context), request.grant_tokens)
    key = engine.key(request.resource)
    as_if_put = engine.authorize(request, key=key)
    decision = engine.authorize(request)
    for again in (as_if_put, engine.authorize(request, key=key)):
        assert (again.outcome, again.determining, again.id) == (
            decision.outcome,
            decision.determining,
            decision.id,
        )
    compiled = engine._compiled_for(request)
    residual = compiled.residual
    if compiled.by_graph:
        return
    trail = follow(residual.node, context)
    outcome = trail.outcome
    answer = (outcome, trail.path, trail.origins)
    if outcome is Outcome.EXPLICIT_DENY:
        answer = (outcome, None, residual.certain_denies(residual.partial(context)))
    elif outcome is Outcome.IMPLICIT_DENY:
        answer = (outcome, None, ())
    assert residual.outcome(context) is outcome
    others = _LEFT_BEHIND.setdefault(engine.options, Tools())
    own = _own_spelling(request)
    for made in (compiled, Compiled(residual.situation, others)):
        # a function that takes a key for present which is not there has to be made anew, and then it knows
        assert made.outcome(context) is outcome
        assert made.decide(context) is outcome
        assert made.answer(context) == answer
        assert made.answering(context) == answer
        if own is not None and made.decide_spelt is not None:
            assert made.decide_spelt(request.context, own) is outcome


def _own_spelling(request: Request) -> Mapping[str, str] | None:
    """None for a context that has to be put into canonical form."""
    try:
        return None if request.grant_tokens else own_spelling(request.context)
    except (KeyError, TypeError):
        return None
