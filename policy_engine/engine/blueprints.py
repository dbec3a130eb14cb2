"""SITUATION → FUNCTIONS, without writing them: most questions have the shape of one that was asked before.

What is written, `graph/source` writes from formulas, and it takes half a millisecond. But keys and callers
come in few shapes: only the constants differ. A blueprint is made once for an outline, which says what the
rows of each layer ask and leaves out what for. It is written from the same formulas as any other function,
with slots for the constants; to fit it to a question is to fill these in.

INVARIANT: an outline holds all that formulas and source depend on but the constants. What it cannot hold has
no blueprint: what is not known yet, root sessions, VPC endpoints, RetireGrant, other services, and rows that
one look-up takes the place of (graph/alternatives).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast
from weakref import WeakValueDictionary

from policy_engine.engine.combination import Relation, allowed
from policy_engine.engine.layers import LayerRows, denies_of, layers_of, residual_rows
from policy_engine.engine.situation import relation_of
from policy_engine.graph.alternatives import FEWEST
from policy_engine.graph.checks import reads_as_spelt
from policy_engine.graph.code import with_constants
from policy_engine.graph.formula import tests_of
from policy_engine.graph.shapes import ORIGIN, Slot, shaped
from policy_engine.model.principal import PrincipalKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FunctionType

    from policy_engine.engine.layers import Rows
    from policy_engine.engine.situation import Situation
    from policy_engine.graph.code import Answering, CodeTable, Decide, DecideSpelt
    from policy_engine.graph.formula import Formula
    from policy_engine.graph.residual import ResidualRow
    from policy_engine.graph.shapes import ShapedTests
    from policy_engine.model.decision import Origin

MOST_BLUEPRINTS = 4_096
"""How many are kept; one more, and all are forgotten. Real accounts have a few hundred."""
MOST_ROWS = 64
"""Of more rows there is no blueprint: there would be one for each number of rows, and each as large."""
Outline = tuple[object, ...]
Shared = WeakValueDictionary[tuple[object, ...], "FunctionType"]
_NO_OUTLINE = {
    Relation.RETIRE_GRANT,
    Relation.UNKNOWN_GRANT,
    Relation.OTHER_SERVICE,
    Relation.OTHER_SERVICE_SAME_ACCOUNT,
    Relation.OTHER_SERVICE_CROSS_ACCOUNT,
    Relation.OTHER_SERVICE_WITHOUT_ACCOUNT,
}


class Blueprint:
    """The functions of all questions with one outline, with slots for constants.

    Args:
        outlined: one of them, taken apart.
        situation: that one.
        codes: makes the functions.

    Attributes:
        in_use: the functions of `decide` that are in use, by their constants.
        in_use_spelt: those of `decide_spelt`.
    """

    def __init__(self, outlined: _Outlined, situation: Situation, codes: CodeTable) -> None:
        rows = _with_slots(outlined.groups, outlined.tests)
        layers = layers_of(rows, situation)
        self._codes = codes
        self._denies = tuple(formula for formula, _ in denies_of(rows, situation))
        self._deny: Formula = layers.deny
        self._allow = allowed(outlined.relation, layers)
        self.in_use: Shared = WeakValueDictionary()
        self.in_use_spelt: Shared = WeakValueDictionary()

    @cached_property
    def decide(self) -> Decide | None:
        """The function from a canonical context to the outcome; None where it would be very large."""
        return self._codes.decide(self._deny, self._allow)

    @cached_property
    def decide_spelt(self) -> DecideSpelt | None:
        """The same for a context as its caller spells it, where it can be read so."""
        if not all(map(reads_as_spelt, tests_of(self._deny, self._allow))):
            return None
        return self._codes.decide_spelt(self._deny, self._allow)

    @cached_property
    def answer(self) -> Answering:
        """The function that tells what the outcome rests on as well."""
        return self._codes.answer(self._denies, self._allow)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A blueprint with the constants of one question: for each row where it comes from and what it asks."""

    blueprint: Blueprint
    rows: tuple[ResidualRow, ...]
    tests: tuple[ShapedTests, ...]

    def decide(self) -> Decide:
        """See `Blueprint.decide`."""
        return cast("Decide", self._shared(self.blueprint.decide, self.blueprint.in_use))

    def decide_spelt(self) -> DecideSpelt | None:
        """See `Blueprint.decide_spelt`."""
        spelt = self.blueprint.decide_spelt
        if spelt is None:
            return None
        return cast("DecideSpelt", self._shared(spelt, self.blueprint.in_use_spelt))

    def answer(self) -> Answering:
        """See `Blueprint.answer`. No two questions share one: it names their rows."""
        written = cast("FunctionType", self.blueprint.answer)
        return cast("Answering", with_constants(written, self._constants(written)))

    def _shared(self, function: object, shared: Shared) -> FunctionType:
        """One function for all questions with the same constants: many differ in who asks and no more."""
        written = cast("FunctionType", function)
        constants = self._constants(written)
        made = shared.get(constants)
        if made is None:
            made = shared[constants] = with_constants(written, constants)
        return made

    def _constants(self, written: FunctionType) -> tuple[object, ...]:
        """A function's constants with the values of the rows in its slots; the last of them are tests."""
        *constants, holds = written.__defaults__ or ((),)
        return (*self._values(constants), tuple(self._values(holds)))

    def _values(self, constants: Iterable[object]) -> list[object]:
        return [self._value(each) if type(each) is Slot else each for each in constants]

    def _value(self, slot: Slot) -> object:
        if slot.place == ORIGIN:
            return self.rows[slot.row].origin
        return self.tests[slot.row].values[slot.place]


