"""The HSM: the `Hsm` protocol, and the embedded SoftHSM2 token behind it. The one place that imports pkcs11.

Two layers. On top what the core sees: `protocol`, `opening`, `doctor`. Below, each in its room, what PKCS#11
takes: `module` and `library` (loading it so that threads are safe), `token_folder`, `embedded` and `login` (a
token that survives being killed at any moment), `token_keys`, `unwrap_template` and `capabilities` (what is
in it, and what it can do), `lane` and `lanes` (sessions), `handles`, `binding` and `backing_keys` (the work).
"""

from kms_core.hsm.doctor import ProbeRow, probe
from kms_core.hsm.opening import create_token, open_token
from kms_core.hsm.protocol import Hsm, KeyBinding, Sealed, StoredKey, WrappedKey
from kms_core.hsm.token_folder import require_expressible

__all__ = [
    "Hsm",
    "KeyBinding",
    "ProbeRow",
    "Sealed",
    "StoredKey",
    "WrappedKey",
    "create_token",
    "open_token",
    "probe",
    "require_expressible",
]
