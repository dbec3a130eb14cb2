"""Opening the embedded token as an `Hsm`: the public way in, with `doctor` beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pkcs11

from kms_core.errors import HsmFaultError
from kms_core.hsm import backing_keys, capabilities, embedded, spec_answers
from kms_core.hsm.lane import Lane
from kms_core.hsm.lanes import Lanes
from kms_core.hsm.token import Pkcs11Hsm

if TYPE_CHECKING:
    from pathlib import Path

    from kms_core.hsm.capabilities import Capabilities
    from kms_core.hsm.login import Login
    from kms_core.hsm.protocol import Hsm

LANES: Final = 4


def create_token(home: Path, pin: str, *, module: Path | None = None) -> None:
    """Make the embedded token of `home`, with its keys, on disk when this returns.

    Raises:
        ConfigurationError: there is one already, the PIN is too short or too long, the folder cannot be
            written, there is no SoftHSM2, or this process holds a token already.
        HsmFaultError: SoftHSM2 refuses.
    """
    embedded.create(home, pin, module)


def open_token(home: Path, pin: str, *, module: Path | None = None, oaep_outside: bool = True) -> Hsm:
    """Open the embedded token of `home`; one at a time in a process.

    Args:
        home: the folder that `create_token` was given.
        pin: the PIN that `create_token` was given.
        module: the PKCS#11 module; else ``$KMSGATE_PKCS11_MODULE``, else SoftHSM2 where it is installed.
        oaep_outside: whether RSA ciphertexts may be unpadded in this process where the token cannot do it
            (`oaep` says what that exposes); False refuses the algorithm instead.

    Raises:
        ConfigurationError: there is no token, the PIN is wrong, the folder cannot be written, or there is no
            module.
        HsmFaultError: the token is damaged, or does not do what it must.
    """
    login = embedded.log_in(home, pin, module)
    try:
        return Pkcs11Hsm(Lanes(login, _able(login, oaep_outside=oaep_outside), LANES))
    except pkcs11.PKCS11Error as error:
        login.close()
        raise HsmFaultError(f"the token does not answer ({type(error).__name__})") from None
    except BaseException:
        login.close()
        raise


def _able(login: Login, *, oaep_outside: bool) -> Capabilities:
    with login.session() as session:
        able = capabilities.require(capabilities.examine(session))
        answers = [
            answer
            for answer in spec_answers.examine_specs(session, able.wrap)
            if oaep_outside or answer.verdict != spec_answers.OUTSIDE
        ]
        able = replace(
            able, algorithms=spec_answers.able(answers), oaep_outside=spec_answers.outside(answers)
        )
        lane = Lane(able, capacity=1)
        lane.enter(session)
        if backing_keys.template_is_enforced(lane):
            return able
    raise HsmFaultError(
        "the token lets a wrapped key out in the clear: its domain key does not enforce an unwrap template",
        help="put the token back from a backup, or use a module that enforces CKA_UNWRAP_TEMPLATE",
    )
