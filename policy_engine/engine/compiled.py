"""RESIDUAL → FUNCTIONS, kept for a (resource, action, principal) until something that they rest on changes.

The hot path is three look-ups and a call: `table.decide[resource][action][principal](context)`. Whatever goes
wrong in it raises: nobody has asked this before, the context lacks a key that was always there, a value is no
text. The engine then decides by the residual, which takes care of everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy_engine.engine.residuals import Residual
    from policy_engine.graph.code import Answer, CodeTable, Decide
    from policy_engine.model.decision import Outcome
    from policy_engine.model.request import RequestContext

MOST = 131_072
"""How many are kept; one more, and all are forgotten and come back as they are asked for."""
MOST_TESTS = 4_000
"""Of so many tests no function is made: compiling it would take longer than the graph ever does."""


class Compiled:
    """The functions of a residual, each made when it is first asked for."""

    __slots__ = ("_answer", "_codes", "_decide", "residual")

    def __init__(self, residual: Residual, codes: CodeTable) -> None:
        self.residual = residual
        self._codes = codes
        self._decide: Decide | None = None
        self._answer: Callable[[RequestContext], Answer] | None = None

    @property
    def by_graph(self) -> bool:
        """Whether only the graph can decide: something is not known yet, or there is too much to ask."""
        return self.residual.opaque or len(self.residual.tests) > MOST_TESTS

    @property
    def decide(self) -> Decide:
        """What stands on the hot path; it may raise (see graph/code), and then `outcome` knows."""
        if self._decide is None:
            residual, codes = self.residual, self._codes
            by_code = None if self.by_graph else codes.decide(residual.layers.deny, residual.allow)
            self._decide = by_code or residual.outcome
        return self._decide

    def outcome(self, context: RequestContext) -> Outcome:
        """The outcome for a context that may lack keys."""
        try:
            return self.decide(context)
        except KeyError:
            self._do_without(context)
            return self.residual.outcome(context)

    def answer(self, context: RequestContext) -> Answer:
        """The same with what the outcome rests on; not where the graph decides."""
        try:
            return self._answering()(context)
        except KeyError:
            self._do_without(context)
            return self._answering()(context)

    def _answering(self) -> Callable[[RequestContext], Answer]:
        if self._answer is None:
            self._answer = self._codes.answer(self.residual.denies, self.residual.allow)
        return self._answer

    def _do_without(self, context: RequestContext) -> None:
        """Have the functions made anew, so that they can do without the keys that a context lacks."""
        self._codes.note_missing(self.residual.tests, context)
        self._decide = self._answer = None


class CompiledTable:
    """What was asked before.

    Attributes:
        decide: the functions by resource, action and principal.
    """

    __slots__ = ("_compiled", "_count", "decide")

    def __init__(self) -> None:
        self.decide: dict[str, dict[str, dict[str, Decide]]] = {}
        self._compiled: dict[str, dict[str, dict[str, Compiled]]] = {}
        self._count = 0

    def find(self, principal: str, action: str, resource: str) -> Compiled | None:
        """What is kept, or None."""
        try:
            return self._compiled[resource][action][principal]
        except KeyError:
            return None

    def keep(self, principal: str, action: str, resource: str, compiled: Compiled) -> None:
        """Keep it, for now."""
        if self._count >= MOST:
            self.clear()
        self._count += 1
        self._compiled.setdefault(resource, {}).setdefault(action, {})[principal] = compiled

    def keep_decide(self, principal: str, action: str, resource: str, decide: Decide) -> None:
        """Put a function on the hot path."""
        self.decide.setdefault(resource, {}).setdefault(action, {})[principal] = decide

    def forget(self, resource: str) -> None:
        """Forget what was asked about a resource."""
        self.decide.pop(resource, None)
        for by_principal in self._compiled.pop(resource, {}).values():
            self._count -= len(by_principal)

    def clear(self) -> None:
        """Forget everything."""
        self.decide.clear()
        self._compiled.clear()
        self._count = 0
