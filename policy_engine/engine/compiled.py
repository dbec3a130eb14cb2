"""RESIDUAL → FUNCTIONS, kept for a (resource, action, principal) until something that they rest on changes.

The hot path is three look-ups and a call: `table.decide[action][resource][principal](context)`. Whatever goes
wrong in it raises: nobody has asked this before, the context lacks a key that was always there, a value is no
text. The engine then decides by the residual, which takes care of everything.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from policy_engine.engine.blueprints import Blueprints
from policy_engine.engine.residuals import Residual
from policy_engine.graph.checks import reads_as_spelt
from policy_engine.graph.code import CodeTable
from policy_engine.graph.nodes import NodeTable

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from policy_engine.engine.situation import Situation
    from policy_engine.graph.code import Answer, Answering, Decide, DecideSpelt
    from policy_engine.model.decision import Outcome
    from policy_engine.model.request import RequestContext

_T = TypeVar("_T")
_Table = dict[str, dict[str, dict[str, _T]]]
_NOT_ASKED_YET = cast("DecideSpelt", object())
"""Stands where a function may follow; None stands where there can be none."""
MOST = 65_536
"""How many are kept; one more, and all are forgotten and come back as they are asked for."""


class Tools:
    """What functions and graphs are made with; an engine has one."""

    __slots__ = ("blueprints", "codes", "nodes")

    def __init__(self) -> None:
        self.nodes = NodeTable()
        self.codes = CodeTable()
        self.blueprints = Blueprints(self.codes)


class Compiled:
    """The functions of a question; those that are not on everybody's way are made when they are asked for.

    A residual takes ten times the memory of a function, and follows from its situation: it is kept where the
    graph decides, and else made again when it is needed.

    Attributes:
        situation: what the question is about.
        by_graph: whether only the graph can decide: something is not known yet, or there is too much to ask.
        decide: from a canonical context to the outcome: what stands on the hot path. It may raise (see
            graph/code), and then `outcome` knows.
    """

    __slots__ = ("_answer", "_decide_spelt", "_residual", "_tools", "by_graph", "decide", "situation")

    def __init__(self, situation: Situation, tools: Tools) -> None:
        self.situation = situation
        self._tools = tools
        self._make()

    def _make(self) -> None:
        self.by_graph = False
        self._residual: Residual | None = None
        self._decide_spelt: DecideSpelt | None = _NOT_ASKED_YET
        self._answer: Answering | None = None
        fitted = self._tools.blueprints.fit(self.situation)
        self.decide: Decide = fitted.decide() if fitted is not None else self._written()

    def _written(self) -> Decide:
        """What decides where there is no blueprint: a function of its own, or the graph."""
        residual, codes = self.residual, self._tools.codes
        code = None if residual.unsettled else codes.decide(residual.layers.deny, residual.allow)
        if code is None:
            self._residual, self.by_graph = residual, True
        return code or residual.outcome

    @property
    def residual(self) -> Residual:
        """What decides where a function cannot."""
        return self._residual or Residual(self.situation, self._tools.nodes)

    @property
    def decide_spelt(self) -> DecideSpelt | None:
        """The same for a context of single texts as its caller spells it; None where that cannot be."""
        spelt = self._decide_spelt
        if spelt is _NOT_ASKED_YET:
            spelt = self._decide_spelt = None if self.by_graph else self._new_spelt()
        return spelt

    def _new_spelt(self) -> DecideSpelt | None:
        fitted = self._tools.blueprints.fit(self.situation)
        return fitted.decide_spelt() if fitted is not None else self._written_spelt()

    def _written_spelt(self) -> DecideSpelt | None:
        residual = self.residual
        if not all(map(reads_as_spelt, residual.tests)):
            return None
        return self._tools.codes.decide_spelt(residual.layers.deny, residual.allow)

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
            # not what another thread may have put there meanwhile, which cannot do without either
            return self._new_answer()(context)

    @property
    def answering(self) -> Answering:
        """The function behind `answer`."""
        answer = self._answer
        if answer is None:
            answer = self._answer = self._new_answer()
        return answer

    def _new_answer(self) -> Answering:
        fitted = self._tools.blueprints.fit(self.situation)
        return fitted.answer() if fitted is not None else self._written_answer()

    def _written_answer(self) -> Answering:
        residual = self.residual
        return self._tools.codes.answer(residual.denies, residual.allow)

    def _do_without(self, context: RequestContext) -> None:
        """Have the functions made anew, so that they can do without the keys that a context lacks."""
        self._tools.codes.note_missing(self.residual.tests, context)
        self._make()


class Once:
    """A question that is asked once, and of which nothing is kept.

    A blueprint that is there answers it, and none is made: what is asked once must not fill the tables of
    what is asked often. All else its residual answers.

    Attributes:
        situation: what the question is about.
    """

    def __init__(self, situation: Situation, tools: Tools) -> None:
        self.situation = situation
        self._tools = tools

    @cached_property
    def residual(self) -> Residual:
        """What decides where no function does."""
        return Residual(self.situation, self._tools.nodes)

    def answer(self, context: RequestContext) -> Answer | None:
        """The outcome and what it rests on; None where something is not known."""
        fitted = self._tools.blueprints.find(self.situation)
        if fitted is not None:
            with suppress(KeyError):  # a key that the context lacks
                return fitted.answer()(context)
        return self.residual.answer(context)


class CompiledTable:
    """What was asked before.

    Attributes:
        decide: by action, resource and principal the function that decides a canonical context.
        decide_spelt: the same for a context as it is spelt, where there is one.
        answers: the function that answers with what the outcome rests on.
    """

    __slots__ = ("_compiled", "_count", "answers", "decide", "decide_spelt")

    def __init__(self) -> None:
        self.decide: _Table[Decide] = {}
        self.decide_spelt: _Table[DecideSpelt] = {}
        self.answers: _Table[tuple[Compiled, Answering]] = {}
        self._compiled: _Table[Compiled] = {}
        self._count = 0

    def find(self, principal: str, action: str, resource: str) -> Compiled | None:
        """What is kept, or None."""
        try:
            return self._compiled[action][resource][principal]
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

    def put_spelt(self, principal: str, action: str, resource: str, compiled: Compiled) -> None:
        """Let the function for contexts as they are spelt be found, where there is one."""
        if (spelt := compiled.decide_spelt) is not None:
            _put(self.decide_spelt, principal, action, resource, spelt)

    def put_answer(self, principal: str, action: str, resource: str, compiled: Compiled) -> None:
        """Let the function that answers be found."""
        _put(self.answers, principal, action, resource, (compiled, compiled.answering))

    def forget(self, resource: str) -> None:
        """Forget what was asked about a resource."""
        for callers in [asked.get(resource, {}) for asked in self._compiled.values()]:
            self._count -= len(callers)
        tables: tuple[_Table[Any], ...] = (self.decide, self.decide_spelt, self.answers, self._compiled)
        for table in tables:
            for asked in table.values():
                asked.pop(resource, None)

    def forget_callers(self, principals: AbstractSet[str]) -> None:
        """Forget what callers asked about whatever resource."""
        if not principals:
            return
        tables: tuple[_Table[Any], ...] = (self.decide, self.decide_spelt, self.answers, self._compiled)
        for callers in [
            callers for table in tables for asked in table.values() for callers in asked.values()
        ]:
            for principal in callers.keys() & principals:
                del callers[principal]
        self._count = sum(len(callers) for asked in self._compiled.values() for callers in asked.values())

    def clear(self) -> None:
        """Forget everything."""
        self.decide.clear()
        self.decide_spelt.clear()
        self.answers.clear()
        self._compiled.clear()
        self._count = 0


def _put(table: _Table[_T], principal: str, action: str, resource: str, value: _T) -> None:
    table.setdefault(action, {}).setdefault(resource, {})[principal] = value
