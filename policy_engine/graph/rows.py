"""The rows that statements and grants lower to: one shape for all layers.

A row is what a statement says, with its elements compiled and its conditions shared; its origin says where it
came from. Rows know no request: `graph.residual` puts a caller, a resource and an action to them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_engine.graph.actions import ActionTest, OperationTest
    from policy_engine.graph.principals import PrincipalMatch, PrincipalTest
    from policy_engine.graph.resources import ResourceTest
    from policy_engine.graph.tests import Test
    from policy_engine.model.decision import Origin
    from policy_engine.model.grant import Grant
    from policy_engine.model.policy import Effect, PolicyKind, Statement
    from policy_engine.model.principal import Principal


class StatementParts(NamedTuple):
    """The compiled parts of a statement, which equal statements share.

    `tests` go with the statement's conditions, one for each, in order. `principal` is None in the kinds of
    policy that have no principals: they cover whoever holds them. `is_open`: an element is not known yet.
    """

    sid: str | None
    effect: Effect
    actions: ActionTest
    principal: PrincipalTest | None
    resources: ResourceTest
    tests: tuple[Test, ...]
    is_open: bool


@dataclass(frozen=True, slots=True, eq=False)
class StatementRow:
    """A statement of a policy: its parts, and where it stands.

    The statement itself is looked up when somebody asks, for its spans: a policy may keep it packed.
    """

    kind: PolicyKind
    effect: Effect
    actions: ActionTest
    principal: PrincipalTest | None
    resources: ResourceTest
    tests: tuple[Test, ...]
    is_open: bool
    origin: Origin
    statements: Sequence[Statement]
    position: int

    @property
    def statement(self) -> Statement:
        """The statement as the policy has it."""
        return self.statements[self.position]

    def saying(self, statement: Statement) -> StatementRow:
        """This row with another statement to show, and the parts that it has."""
        return replace(self, statements=(statement,), position=0)


@dataclass(frozen=True, slots=True, eq=False)
class GrantRow:
    """A grant. It has no resource test: it belongs to its key."""

    actions: OperationTest
    grantee: GranteeTest
    tests: tuple[Test, ...]
    origin: Origin
    grant: Grant


@dataclass(frozen=True, slots=True)
class GranteeTest:
    """The grantee of a grant, matched as a principal of a key policy would be."""

    test: PrincipalTest

    def match(self, caller: Principal) -> PrincipalMatch | None:
        """How the grant covers a caller."""
        return self.test.match(caller)