class Blueprints:
    """The blueprints of an engine."""

    __slots__ = ("_codes", "_generation", "_kept")

    def __init__(self, codes: CodeTable) -> None:
        self._codes = codes
        self._generation = codes.generation
        self._kept: dict[Outline, Blueprint] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def forget(self) -> None:
        """Forget all; what is in use stays so."""
        self._kept.clear()

    def fit(self, situation: Situation) -> Fitted | None:
        """A blueprint for situations of this kind, fitted to this one; None where there can be none."""
        outlined = _outlined(situation)
        if outlined is None:
            return None
        generation = self._codes.generation
        if generation != self._generation or len(self._kept) >= MOST_BLUEPRINTS:
            self._generation = generation
            self._kept.clear()
        # of an older generation, that another thread puts there late, nothing is found
        name = (generation, *outlined.outline)
        blueprint = self._kept.get(name)
        if blueprint is None:
            blueprint = self._kept[name] = Blueprint(outlined, situation, self._codes)
        return outlined.fitted(blueprint)

    def find(self, situation: Situation) -> Fitted | None:
        """The same where there is such a blueprint already."""
        outlined = _outlined(situation)
        if outlined is None:
            return None
        blueprint = self._kept.get((self._codes.generation, *outlined.outline))
        return outlined.fitted(blueprint) if blueprint is not None else None


class _Outlined(NamedTuple):
    """A situation taken apart: its outline, and what this leaves out."""

    relation: Relation
    outline: Outline
    groups: _Groups
    rows: Rows
    tests: tuple[ShapedTests, ...]

    def fitted(self, blueprint: Blueprint) -> Fitted | None:
        return None if blueprint.decide is None else Fitted(blueprint, self.rows, self.tests)


def _outlined(situation: Situation) -> _Outlined | None:
    relation = relation_of(situation)
    if not _can_be_outlined(situation, relation):
        return None
    groups = _groups(residual_rows(situation))
    rows = tuple([row for group in groups for row in group or ()])
    tests = tuple([shaped(row.tests) for row in rows])
    if len(rows) > MOST_ROWS or any(one.is_opaque for one in tests) or _may_look_up(tests):
        return None
    return _Outlined(relation, (relation.value, *_outline(groups, tests)), groups, rows, tests)


def _can_be_outlined(situation: Situation, relation: Relation) -> bool:
    caller = situation.caller
    plain = caller.principal.kind is not PrincipalKind.ROOT and not caller.facts.unknown
    return plain and not situation.ceilings.endpoints and relation not in _NO_OUTLINE


_Groups = tuple["Rows | None", ...]


def _groups(rows: LayerRows) -> _Groups:
    """The rows layer by layer; of those that ask the same the first, as in formulas."""
    allows = (rows.identity, rows.boundary, rows.session, rows.key, rows.grants, *rows.scps)
    return (rows.denies, *(group and _distinct(group) for group in allows))


def _distinct(rows: Rows) -> Rows:
    if len(rows) <= 1:
        return rows
    first: dict[object, ResidualRow] = {}
    for row in rows:
        first.setdefault((row.match, row.tests), row)
    return rows if len(first) == len(rows) else tuple(first.values())


def _may_look_up(tests: tuple[ShapedTests, ...]) -> bool:
    """Whether there may be rows that one look-up takes the place of."""
    return len(tests) >= FEWEST and sum(one.shape.is_pair for one in tests) >= FEWEST


def _outline(groups: _Groups, tests: tuple[ShapedTests, ...]) -> Iterator[object]:
    shapes = iter(tests)
    for group in groups:
        yield None if group is None else len(group)
        for row in group or ():
            yield row.match
            yield next(shapes).shape


def _with_slots(groups: _Groups, tests: tuple[ShapedTests, ...]) -> LayerRows:
    """The rows with slots for all that an outline leaves out."""
    number = iter(range(len(tests)))

    def slotted(row: ResidualRow) -> ResidualRow:
        index = next(number)
        origin = cast("Origin", Slot(index, ORIGIN))
        return row._replace(origin=origin, tests=tests[index].shape.slots(index))

    denies, identity, boundary, session, key, grants, *scps = (
        group and tuple([slotted(row) for row in group]) for group in groups
    )
    return LayerRows(
        denies=denies or (),
        endpoint_denies=(),
        scps=tuple(level or () for level in scps),
        endpoints=(),
        identity=identity or (),
        boundary=boundary,
        session=session,
        key=key or (),
        grants=grants or (),
    )
