"""DeriveSharedSecret.

https://docs.aws.amazon.com/kms/latest/APIReference/API_DeriveSharedSecret.html. The answer is the raw shared
secret of ECDH (SP 800-56A, section 5.7.1.2): the x coordinate, which is no key before it went through a key
derivation function. It is made in the HSM and passes through this process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core import public_keys
from kms_core.model.key_specs import KEY_AGREEMENT_ALGORITHM
from kms_core.model.operations import Operation
from kms_core.service.key_usage import require_algorithm
from kms_core.service.parameters import MAX_PUBLIC_KEY, check_bytes, check_choice
from kms_core.service.results import SharedSecret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kms_core.model.caller import Caller
    from kms_core.service.core import Core


class KeyAgreementOperations:
    """What key agreement keys do."""

    _core: Core

    def derive_shared_secret(
        self,
        caller: Caller | str,
        key_id: str,
        public_key: bytes,
        *,
        key_agreement_algorithm: str = KEY_AGREEMENT_ALGORITHM,
        grant_tokens: Sequence[str] = (),
        dry_run: bool | None = None,
    ) -> SharedSecret:
        """Derive the secret that is shared with the owner of a public key.

        Args:
            caller: who calls.
            key_id: a key id, key ARN, alias name or alias ARN.
            public_key: the peer's, on the same curve: SubjectPublicKeyInfo, DER.
            key_agreement_algorithm: ``ECDH``.
            grant_tokens: tokens of grants that may be too new to be known everywhere.
            dry_run: only try.

        Raises:
            ValidationError: the public key is none, or on another curve.
            AccessDeniedError, DisabledError, DryRunOperationError, InvalidArnError, InvalidKeyUsageError,
            KMSInvalidStateError, NotFoundError, UnsupportedOperationError, KMSInternalError
        """
        core = self._core
        algorithm = key_agreement_algorithm
        with core.calls.begin(Operation.DERIVE_SHARED_SECRET, caller, grant_tokens, dry_run=dry_run) as call:
            check_bytes("publicKey", public_key, 1, MAX_PUBLIC_KEY)
            check_choice("keyAgreementAlgorithm", algorithm, (KEY_AGREEMENT_ALGORITHM,))
            reference = core.calls.reference(call, key_id)
            with core.calls.on_key(call, reference, {"KeyAgreementAlgorithm": algorithm}) as admitted:
                key = admitted.key
                require_algorithm(key, algorithm)
                point = public_keys.agreement_point(key.spec, public_key)
                material = core.backing_keys.current(key)
                with core.turns.waiting():
                    secret = core.hsm.agree(admitted.permit, material, algorithm, point)
                return SharedSecret(key.arn, secret, algorithm, key.origin.value)
