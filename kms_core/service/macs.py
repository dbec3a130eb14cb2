"""GenerateMac and VerifyMac.

https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateMac.html and API_VerifyMac.html. The HSM makes
the code in both; the comparison takes as long whatever differs.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from kms_core.errors import KMSInvalidMacError
from kms_core.model.key_specs import MAC_HASHES
from kms_core.model.operations import Operation
from kms_core.service.key_usage import require_algorithm
from kms_core.service.parameters import MAX_MAC, MAX_MESSAGE, check_bytes, check_choice
from kms_core.service.results import Mac, MacVerified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kms_core.model.caller import Caller
    from kms_core.service.core import Core
    from kms_core.service.open_call import Admitted


class MacOperations:
    """What HMAC keys do."""

    _core: Core

    def generate_mac(
        self,
        caller: Caller | str,
        key_id: str,
        message: bytes,
        mac_algorithm: str,
        *,
        grant_tokens: Sequence[str] = (),
        dry_run: bool | None = None,
    ) -> Mac:
        """Make the HMAC of a message.

        Args:
            caller: who calls.
            key_id: a key id, key ARN, alias name or alias ARN.
            message: 1 to 4,096 bytes.
            mac_algorithm: the one of the key's spec.
            grant_tokens: tokens of grants that may be too new to be known everywhere.
            dry_run: only try.

        Raises:
            AccessDeniedError, DisabledError, DryRunOperationError, InvalidArnError, InvalidKeyUsageError,
            KMSInvalidStateError, NotFoundError, UnsupportedOperationError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.GENERATE_MAC, caller, grant_tokens, dry_run=dry_run) as call:
            _check(message, mac_algorithm)
            reference = core.calls.reference(call, key_id)
            with core.calls.on_key(call, reference, {"MacAlgorithm": mac_algorithm}) as admitted:
                return Mac(admitted.key.arn, self._mac(admitted, mac_algorithm, message), mac_algorithm)

    def verify_mac(
        self,
        caller: Caller | str,
        key_id: str,
        message: bytes,
        mac: bytes,
        mac_algorithm: str,
        *,
        grant_tokens: Sequence[str] = (),
        dry_run: bool | None = None,
    ) -> MacVerified:
        """Verify the HMAC of a message; that it is not valid is an error.

        Args:
            caller: who calls.
            key_id: a key id, key ARN, alias name or alias ARN.
            message: 1 to 4,096 bytes.
            mac: what is to be judged, 1 to 6,144 bytes.
            mac_algorithm: the one of the key's spec.
            grant_tokens: tokens of grants that may be too new to be known everywhere.
            dry_run: only try.

        Raises:
            KMSInvalidMacError: it is not that message's under that key.
            AccessDeniedError, DisabledError, DryRunOperationError, InvalidArnError, InvalidKeyUsageError,
            KMSInvalidStateError, NotFoundError, UnsupportedOperationError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.VERIFY_MAC, caller, grant_tokens, dry_run=dry_run) as call:
            _check(message, mac_algorithm)
            check_bytes("mac", mac, 1, MAX_MAC)
            reference = core.calls.reference(call, key_id)
            with core.calls.on_key(call, reference, {"MacAlgorithm": mac_algorithm}) as admitted:
                if not hmac.compare_digest(self._mac(admitted, mac_algorithm, message), mac):
                    raise KMSInvalidMacError
                return MacVerified(admitted.key.arn, mac_valid=True, mac_algorithm=mac_algorithm)

    def _mac(self, admitted: Admitted, algorithm: str, message: bytes) -> bytes:
        require_algorithm(admitted.key, algorithm)
        material = self._core.backing_keys.current(admitted.key)
        return self._core.hsm.mac(admitted.permit, material, algorithm, message)


def _check(message: bytes, algorithm: str) -> None:
    check_bytes("message", message, 1, MAX_MESSAGE)
    check_choice("macAlgorithm", algorithm, MAC_HASHES)
