"""The few C functions of PKCS#11 that python-pkcs11 does not reach, by ctypes. Nothing of the hot path.

Truth: PKCS #11 v2.40 Base Specification (OASIS), section 5 "Functions" and `pkcs11f.h`, which gives the order
of CK_FUNCTION_LIST.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from pathlib import Path

CKF_OS_LOCKING_OK: Final = 0x2
CKR_OK: Final = 0x0
CKR_CRYPTOKI_ALREADY_INITIALIZED: Final = 0x191

_PROTOTYPES: Final = {
    "C_Initialize": (0, (ctypes.c_void_p,)),
    "C_Finalize": (1, (ctypes.c_void_p,)),
    "C_InitToken": (9, (ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)),
    "C_CloseAllSessions": (14, (ctypes.c_ulong,)),
}
"""Each function's place in CK_FUNCTION_LIST, and its arguments."""

_LABEL_BYTES: Final = 32


class _InitializeArguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS: four mutex functions that are left out, flags, and a reserved pointer."""

    _fields_: ClassVar = [
        *((name, ctypes.c_void_p) for name in ("create", "destroy", "lock", "unlock")),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    ]


class _FunctionList(ctypes.Structure):
    """The first members of CK_FUNCTION_LIST; a pointer is aligned, so the version is padded."""

    _fields_: ClassVar = [
        ("version", ctypes.c_ubyte * 2),
        ("functions", ctypes.c_void_p * 15),
    ]


class Cryptoki:
    """The four functions of one loaded module; each gives the CK_RV as it is."""

    def __init__(self, module: Path) -> None:
        library = ctypes.CDLL(str(module))
        table = ctypes.POINTER(_FunctionList)()
        status = library.C_GetFunctionList(ctypes.byref(table))
        if status != CKR_OK:
            raise OSError(f"C_GetFunctionList gave {status:#x}")
        # INVARIANT: the module stays loaded as long as its functions are held
        self._library = library
        self._functions = table.contents.functions

    def initialize(self) -> int:
        """C_Initialize with CKF_OS_LOCKING_OK: this process has threads, so the module must lock."""
        return self._call("C_Initialize", ctypes.byref(_InitializeArguments(flags=CKF_OS_LOCKING_OK)))

    def finalize(self) -> int:
        """C_Finalize: every session and handle is gone."""
        return self._call("C_Finalize", None)

    def init_token(self, slot_id: int, so_pin: bytes, label: str) -> int:
        """C_InitToken: wipes what the slot holds."""
        padded = label.encode().ljust(_LABEL_BYTES)
        return self._call("C_InitToken", slot_id, so_pin, len(so_pin), padded)

    def close_all_sessions(self, slot_id: int) -> int:
        """C_CloseAllSessions: logs out too."""
        return self._call("C_CloseAllSessions", slot_id)

    def _call(self, name: str, *arguments: object) -> int:
        position, types = _PROTOTYPES[name]
        function = ctypes.CFUNCTYPE(ctypes.c_ulong, *types)(self._functions[position])
        return int(function(*arguments))
