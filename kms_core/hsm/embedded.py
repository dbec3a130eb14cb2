"""The embedded token: made once in a home's folder, opened by as many processes as one likes.

SoftHSM2 only: what is here initialises tokens, which must never happen to somebody else's HSM. The security
officer's PIN is random and forgotten, so nobody can set another user's PIN later.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pkcs11
from pkcs11 import TokenFlag

from kms_core.errors import ConfigurationError, HsmFaultError
from kms_core.hsm import token_keys
from kms_core.hsm.cryptoki import CKR_OK
from kms_core.hsm.library import claim
from kms_core.hsm.login import Login
from kms_core.hsm.module import find_module
from kms_core.hsm.token_folder import TokenFolder, require_expressible, unusable
from kms_core.hsm.unwrap_template import TemplateMapper

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pkcs11.types import Token

    from kms_core.hsm.library import Library

LABEL: Final = "kmsgate"
_MAKER: Final = "SoftHSM"
_PIN_BYTES: Final = range(4, 256)


def create(home: Path, pin: str, module: Path | None) -> None:
    """Make the token of `home`, with its keys; of one that failed no more is left than the lock.

    Raises:
        ConfigurationError: there is one already, the PIN is too short or too long, the folder cannot be
            written or named in SoftHSM2's configuration, or there is no SoftHSM2.
        HsmFaultError: SoftHSM2 refuses.
    """
    if len(pin.encode()) not in _PIN_BYTES:
        raise ConfigurationError(
            f"the PIN must have {_PIN_BYTES.start} to {_PIN_BYTES.stop - 1} bytes",
            help="set another in KMSGATE_PIN or --pin-file",
        )
    path = find_module(module)
    require_expressible(home)
    folder = _folder(home)
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise unusable(home, error) from error
    with folder.locked():
        if folder.is_finished:
            raise ConfigurationError(f"`{home}` already holds a token", help="give another --home")
        folder.prepare()
        with _nothing_left(folder):
            serial = _make(folder, path, pin)
            folder.finish(LABEL, serial)


def log_in(home: Path, pin: str, module: Path | None) -> Login:
    """Log in to the token of `home`.

    Raises:
        ConfigurationError: there is no token or no module, the PIN is wrong, or the folder cannot be written.
        HsmFaultError: the token is damaged or does not answer.
    """
    path = find_module(module)
    require_expressible(home)
    folder = _folder(home)
    serial = folder.serial()

    @contextmanager
    def guard() -> Iterator[None]:
        with folder.locked():
            folder.restore()
            _point_to(folder)
            yield

    with guard():
        library = claim(path)
        login = Login(library, serial, pin, guard, folder.growing)
        try:
            login.log_in()
            folder.protect()
        except BaseException:
            login.close()
            raise
    return login


def _folder(home: Path) -> TokenFolder:
    return TokenFolder(home.absolute() / "token")


def _point_to(folder: TokenFolder) -> None:
    folder.configure()
    # read in every C_Initialize, so it is set before every one: another token may have set it since
    os.environ["SOFTHSM2_CONF"] = str(folder.configuration)


def _make(folder: TokenFolder, module: Path, pin: str) -> bytes:
    _point_to(folder)
    library = claim(module)
    try:
        if library.manufacturer_id != _MAKER:
            raise ConfigurationError(
                f"`{module}` is not SoftHSM2, and no token is made in any other HSM",
                help="use SoftHSM2's module for the embedded token",
            )
        return _initialise(library, pin)
    except pkcs11.PKCS11Error as error:
        raise HsmFaultError(f"the token cannot be made ({type(error).__name__})") from None
    finally:
        library.finalize()


def _initialise(library: Library, pin: str) -> bytes:
    so_pin = secrets.token_hex(16)
    token = _blank(library, so_pin)
    with token.open(rw=True, so_pin=so_pin) as session:
        session.init_pin(pin)
    # the templates' memory is held until the keys are made
    mapper = TemplateMapper()
    with token.open(rw=True, user_pin=pin, attribute_mapper=mapper) as session:
        token_keys.create(session)
    return token.serial


def _blank(library: Library, so_pin: str) -> Token:
    blank = [
        slot
        for slot in library.get_slots(token_present=True)
        if not slot.get_token().flags & TokenFlag.TOKEN_INITIALIZED
    ]
    if not blank:
        raise HsmFaultError("SoftHSM2 offers no slot for a new token")
    status = library.cryptoki.init_token(blank[0].slot_id, so_pin.encode(), LABEL)
    if status != CKR_OK:
        raise HsmFaultError(f"the token cannot be initialised (C_InitToken gave {status:#x})")
    return blank[0].get_token()


@contextmanager
def _nothing_left(folder: TokenFolder) -> Iterator[None]:
    try:
        yield
    except BaseException:
        folder.discard()
        raise
