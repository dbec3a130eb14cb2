"""The tests of a graph: what they have in common, and the table in which equal ones are one object."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Protocol, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from policy_engine.model.options import DEFAULT_OPTIONS, Options

if TYPE_CHECKING:
    from policy_engine.graph.rows import StatementParts
    from policy_engine.model.packed import PackedStatement
    from policy_engine.model.request import RequestContext


class Test(Protocol):
    """A yes-or-no question about the request context."""

    @property
    def key(self) -> str:
        """The canonical condition key that it reads, or a prefix of keys."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that it reads, those of its policy variables included."""

    @property
    def is_opaque(self) -> bool:
        """Whether a part of the policy that it asks with is not known yet."""

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two tests the same test."""

    def holds(self, context: RequestContext) -> bool:
        """Whether the context passes."""


AnyTest = TypeVar("AnyTest", bound=Test)


class SharedTests:
    """Equal tests become one object, so that graphs share nodes; what no row uses is forgotten.

    All are made under the same `options`. `parts` has those of packed statements, while a policy has them.
    """

    __slots__ = ("_is_passing", "_tests", "options", "parts")

    def __init__(self, options: Options = DEFAULT_OPTIONS) -> None:
        self.options = options
        self.parts: WeakKeyDictionary[PackedStatement, StatementParts] = WeakKeyDictionary()
        self._tests: WeakValueDictionary[tuple[object, ...], Test] = WeakValueDictionary()
        self._is_passing = False

    def __len__(self) -> int:
        return len(self._tests)

    def passing(self) -> SharedTests:
        """The same table for rows that are not kept: it finds parts of statements, and takes none in."""
        shared = copy(self)
        shared._is_passing = True  # noqa: SLF001 - its own copy
        return shared

    def keep_parts(self, statement: PackedStatement, parts: StatementParts) -> None:
        """Let the parts of a statement be found for as long as there is the statement."""
        if not self._is_passing:
            self.parts[statement] = parts

    def intern(self, test: AnyTest) -> AnyTest:
        """The object that stands for this test."""
        return self._tests.setdefault(test.identity, test)  # type: ignore[return-value] # equal identities are of one class
