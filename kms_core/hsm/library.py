"""The PKCS#11 module as python-pkcs11 sees it, initialised so that threads are safe.

The binding calls C_Initialize(NULL), upon which SoftHSM2 switches all its mutexes off, while the binding
releases the interpreter's lock: eight threads crash it within seconds. `Library` passes CKF_OS_LOCKING_OK
instead. `pkcs11.lib()` must never be called beside it: it would initialise the module in the old way.

A module is initialised once in a process and holds one configuration: `claim` gives it to one token at a
time.
"""

from __future__ import annotations

import ctypes
import threading
from typing import TYPE_CHECKING, ClassVar

import pkcs11
from pkcs11 import _pkcs11

from kms_core.errors import ConfigurationError, HsmFaultError
from kms_core.hsm.cryptoki import CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_OK, Cryptoki
from kms_core.hsm.forks import Birthplace

if TYPE_CHECKING:
    from pathlib import Path


class Library(_pkcs11.lib):
    """One loaded module. Made by `claim` only, which binds `cryptoki` on a subclass before it initialises."""

    cryptoki: ClassVar[Cryptoki]
    birthplace: Birthplace | None = None

    @property
    def is_claimed(self) -> bool:
        """Whether a token of this very process uses it."""
        return self.birthplace is not None and self.birthplace.is_here

    def initialize(self) -> None:
        """C_Initialize with locking; the binding's constructor calls this.

        Raises:
            HsmFaultError: it refuses, or somebody else initialised it here, perhaps without locking.
        """
        if self.is_claimed:
            return
        status = self.cryptoki.initialize()
        if status == CKR_CRYPTOKI_ALREADY_INITIALIZED:
            raise HsmFaultError(
                "the PKCS#11 module was already initialised in this process by somebody else",
                help="run it in a process of its own: its threads may not be safe",
            )
        if status != CKR_OK:
            raise HsmFaultError(f"the PKCS#11 module cannot be initialised (C_Initialize gave {status:#x})")
        self.birthplace = Birthplace()

    def finalize(self) -> None:
        """C_Finalize: the module forgets every session, and may be claimed again; not in a forked process."""
        if self.is_claimed:
            self.cryptoki.finalize()
            self.birthplace = None


_loaded: dict[Path, Library] = {}
_loading = threading.Lock()


def claim(module: Path) -> Library:
    """Load and initialise `module` for one token; `Library.finalize` gives it back.

    Raises:
        ConfigurationError: it is no PKCS#11 module, or this process already holds a token of it.
        HsmFaultError: it cannot be initialised.
    """
    with _loading:
        library = _loaded.get(module)
        if library is None:
            library = _loaded[module] = _load(module)
            # never freed: the binding's destructor calls a method, and when the interpreter ends the class
            # may have none any more, which Python would tell on standard error
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))
        elif library.is_claimed:
            raise ConfigurationError(
                f"this process already holds a token of `{module}`",
                help="close it first, or open the other one in a process of its own",
            )
        else:
            library.initialize()
        return library


def _load(module: Path) -> Library:
    try:
        bound = type("BoundLibrary", (Library,), {"cryptoki": Cryptoki(module)})
        library: Library = bound(str(module))
    except (OSError, AttributeError, pkcs11.PKCS11Error) as error:
        raise ConfigurationError(
            f"`{module}` is not a PKCS#11 module that can be loaded",
            help="name the module's shared library, which has the function C_GetFunctionList",
        ) from error
    return library
