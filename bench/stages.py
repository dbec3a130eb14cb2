"""Where a call of the KMS spends its processor time: each stage's own, without what it calls of other stages.

What belongs to a stage is a table; all else is "checks": parameters, caller, the context of the request, and
bringing the call from one stage to the next. While it is measured each function of the table is wrapped,
which adds some two microseconds for each, so that shares are told and not times.
"""

from __future__ import annotations

import functools
import threading
from collections import Counter
from contextlib import ExitStack, contextmanager
from time import thread_time_ns
from typing import TYPE_CHECKING, Any

from kms_core import gate
from kms_core.audit.log import AuditLog
from kms_core.hsm.token import Pkcs11Hsm
from kms_core.service import call_records, key_intents
from kms_core.service import keys as key_operations
from kms_core.service.backing_keys import BackingKeys
from kms_core.service.key_access import KeyAccess
from kms_core.service.message_budget import MessageBudget
from kms_core.store import keys
from kms_core.store.locks import KeyLock
from policy_engine import PolicyEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STAGES: dict[str, tuple[tuple[object, str], ...]] = {
    "decide": ((PolicyEngine, "authorize"),),
    "locks": ((KeyLock, "take"), (KeyLock, "let_go")),
    "store": (
        (KeyAccess, "current"),
        (KeyAccess, "reference"),
        (KeyAccess, "behind"),
        (BackingKeys, "find"),
        (MessageBudget, "spend"),
        (keys, "are_there"),
        (keys, "insert_intent"),
        (keys, "enable_with"),
        (key_intents, "file_policy"),
        (key_operations, "put_tags"),
    ),
    "audit": ((AuditLog, "append"), (AuditLog, "beside"), (gate, "_recorded"), (call_records, "ending")),
    "HSM": tuple(
        (Pkcs11Hsm, name) for name in ("encrypt", "decrypt", "random", "sign", "generate_backing_key")
    ),
}
"""What each stage consists of. The records of several calls are written by one of them, and counted there."""

REST = "checks"


class Clock(threading.local):
    """Each thread's stack of stages, and since when the uppermost runs."""

    def __init__(self) -> None:
        self.stack = [REST]
        self.since = 0


class Taken:
    """Processor time by stage, of all threads."""

    def __init__(self) -> None:
        self.nanoseconds: Counter[str] = Counter()
        self._clock = Clock()
        self._guard = threading.Lock()

    def begin(self) -> None:
        """A call begins in this thread."""
        self._clock.since = thread_time_ns()

    def enter(self, stage: str) -> None:
        """From now on it is in a stage."""
        self._switch()
        self._clock.stack.append(stage)

    def leave(self) -> None:
        """That stage is over."""
        self._switch()
        self._clock.stack.pop()

    def end(self) -> None:
        """The call ends."""
        self._switch()

    def _switch(self) -> None:
        now = thread_time_ns()
        with self._guard:
            self.nanoseconds[self._clock.stack[-1]] += now - self._clock.since
        self._clock.since = thread_time_ns()

    def shares(self) -> dict[str, float]:
        """The part of each stage, in percent."""
        total = sum(self.nanoseconds.values())
        return {stage: 100 * self.nanoseconds[stage] / total for stage in (*STAGES, REST)}


@contextmanager
def measured() -> Iterator[Taken]:
    """Wrap everything in the table while this lasts."""
    taken = Taken()
    with ExitStack() as undo:
        for stage, functions in STAGES.items():
            for owner, name in functions:
                plain = getattr(owner, name)
                undo.callback(setattr, owner, name, plain)
                setattr(owner, name, _timed(taken, stage, plain))
        yield taken


def _timed(taken: Taken, stage: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    def run(*args: object, **names: object) -> object:
        taken.enter(stage)
        try:
            given = plain(*args, **names)
        finally:
            taken.leave()
        return _Context(taken, stage, given) if hasattr(given, "gen") else given

    return run


class _Context:
    """A context manager whose way in and way out belong to a stage, and what is between does not."""

    def __init__(self, taken: Taken, stage: str, inner: Any) -> None:  # noqa: ANN401 - any context manager
        self._taken, self._stage, self._inner = taken, stage, inner

    def __enter__(self) -> object:
        self._taken.enter(self._stage)
        try:
            return self._inner.__enter__()
        finally:
            self._taken.leave()

    def __exit__(self, *error: object) -> object:
        self._taken.enter(self._stage)
        try:
            return self._inner.__exit__(*error)
        finally:
            self._taken.leave()
