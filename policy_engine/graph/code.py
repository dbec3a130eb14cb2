"""FORMULAS → FUNCTIONS: the executed form of a decision.

A function is straight-line Python over the context (graph/source says how it reads). Functions of one shape
share one code object however many policies there are; what differs is bound to each function as defaults of
its parameters.

A key is taken to be present until a context without it comes by: the function then raises KeyError, the
caller decides by the graph, has the key noted as optional here, and has the function made again. What it says
of a context that is not canonical (a list for a value, say) means nothing. Walking the graph (graph/nodes)
comes to the same outcome; a property test holds the two together.
"""

from __future__ import annotations

from types import CodeType, FunctionType
from typing import TYPE_CHECKING, cast

from policy_engine.catalog.condition_keys import CONDITION_KEYS
from policy_engine.graph.checks import checks_of
from policy_engine.graph.source import Source
from policy_engine.model.decision import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from policy_engine.graph.formula import Formula
    from policy_engine.graph.tests import Test
    from policy_engine.model.decision import Origin
    from policy_engine.model.request import ContextInput, RequestContext

    Decide = Callable[[RequestContext], Outcome]
    DecideSpelt = Callable[[ContextInput, Mapping[str, str]], Outcome]
    Answer = tuple[Outcome, str | None, tuple[Origin, ...]]
    """The outcome, the path that allows, and what it rests on: for a denial all denies that hold."""
    Answering = Callable[[RequestContext], Answer]

MOST_CONSTANTS = 4_000
"""Of more no function is made: compiling it would take longer than the graph takes for many decisions."""
MOST_SHAPES = 16_384
"""How many code objects are shared; real accounts have a few hundred shapes."""
_NAMES = {
    "DENIED": Outcome.EXPLICIT_DENY,
    "ALLOWED": Outcome.ALLOWED,
    "NOT_ALLOWED": Outcome.IMPLICIT_DENY,
    "filter": filter,
    "tuple": tuple,
    "type": type,
}
"""All that the code of a function may name."""


class CodeTable:
    """Makes functions; what has the same shape is compiled once."""

    __slots__ = ("_codes", "_optional")

    def __init__(self) -> None:
        self._codes: dict[str, CodeType] = {}
        self._optional: set[str] = set()

    @property
    def generation(self) -> int:
        """Grows when functions are written otherwise than before."""
        return len(self._optional)

    def __len__(self) -> int:
        return len(self._codes)

    def note_missing(self, tests: Iterable[Test], context: RequestContext) -> None:
        """Take the keys that a context does not have for optional from now on."""
        keys = {check.key for test in tests for check in checks_of(test)}
        self._optional.update(key for key in keys & _NAME.keys() if key not in context)

    def decide(self, deny: Formula, allow: Formula) -> Decide | None:
        """The function from a canonical context to the outcome; None where it would be very large."""
        source = Source((deny, allow), self._optional)
        _write_outcome(source, deny, allow)
        return cast("Decide", self._function(source)) if len(source.constants) <= MOST_CONSTANTS else None

    def decide_spelt(self, deny: Formula, allow: Formula) -> DecideSpelt:
        """The function from a context as it is spelt, and the spelling of canonical keys, to the outcome.

        No test may look at the context for itself, nor at what is derived from other keys.
        """
        source = Source((deny, allow), self._optional, spelt=True)
        _write_outcome(source, deny, allow)
        return cast("DecideSpelt", self._function(source))

    def answer(self, denies: Sequence[Formula], allow: Formula) -> Answering:
        """The function from a canonical context to the outcome and what it rests on."""
        source = Source((*denies, allow), self._optional)
        source.reads(*denies)
        source.denies(denies)
        source.reads(allow)
        source.ways(allow)
        source.line("return NOT_ALLOWED, None, ()")
        return cast("Answering", self._function(source))

    def _function(self, source: Source) -> FunctionType:
        text = source.text()
        code = self._codes.get(text)
        if code is None:
            if len(self._codes) >= MOST_SHAPES:
                self._codes.clear()
            code = self._codes[text] = _compile(text)
        return FunctionType(code, _NAMES, "decide", source.constants)


def with_constants(function: FunctionType, constants: tuple[object, ...]) -> FunctionType:
    """A function of the same code with other constants, in the order of its own."""
    return FunctionType(function.__code__, _NAMES, "decide", constants)


def _write_outcome(source: Source, deny: Formula, allow: Formula) -> None:
    source.reads(deny)
    source.when(deny, "return DENIED")
    source.reads(allow)
    source.when(allow, "return ALLOWED")
    source.line("return NOT_ALLOWED")


def _compile(text: str) -> CodeType:
    module = compile(text, "<decision>", "exec")
    code = next(constant for constant in module.co_consts if isinstance(constant, CodeType))
    # one object for each condition key, the one that canonical contexts have: it is found without a compare
    return code.replace(co_consts=tuple(_NAME.get(c, c) if isinstance(c, str) else c for c in code.co_consts))


_NAME = {key.name: key.name for key in CONDITION_KEYS.values()}
