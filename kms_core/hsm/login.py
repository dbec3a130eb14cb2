"""The one login of this process. PKCS#11 logs in a process, not a session.

The session that logged in stays open as long as the token does: closing it logs every other session out. The
others, one for each lane, are opened without a PIN. A PIN that was refused once is never tried again: real
HSMs lock themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pkcs11

from kms_core.errors import ConfigurationError, HsmFaultError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from pkcs11.types import Session, Token

    from kms_core.hsm.library import Library


class Login:
    """A token that is logged in to.

    Args:
        library: the claimed module; `close` gives it back.
        serial: the token's serial number.
        pin: the user's PIN; kept for the case that the login is lost, shown nowhere.
        guard: held from C_Initialize to C_Login; what the kind of token needs to survive them.
        keeping: held while the token gets or loses an object; what it needs for that.
    """

    def __init__(
        self,
        library: Library,
        serial: bytes,
        pin: str,
        guard: Callable[[], AbstractContextManager[None]],
        keeping: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._library = library
        self._serial = serial
        self._pin = pin
        self._guard = guard
        self.keeping = keeping
        self._refused = False
        self._token: Token | None = None
        self._session: Session | None = None

    def __repr__(self) -> str:
        return f"<Login to token {self._serial.decode('ascii', 'replace')}>"

    @property
    def library(self) -> Library:
        """The module."""
        return self._library

    @property
    def token(self) -> Token:
        """The token."""
        if self._token is None:
            raise HsmFaultError("the token is not logged in to")
        return self._token

    def log_in(self) -> None:
        """Find the token and log in; the caller holds the guard.

        Raises:
            ConfigurationError: the PIN is wrong, locked or expired.
            HsmFaultError: the token is gone, or does not answer.
        """
        if self._refused:
            raise HsmFaultError("the token refused the PIN before, and it is not tried again")
        self._token = self._find()
        try:
            self._session = self._token.open(rw=True, user_pin=self._pin)
        except pkcs11.PKCS11Error as error:
            # a failed login leaves its session open
            self._library.cryptoki.close_all_sessions(self._token.slot.slot_id)
            raise self._explained(error) from None

    def session(self) -> Session:
        """Open one more session; it is logged in, since the process is.

        Raises:
            pkcs11.PKCS11Error: the token does not answer.
        """
        return self.token.open(rw=True)

    def renew(self) -> None:
        """Start over: every session and handle of the module is gone afterwards.

        The caller sees to it that no other thread is inside the module.

        Raises:
            HomeError: as `log_in`.
        """
        with self._guard():
            self._library.finalize()
            self._library.initialize()
            self.log_in()

    def close(self) -> None:
        """Log out and give the module back."""
        self._session = self._token = None
        self._library.finalize()

    def _find(self) -> Token:
        try:
            return self._library.get_token(token_serial=self._serial)
        except pkcs11.PKCS11Error as error:
            raise HsmFaultError(
                f"the token with the serial number `{self._serial.decode('ascii', 'replace')}` is not there",
                help="put the token's folder back from a backup; a new token could read none of the keys",
            ) from error

    def _explained(self, error: pkcs11.PKCS11Error) -> ConfigurationError | HsmFaultError:
        if isinstance(error, pkcs11.PinIncorrect | pkcs11.PinInvalid | pkcs11.PinLenRange):
            self._refused = True
            return ConfigurationError(
                "the PIN is wrong",
                help="give the PIN that the token was made with, in KMSGATE_PIN or --pin-file",
            )
        if isinstance(error, pkcs11.PinLocked | pkcs11.PinExpired):
            self._refused = True
            return ConfigurationError(
                "the token's PIN is locked or has expired", help="have the token's security officer reset it"
            )
        return HsmFaultError(f"the token cannot be logged in to ({type(error).__name__})")
