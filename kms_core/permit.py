"""A permit: this caller may do this action on this key, for the length of one call.

Every method of the HSM takes one first and checks it, so that no path to a key goes round the gate. It is not
a decision (that is the engine's) and not a credential: it guards against mistakes in this program, not
against code that forges one.

INVARIANT: only the gate makes permits. Each is closed when its call or job ends, and permits nothing then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from kms_core.errors import PermitError

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType
    from typing import Self


class PermitKind(StrEnum):
    """For whom: a caller whom the engine allowed, or an internal job that the audit log names."""

    CALLER = "caller"
    SERVICE = "service"


class Lifetime:
    """Open until it is closed, once and for all; what a frozen permit cannot hold itself."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open = True

    @property
    def is_open(self) -> bool:
        """Whether the call still runs."""
        return self._open

    def close(self) -> None:
        """End it; a second time changes nothing."""
        self._open = False


@dataclass(frozen=True, slots=True)
class Permit:
    """One caller, one action, one key, one call.

    Leaving it as a context manager closes it.

    Attributes:
        principal: the caller's ARN, or the name of the internal job.
        action: as the catalogue spells it, ``kms:Decrypt``; an internal job's own is ``internal:...``.
        key_arn: the key's ARN; None for an action that has no key.
        call_id: the id of the call, as the audit log has it.
        kind: for a caller or for an internal job.
        reason: why an internal job runs; None for a caller.
    """

    principal: str
    action: str
    key_arn: str | None
    call_id: str
    kind: PermitKind = PermitKind.CALLER
    reason: str | None = None
    lifetime: Lifetime = field(default_factory=Lifetime, repr=False, compare=False)

    def __post_init__(self) -> None:
        if (self.kind is PermitKind.SERVICE) != bool(self.reason):
            raise PermitError("an internal job's permit has a reason, and a caller's has none")

    def require(self, actions: str | Collection[str], key_arn: str | None) -> None:
        """Check that this permit covers one of `actions` on `key_arn`, now.

        Raises:
            PermitError: it is closed, or it is for another action or key.
        """
        self.require_action(actions)
        if self.key_arn != key_arn:
            raise PermitError(f"the permit is for `{self.key_arn}`, not for `{key_arn}`")

    def require_key_id(self, actions: str | Collection[str], key_id: str) -> None:
        """Like `require`, where only the last part of the key's ARN is known: ``1234abcd-...``.

        Raises:
            PermitError: it is closed, or it is for another action or key.
        """
        self.require_action(actions)
        if self.key_arn is None or self.key_arn.partition(":key/")[2] != key_id:
            raise PermitError(f"the permit is for `{self.key_arn}`, not for the key `{key_id}`")

    def require_action(self, actions: str | Collection[str]) -> None:
        """Check the action and the lifetime only; for what concerns no key.

        Raises:
            PermitError: it is closed, or it is for another action.
        """
        if not self.lifetime.is_open:
            raise PermitError(f"the permit for `{self.action}` is closed")
        if self.action != actions and (isinstance(actions, str) or self.action not in actions):
            raise PermitError(f"the permit is for `{self.action}`")

    @property
    def is_open(self) -> bool:
        """Whether its call still runs."""
        return self.lifetime.is_open

    def close(self) -> None:
        """End it: from now on it permits nothing."""
        self.lifetime.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
