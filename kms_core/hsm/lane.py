"""A lane: one session with the token's keys and the unwrapped keys it keeps, used by one thread at a time.

An object of the binding belongs to the session that made it, so a backing key lives in one lane. What is done
with keys is in `backing_keys`; which lane, and what happens when a session is lost, in `lanes`.
"""

from __future__ import annotations

import threading
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Final

import pkcs11
from pkcs11 import Attribute, KeyType, ObjectClass

from kms_core.errors import HsmFaultError
from kms_core.hsm import token_keys
from kms_core.hsm.handles import Handles

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from pkcs11.types import Object, Session

    from kms_core.hsm.capabilities import Capabilities
    from kms_core.hsm.token_keys import TokenKeys

_CONSTANT: Final = b"kmsgate: no secret, only a check"
"""An AES-256 key that the whole world knows: what the domain key makes of it tells domain keys apart."""


class Lane:
    """One session. Every attribute is used with `lock` held.

    Attributes:
        lock: who holds it is alone in this lane.
        generation: grows with every session, so that a loss is mended once.
        capabilities: the token's.
        keeping: held while the token gets or loses an object, which is on its disk afterwards.
        wrapped_constant: what the domain key makes of a constant.
        handles: the unwrapped keys at hand.
    """

    wrapped_constant: bytes
    handles: Handles
    _keys: TokenKeys
    _known: Object

    def __init__(
        self,
        capabilities: Capabilities,
        capacity: int,
        keeping: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.lock = threading.Lock()
        self.generation = 0
        self.capabilities = capabilities
        self.keeping = keeping
        self._capacity = capacity
        self._session: Session | None = None

    def enter(self, session: Session, *, close_old: bool = False) -> None:
        """Work in `session` from now on, with nothing kept.

        INVARIANT: the session before is closed only where it is known to be alive. Modules give the numbers
        of dead sessions out again, and closing one would close another lane's.

        Raises:
            HsmFaultError: the token's keys are not as they must be; the lane is as it was.
            pkcs11.PKCS11Error: the token does not answer; the lane is as it was.
        """
        keys = token_keys.find(session)
        constant = _constant(session)
        wrapped = keys.domain_key.wrap_key(constant, mechanism=self.capabilities.wrap)
        if close_old:
            self._close()
        self._session, self._keys, self._known = session, keys, constant
        self.wrapped_constant = wrapped
        self.handles = Handles(self._capacity)
        self.generation += 1

    @property
    def session(self) -> Session:
        """The session."""
        if self._session is None:
            raise HsmFaultError("the token is closed")
        return self._session

    @property
    def token_keys(self) -> TokenKeys:
        """The token's keys in this session."""
        return self._keys

    def domain_key_answers(self) -> bool:
        """Use the domain key, and say whether it still does what it did when the session began.

        Raises:
            pkcs11.PKCS11Error: the session is lost, or the token does not answer.
        """
        return (
            self._keys.domain_key.wrap_key(self._known, mechanism=self.capabilities.wrap)
            == self.wrapped_constant
        )

    def _close(self) -> None:
        if self._session is not None:
            with suppress(pkcs11.PKCS11Error):
                self._session.close()


def _constant(session: Session) -> Object:
    return session.create_object(
        {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.AES,
            Attribute.VALUE: _CONSTANT,
            Attribute.TOKEN: False,
            Attribute.EXTRACTABLE: True,
        }
    )
