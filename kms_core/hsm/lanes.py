"""All lanes of a token: who works in which, and what happens when a session is lost.

A lost session is replaced, and the work tried once more. Where a new session finds no keys either, the login
was lost: then all lanes start over, with the module initialised anew, since SoftHSM2 stays blind after its
folder was away. Whatever else fails is the HSM's fault, and the caller hears no more than that.
"""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final, TypeVar

import pkcs11

from kms_core.errors import HomeError, HsmFaultError, KMSInternalError
from kms_core.hsm.faults import is_lost, is_session_alive
from kms_core.hsm.forks import Birthplace
from kms_core.hsm.lane import Lane
from kms_core.turns import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from kms_core.hsm.capabilities import Capabilities
    from kms_core.hsm.login import Login

T = TypeVar("T")

_CAPACITY: Final = 5000
_SECONDS_BETWEEN_LOGINS: Final = 1.0
_log = logging.getLogger(__name__)


class Lanes:
    """The lanes of one login.

    Args:
        login: logged in; `close` closes it.
        capabilities: the token's.
        count: how many threads may be inside the module at once.
        capacity: how many unwrapped keys all lanes together keep.
    """

    def __init__(
        self, login: Login, capabilities: Capabilities, count: int, capacity: int = _CAPACITY
    ) -> None:
        self._login = login
        self._birthplace = Birthplace()
        self._closed = False
        self._not_before = 0.0
        self._lanes = [Lane(capabilities, max(1, capacity // count), login.keeping) for _ in range(count)]
        for lane in self._lanes:
            lane.enter(login.session())

    def run(self, turn: int, work: Callable[[Lane], T]) -> T:
        """Do `work` alone in the lane that `turn` falls to.

        Raises:
            KMSInternalError: the HSM does not answer.
            HsmFaultError: in a forked process, or after `close`.
        """
        self._birthplace.require()
        lane = self._lanes[turn % len(self._lanes)]
        wait_for(lane.lock)
        with lane.lock:
            self._require_open()
            seen = lane.generation
            try:
                return work(lane)
            except pkcs11.PKCS11Error as error:
                if not is_lost(error):
                    raise _failed(error) from None
                alive = is_session_alive(error)
        self._recover(lane, seen, alive=alive)
        with lane.lock:
            self._require_open()
            try:
                return work(lane)
            except pkcs11.PKCS11Error as error:
                raise _failed(error) from None

    def close(self) -> None:
        """Close every session and the login; a second time, or in a forked process, does nothing."""
        if not self._birthplace.is_here:
            return
        with self._alone():
            if not self._closed:
                self._closed = True
                self._login.close()

    def _alone(self) -> ExitStack:
        # always in the same order, and never with a lane's lock held: no two threads wait for each other
        with ExitStack() as held:
            for lane in self._lanes:
                held.enter_context(lane.lock)
            return held.pop_all()

    def _recover(self, lane: Lane, seen: int, *, alive: bool) -> None:
        with self._alone():
            self._require_open()
            if lane.generation != seen:
                return
            _log.warning("a session of the token was lost; opening another")
            try:
                self._reopen(lane, alive=alive)
            except (pkcs11.PKCS11Error, HsmFaultError):
                self._log_in_again()

    def _reopen(self, lane: Lane, *, alive: bool) -> None:
        session = self._login.session()
        try:
            lane.enter(session, close_old=alive)
        except (pkcs11.PKCS11Error, HsmFaultError):
            with suppress(pkcs11.PKCS11Error):
                session.close()
            raise

    def _log_in_again(self) -> None:
        if time.monotonic() < self._not_before:
            raise KMSInternalError
        self._not_before = time.monotonic() + _SECONDS_BETWEEN_LOGINS
        _log.warning("the token's login was lost; logging in again")
        try:
            self._login.renew()
            for lane in self._lanes:
                lane.enter(self._login.session())
        except (pkcs11.PKCS11Error, HomeError) as error:
            _log.error("the token cannot be used: %s", error)
            raise KMSInternalError from None

    def _require_open(self) -> None:
        if self._closed:
            raise HsmFaultError("the token is closed")


def _failed(error: pkcs11.PKCS11Error) -> KMSInternalError:
    _log.error("the HSM failed: %s", type(error).__name__)
    return KMSInternalError()
