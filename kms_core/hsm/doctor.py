"""What `kmsgate doctor` says of the HSM: one row for each thing that must hold. Changes nothing.

What the operator can mend (no module, no token, a wrong PIN) is raised, as when opening; what is wrong with
the token itself is a row that is not well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pkcs11

from kms_core.errors import HsmFaultError
from kms_core.hsm import backing_keys, capabilities, embedded, spec_answers
from kms_core.hsm.lane import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kms_core.hsm.login import Login


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """One row of the table.

    Attributes:
        name: what was looked at.
        ok: whether it is as it must be.
        detail: what was found, one line.
    """

    name: str
    ok: bool
    detail: str


def probe(home: Path, pin: str, *, module: Path | None = None) -> tuple[ProbeRow, ...]:
    """Look at the embedded token of `home`.

    The rows: module, library, locking, token, one for each mechanism, key specs, domain key, unwrap template.
    A token that is damaged gives fewer, the last of which is not well.

    Raises:
        ConfigurationError: there is no token or no module, the PIN is wrong, or the folder cannot be written.
    """
    try:
        login = embedded.log_in(home, pin, module)
    except HsmFaultError as fault:
        return (ProbeRow("token", ok=False, detail=fault.message),)
    try:
        return tuple(_rows(login))
    finally:
        login.close()


def _rows(login: Login) -> Iterator[ProbeRow]:
    library, token = login.library, login.token
    major, minor = library.library_version
    yield ProbeRow("module", ok=True, detail=library.so)
    yield ProbeRow(
        "library", ok=True, detail=f"{library.manufacturer_id} {major}.{minor}, {library.library_description}"
    )
    yield ProbeRow("locking", ok=True, detail="the module locks for threads (CKF_OS_LOCKING_OK)")
    yield ProbeRow(
        "token", ok=True, detail=f"{token.label}, serial number {token.serial.decode('ascii', 'replace')}"
    )
    answers = capabilities.examine(login.session())
    for answer in answers:
        yield ProbeRow(answer.name, ok=answer.mechanism is not None, detail=answer.detail)
    if all(answer.mechanism is not None for answer in answers):
        able = capabilities.require(answers)
        yield _spec_row(spec_answers.examine_specs(login.session(), able.wrap))
        yield from _key_rows(login, Lane(able, capacity=1))


def _spec_row(answers: tuple[spec_answers.SpecAnswer, ...]) -> ProbeRow:
    """One row for all key specs: what is missing is refused to callers, so it is said, and no fault."""
    told = {
        f"{answer.algorithm} {answer.verdict}": None
        for answer in answers
        if answer.verdict != spec_answers.RIGHT
    }
    specs = len(spec_answers.able(answers))
    return ProbeRow("key specs", ok=True, detail=", ".join([f"keys of {specs} specs", *told]))


def _key_rows(login: Login, lane: Lane) -> Iterator[ProbeRow]:
    domain_key = _asked("domain key", lambda: _enter(login, lane))
    yield domain_key
    if domain_key.ok:
        yield _asked("unwrap template", lambda: _template(lane))


def _enter(login: Login, lane: Lane) -> str:
    lane.enter(login.session())
    return f"wraps, cannot be exported, id {lane.token_keys.current}"


def _template(lane: Lane) -> str:
    if not backing_keys.template_is_enforced(lane):
        raise HsmFaultError("a wrapped key can be brought back as one that can be read")
    return "enforced: a wrapped key never comes back as one that can be read"


def _asked(name: str, question: Callable[[], str]) -> ProbeRow:
    try:
        return ProbeRow(name, ok=True, detail=question())
    except HsmFaultError as fault:
        return ProbeRow(name, ok=False, detail=fault.message)
    except pkcs11.PKCS11Error as error:
        return ProbeRow(name, ok=False, detail=f"failed ({type(error).__name__})")
