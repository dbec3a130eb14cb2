"""All forms in which a decision is executed say the same: the graph walked and followed, and each generated function."""

from contextlib import suppress

from policy_engine import PolicyEngine, Request
from policy_engine.engine.context import canonical_context, own_spelling, with_tokens
from policy_engine.engine.partial import PartialContext
from policy_engine.model.decision import Outcome


def require_one_answer(engine: PolicyEngine, request: Request) -> None:
    """Decide a request in every form, the generated functions also when they are made anew, and compare.

    Raises:
        AssertionError: two forms differ.
    """
    context = with_tokens(canonical_context(request.context), request.grant_tokens)
    compiled = engine._compiled_for(request)
    residual = compiled.residual
    if compiled.by_graph:
        return
    trail = residual.trail(context)
    outcome = trail.outcome
    denied = outcome is Outcome.EXPLICIT_DENY
    origins = residual.certain_denies(PartialContext(context, frozenset())) if denied else trail.origins
    answer = (outcome, None if denied or outcome is Outcome.IMPLICIT_DENY else trail.path, origins)
    if outcome is Outcome.IMPLICIT_DENY:
        answer = (outcome, None, ())
    assert residual.outcome(context) is outcome
    # a function that takes a key for present which is not there has to be made anew, and then it knows
    assert compiled.outcome(context) is outcome
    assert compiled.decide(context) is outcome
    assert compiled.answer(context) == answer
    assert compiled.answering(context) == answer
    with suppress(KeyError, TypeError):  # what has no spelling of its own is put into canonical form
        own = own_spelling(request.context)
        if compiled.decide_spelt is not None and not request.grant_tokens:
            assert compiled.decide_spelt(request.context, own) is outcome
