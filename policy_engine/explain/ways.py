"""How far a request is from being allowed: the engine's own table of layers, counted instead of decided.

The layers are built by the engine's code from rows that keep what fails: each check of a row is a test whose
answer is known. `engine.combination.allowed` then says how rows have to hold together, and the formula is
walked for the fewest tests that would have to come out otherwise.

INVARIANT: a request that no Deny matches is allowed if and only if no test would have to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policy_engine.explain.checks import check_grant, check_statement
from policy_engine.explain.explanation import CheckedRow, Element
from policy_engine.graph.formula import AllOf, AnyOf, Asked, Held, Path
from policy_engine.graph.principals import PrincipalMatch
from policy_engine.graph.residual import ResidualRow
from policy_engine.model.principal import PrincipalKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy_engine.explain.checks import Asking
    from policy_engine.explain.explanation import Check
    from policy_engine.graph.formula import Formula
    from policy_engine.graph.residual import Target
    from policy_engine.graph.rows import GrantRow, StatementRow
    from policy_engine.model.facts import Facts
    from policy_engine.model.request import RequestContext

# Of two ways that are as long the one is closer that a request can take without anybody changing a policy.
_EFFORT = {
    Element.CONDITION: 0,
    Element.TOKEN: 0,
    Element.ACTION: 1,
    Element.RESOURCE: 2,
    Element.PRINCIPAL: 3,
}


@dataclass(frozen=True, slots=True)
class Answered:
    """A check as a test: its answer is known before any context is seen."""

    check: Check
    row: CheckedRow
    key: str = ""
    keys: tuple[str, ...] = ()
    is_opaque: bool = False

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two tests the same test."""
        return ("answered", id(self.check))

    def holds(self, context: RequestContext) -> bool:
        """The answer."""
        del context
        return self.check.met


@dataclass(slots=True)
class RowKeeper:
    """Puts rows to a request without dropping any, and remembers them.

    Its methods take the place of `graph.residual.specialise` and `specialise_grants`.
    """

    asking: Asking
    rows: list[CheckedRow] = field(default_factory=list)

    def statements(self, rows: Iterable[StatementRow], target: Target, facts: Facts) -> Iterator[ResidualRow]:
        """The statements of a layer, each with its checks as tests."""
        for row in rows:
            yield self._kept(check_statement(row, self.asking, facts), target)

    def grants(self, rows: Iterable[GrantRow], target: Target, facts: Facts) -> Iterator[ResidualRow]:
        """The grants that could cover the caller."""
        del facts
        for row in rows:
            yield self._kept(check_grant(row, self.asking), target)

    def _kept(self, row: CheckedRow, target: Target) -> ResidualRow:
        self.rows.append(row)
        tests = tuple(Answered(check, row) for check in row.checks)
        return ResidualRow(row.origin, tests, row.match or _would_match(target))


def _would_match(target: Target) -> PrincipalMatch:
    """How a statement would cover the caller if it named it."""
    roles = {PrincipalKind.ROLE, PrincipalKind.ASSUMED_ROLE}
    return PrincipalMatch.DIRECT if target.caller.kind in roles else PrincipalMatch.NAMED


@dataclass(frozen=True, slots=True)
class Way:
    """A way to be allowed: the checks that would have to come out otherwise."""

    unmet: tuple[Answered, ...] = ()

    @property
    def cost(self) -> tuple[int, int]:
        """How long the way is, then how much effort."""
        return len(self.unmet), sum(_EFFORT[answered.check.element] for answered in self.unmet)

    @property
    def rows(self) -> tuple[CheckedRow, ...]:
        """The rows that fail, once each."""
        return tuple({id(answered.row): answered.row for answered in self.unmet}.values())


@dataclass(frozen=True, slots=True)
class Ways:
    """The shortest way through a formula, and the shortest through each row of it that fails (by its id)."""

    best: Way | None
    through: dict[int, Way] = field(default_factory=dict)


def ways(formula: Formula, context: RequestContext) -> Ways:
    """The shortest ways through a formula; `best` is None where no change of a check makes it hold."""
    match formula:
        case Asked(test):
            return _asked(test, context)
        case Held(_, part) | Path(_, part):
            return ways(part, context)
        case AllOf(parts):
            return _together([ways(part, context) for part in parts])
        case AnyOf(parts):
            return _either([ways(part, context) for part in parts])


def _asked(test: object, context: RequestContext) -> Ways:
    if isinstance(test, Answered) and not test.check.met:
        way = Way((test,))
        return Ways(way, {id(test.row): way})
    holds = test.holds(context)  # type: ignore[attr-defined] # whatever is asked is a test
    return Ways(Way() if holds else None)


def _together(parts: list[Ways]) -> Ways:
    if any(part.best is None for part in parts):
        return Ways(None)
    bests = [part.best or Way() for part in parts]
    through: dict[int, Way] = {}
    for index, part in enumerate(parts):
        others = [*bests[:index], *bests[index + 1 :]]
        for row, way in part.through.items():
            _keep(through, row, _joined([way, *others]))
    return Ways(_joined(bests), through)


def _either(parts: list[Ways]) -> Ways:
    best: Way | None = None
    through: dict[int, Way] = {}
    for part in parts:
        if part.best is not None and (best is None or part.best.cost < best.cost):
            best = part.best
        for row, way in part.through.items():
            _keep(through, row, way)
    # where one part holds already, the others' failing is no obstacle
    return Ways(best, through) if best is None or best.unmet else Ways(best)


def _joined(parts: list[Way]) -> Way:
    unmet = {id(answered.check): answered for part in parts for answered in part.unmet}
    return Way(tuple(unmet.values()))


def _keep(through: dict[int, Way], row: int, way: Way) -> None:
    if row not in through or way.cost < through[row].cost:
        through[row] = way
