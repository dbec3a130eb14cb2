"""The test of what a policy does not say yet: nobody can answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_engine.model.opaque import Opaque
    from policy_engine.model.request import RequestContext


class OpaqueTest:
    """Whether a row holds of which an action, principal, resource or the effect is not known yet."""

    __slots__ = ("__weakref__", "opaque", "what")
    keys = ()
    is_opaque = True

    def __init__(self, what: str, opaque: Opaque) -> None:
        self.what = what
        self.opaque = opaque

    def __repr__(self) -> str:
        return f"<{self.what} is {self.opaque}>"

    @property
    def key(self) -> str:
        """What is not known; no context has it."""
        return f"opaque:{self.opaque.name}"

    @property
    def identity(self) -> tuple[object, ...]:
        """No two are the same: one unknown value may answer two questions differently."""
        return (OpaqueTest, id(self))

    def holds(self, context: RequestContext) -> bool:
        """Nobody can say.

        Raises:
            TypeError: always; the engine answers such a test with unknown and asks no other way.
        """
        del context
        raise TypeError(f"{self!r} has no answer yet")
