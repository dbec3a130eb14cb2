"""THE NOUNS of an explanation, frozen: checks, rows with their checks, misses, fixes.

Nothing is worked out here and nothing is worded; `explaining` makes these, `text` and `document` show them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from policy_engine.model.decision import OriginKind
from policy_engine.model.policy import Effect

if TYPE_CHECKING:
    from policy_engine.engine.combination import Relation
    from policy_engine.graph.principals import PrincipalMatch
    from policy_engine.graph.rows import GrantRow, StatementRow
    from policy_engine.graph.tests import Test
    from policy_engine.model.bundle import KeyRecord
    from policy_engine.model.decision import Decision, Origin
    from policy_engine.model.grant import Grant
    from policy_engine.model.principal import Principal
    from policy_engine.span import Span


class Element(StrEnum):
    """What of a statement or grant is checked.

    A grant's grantee is its principal, its operations are its action and its constraint is a condition.
    """

    PRINCIPAL = "principal"
    ACTION = "action"
    RESOURCE = "resource"
    CONDITION = "condition"
    TOKEN = "token"  # noqa: S105 - the name of an element, no secret


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a row asks, and what the request has.

    Attributes:
        element: what is checked.
        wanted: what the row lists, as it spells it.
        got: what the request has; empty where it has nothing.
        met: the engine's own answer.
        unsettled: whether the answer depends on what is not known; `met` is then false.
        operator: the condition operator, for a condition.
        key: the condition key as the row spells it, for a condition.
        negated: whether the element is NotPrincipal, NotAction or NotResource.
        by: the entry of `wanted` that covers the request, where one does.
        note: what a reader should know, such as that only the case differs.
        span: where the element stands; for a condition its values.
        test: the test behind a condition or token.
    """

    element: Element
    wanted: tuple[str, ...]
    got: tuple[str, ...]
    met: bool
    unsettled: bool = False
    operator: str | None = None
    key: str | None = None
    negated: bool = False
    by: str | None = None
    note: str | None = None
    span: Span | None = None
    test: Test | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CheckedRow:
    """A statement or grant with what it asks of this very request."""

    row: StatementRow | GrantRow
    match: PrincipalMatch | None
    checks: tuple[Check, ...]

    @property
    def origin(self) -> Origin:
        """Where the row comes from."""
        return self.row.origin

    @property
    def is_grant(self) -> bool:
        """Whether it is a grant."""
        return self.origin.kind is OriginKind.GRANT

    @property
    def effect(self) -> Effect:
        """What the row does where it holds; a grant can only allow."""
        return getattr(self.row, "effect", Effect.ALLOW)

    @property
    def unmet(self) -> tuple[Check, ...]:
        """The checks that fail, or may fail."""
        return tuple(check for check in self.checks if not check.met)

    @property
    def depends(self) -> bool:
        """Whether only what is not known keeps the row from holding."""
        return bool(self.unmet) and all(check.unsettled for check in self.unmet)

    def of(self, element: Element) -> tuple[Check, ...]:
        """The checks of one element."""
        return tuple(check for check in self.checks if check.element is element)


class Side(StrEnum):
    """Who would have to change something."""

    REQUEST = "request"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Fix:
    """A change after which the engine allows the request: each was tried before it was listed."""

    side: Side
    change: str
    note: str | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Miss:
    """A row that could have led to another answer.

    Attributes:
        row: an Allow or a grant that does not hold, or a Deny that does.
        distance: how many checks would have to come out otherwise for the request to be allowed this way.
        others: rows that would have to hold as well.
        fixes: changes that flip the answer.
    """

    row: CheckedRow
    distance: int
    others: tuple[CheckedRow, ...] = ()
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True)
class Considered:
    """How many statements and grants were looked at: all of the layers that count, all grants of the key."""

    allows: int
    denies: int
    grants: int


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Why a request is decided as it is.

    Attributes:
        decision: the engine's answer.
        principal: the caller, with what its records add.
        known_principal: whether the engine holds a record of the caller.
        relation: what the caller is to the key.
        key: the key's record.
        path: the way by which the request is allowed: named, direct, delegated, identity or grant.
        why: the rows that decide.
        near_denies: Deny statements that cover caller, action and resource, and whose conditions fail.
        held: on an implicit denial, allows of the key policy, identity policies and grants that hold and do
            not suffice.
        misses: on a denial, what could have led to another answer, the closest first.
        allowed_but_for_denies: on an explicit deny, whether the request would be allowed without it.
        key_policy_alone: whether the key policy allows without IAM.
        iam_alone: whether an identity policy allows, be the key policy what it may.
        considered: how much was looked at.
        unknown: condition keys that were declared unknown, as they were declared.
        not_known: of an undetermined answer, the keys and the parts of policies that decide it.
        depends_on: of an undetermined answer, the rows that hold or fail by what is not known.
        too_narrow: grants that cover the caller and let it make grants, but none as wide as this one.
    """

    decision: Decision
    principal: Principal
    known_principal: bool
    relation: Relation
    key: KeyRecord | None
    path: str | None
    why: tuple[CheckedRow, ...]
    near_denies: tuple[CheckedRow, ...]
    held: tuple[CheckedRow, ...]
    misses: tuple[Miss, ...]
    allowed_but_for_denies: bool
    key_policy_alone: bool
    iam_alone: bool
    considered: Considered
    unknown: tuple[str, ...] = ()
    not_known: tuple[str, ...] = ()
    depends_on: tuple[CheckedRow, ...] = ()
    too_narrow: tuple[Grant, ...] = ()
