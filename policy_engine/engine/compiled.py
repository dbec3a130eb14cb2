"""RESIDUAL → FUNCTIONS, kept for a (resource, action, principal) until something that they rest on changes.

The hot path is three look-ups and a call: `table.decide[resource][action][principal](context)`. Whatever goes
wrong in it raises: nobody has asked this before, the context lacks a key that was always there, a value is no
text. The engine then decides by the residual, which takes care of everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from policy_engine.engine.residuals import Residual
from policy_engine.graph.checks import reads_as_spelt

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from policy_engine.engine.situation import Situation
    from policy_engine.graph.code import Answer, Answering, CodeTable, Decide, DecideSpelt
    from policy_engine.graph.nodes import NodeTable
    from policy_engine.model.decision import Outcome
    from policy_engine.model.request import RequestContext

_T = TypeVar("_T")
_Table = dict[str, dict[str, dict[str, _T]]]
MOST = 65_536
"""How many are kept; one more, and all are forgotten and come back as they are asked for."""


class Compiled:
    """The functions of a residual; those that are not on everybody's way are made when they are asked for.

    A residual takes ten times the memory of a function, and follows from its situation: it is let go of when
    it is not needed any more, and made again when it is.

    Attributes:
        by_graph: whether only the graph can decide: something is not known yet, or there is too much to ask.
        decide: from a canonical context to the outcome: what stands on the hot path. It may raise (see
            graph/code), and then `outcome` knows.
    """

    __slots__ = (
        "_answer",
        "_codes",
        "_decide_spelt",
        "_nodes",
        "_residual",
        "_situation",
        "by_graph",
        "decide",
    )

    def __init__(self, situation: Situation, nodes: NodeTable, codes: CodeTable) -> None:
        self._situation = situation
        self._nodes = nodes
        self._codes = codes
        self._residual: Residual | None = None
        self._make()

    @property
    def residual(self) -> Residual:
        """What decides where a function cannot."""
        if self._residual is None:
            self._residual = Residual(self._situation, self._nodes)
        return self._residual

    def let_go(self) -> None:
        """Keep no residual that only `decide` was made from."""
        if self._answer is None and not self.by_graph:
            self._residual = None

    def _make(self) -> None:
        residual, codes = self.residual, self._codes
        code = None if residual.unsettled else codes.decide(residual.layers.deny, residual.allow)
        self.by_graph = code is None
        self.decide: Decide = code or residual.outcome
        self._decide_spelt: DecideSpelt | None = None
        self._answer: Answering | None = None

    @property
    def decide_spelt(self) -> DecideSpelt | None:
        """The same for a context of single texts as its caller spells it; None where that cannot be."""
        residual = self.residual
        if self._decide_spelt is None and not self.by_graph and all(map(reads_as_spelt, residual.tests)):
            self._decide_spelt = self._codes.decide_spelt(residual.layers.deny, residual.allow)
        return self._decide_spelt

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
            return self.answering(context)
        except KeyError:
            self._do_without(context)
            return self.answering(context)

    @property
    def answering(self) -> Answering:
        """The function behind `answer`."""
        if self._answer is None:
            self._answer = self._codes.answer(self.residual.denies, self.residual.allow)
        return self._answer

    def _do_without(self, context: RequestContext) -> None:
        """Have the functions made anew, so that they can do without the keys that a context lacks."""
        self._codes.note_missing(self.residual.tests, context)
        self._make()


class CompiledTable:
    """What was asked before.

    Attributes:
        decide: by resource, action and principal the function that decides a canonical context.
        decide_spelt: the same for a context as it is spelt, where there is one.
        answers: the residual and the function that answers with what the outcome rests on.
    """

    __slots__ = ("_compiled", "_count", "answers", "decide", "decide_spelt")

    def __init__(self) -> None:
        self.decide: _Table[Decide] = {}
        self.decide_spelt: _Table[DecideSpelt] = {}
        self.answers: _Table[tuple[Residual, Answering]] = {}
        self._compiled: _Table[Compiled] = {}
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
        _put(self._compiled, principal, action, resource, compiled)

    def put_decide(self, principal: str, action: str, resource: str, compiled: Compiled) -> None:
        """Let the function that decides be found."""
        _put(self.decide, principal, action, resource, compiled.decide)
        compiled.let_go()

    def put_spelt(self, principal: str, action: str, resource: str, compiled: Compiled) -> None:
        """Let the function for contexts as they are spelt be found, where there is one."""
        if (spelt := compiled.decide_spelt) is not None:
            _put(self.decide_spelt, principal, action, resource, spelt)

    def put_answer(self, principal: str, action: str, resource: str, compiled: Compiled) -> None:
        """Let the function that answers be found."""
        _put(self.answers, principal, action, resource, (compiled.residual, compiled.answering))

    def forget(self, resource: str) -> None:
        """Forget what was asked about a resource."""
        self.decide.pop(resource, None)
        self.decide_spelt.pop(resource, None)
        self.answers.pop(resource, None)
        for by_principal in self._compiled.pop(resource, {}).values():
            self._count -= len(by_principal)

    def forget_callers(self, principals: AbstractSet[str]) -> None:
        """Forget what callers asked about whatever resource."""
        if not principals:
            return
        tables: tuple[_Table[Any], ...] = (self.decide, self.decide_spelt, self.answers, self._compiled)
        by_principals = [
            callers for table in tables for actions in table.values() for callers in actions.values()
        ]
        for by_principal in by_principals:
            for principal in by_principal.keys() & principals:
                del by_principal[principal]
        self._count = sum(len(callers) for actions in self._compiled.values() for callers in actions.values())

    def clear(self) -> None:
        """Forget everything."""
        self.decide.clear()
        self.decide_spelt.clear()
        self.answers.clear()
        self._compiled.clear()
        self._count = 0


def _put(table: _Table[_T], principal: str, action: str, resource: str, value: _T) -> None:
    table.setdefault(resource, {}).setdefault(action, {})[principal] = value
