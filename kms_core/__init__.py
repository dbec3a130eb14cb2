"""A small KMS on a PKCS#11 HSM, every call of which passes the policy engine before it may touch a key.

The rooms, from the ground up: `errors` and `permit`; `store` and `audit`; `hsm`, the one place that talks
PKCS#11; `gate`, `key_material` and `ciphertext`; `service`, one module for each family of operations;
`cli`. Nothing here decides who may do what: that is `policy_engine`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kms_core.model.caller import Caller as Caller
    from kms_core.opening import open_kms as open_kms
    from kms_core.service.kms import Kms as Kms

__all__ = ["Caller", "Kms", "open_kms"]

_HOMES = {"Caller": "kms_core.model.caller", "Kms": "kms_core.service.kms", "open_kms": "kms_core.opening"}


def __getattr__(name: str) -> object:
    """Fetch what is public when it is asked for, so that a room can be imported without all the others."""
    if name not in _HOMES:
        raise AttributeError(f"module `kms_core` has no attribute `{name}`")
    return getattr(import_module(_HOMES[name]), name)
