"""What a PKCS#11 error means: a lost session, a ciphertext that may be the caller's fault, or a broken HSM.

A table, from what SoftHSM2 and the standard return (PKCS #11 v2.40 Base Specification, section 5.1 "Function
return values"). A code that is not here is a broken HSM.
"""

from __future__ import annotations

from typing import Final

import pkcs11

LOST: Final = (
    pkcs11.DeviceRemoved,
    pkcs11.KeyHandleInvalid,
    pkcs11.ObjectHandleInvalid,
    pkcs11.SessionClosed,
    pkcs11.SessionHandleInvalid,
    pkcs11.TokenNotPresent,
    pkcs11.UnwrappingKeyHandleInvalid,
    pkcs11.UserNotLoggedIn,
    pkcs11.WrappingKeyHandleInvalid,
)
"""The session or the login is gone, and its handles with it: worth one new session and one more try."""

UNDECRYPTABLE: Final = (
    pkcs11.DataInvalid,
    pkcs11.DataLenRange,
    pkcs11.EncryptedDataInvalid,
    pkcs11.EncryptedDataLenRange,
    pkcs11.GeneralError,
)
"""What C_Decrypt says of a wrong tag. SoftHSM2 2.6 says GeneralError, which also means dead storage: whoever
meets it in a decryption asks the domain key which of the two it was."""

SESSION_GONE: Final = (pkcs11.SessionClosed, pkcs11.SessionHandleInvalid)
"""Of these, the ones that say that the session itself is gone, not only what was in it."""

_UNINITIALISED: Final = "not initialized"


def is_lost(error: pkcs11.PKCS11Error) -> bool:
    """Say whether `error` means that the session or the login is gone."""
    # the binding has no class for CKR_CRYPTOKI_NOT_INITIALIZED, only words
    return isinstance(error, LOST) or _UNINITIALISED in str(error)


def is_session_alive(error: pkcs11.PKCS11Error) -> bool:
    """Say of a loss whether the session is still open, and only its login or its objects are gone."""
    return is_lost(error) and not isinstance(error, SESSION_GONE) and _UNINITIALISED not in str(error)
