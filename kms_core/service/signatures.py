"""Sign, Verify and GetPublicKey.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html and its siblings. Messages are hashed here
and digests signed in the HSM; signatures are verified here, with the public key that the HSM vouches for.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from kms_core import public_keys
from kms_core.errors import KMSInvalidSignatureError, UnsupportedOperationError, ValidationError
from kms_core.model.key_specs import (
    PAIR_SPECS,
    SIGNING_ALGORITHMS,
    UNSUPPORTED_ALGORITHMS,
    SigningScheme,
)
from kms_core.model.operations import Operation
from kms_core.service import context
from kms_core.service.key_usage import require_algorithm
from kms_core.service.parameters import (
    MAX_MESSAGE,
    MAX_SIGNATURE,
    MESSAGE_TYPES,
    check_bytes,
    check_choice,
)
from kms_core.service.results import PublicKey, Signed, Verified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kms_core.model.caller import Caller
    from kms_core.model.key import KeyMetadata
    from kms_core.service.core import Core

_ALGORITHMS = (*SIGNING_ALGORITHMS, *sorted(UNSUPPORTED_ALGORITHMS - {"SM2PKE"}))
_RAW = "RAW"
_DIGEST = "DIGEST"


class SignatureOperations:
    """What asymmetric keys do besides encryption, and their public keys."""

    _core: Core

    def sign(
        self,
        caller: Caller | str,
        key_id: str,
        message: bytes,
        signing_algorithm: str,
        *,
        message_type: str = _RAW,
        grant_tokens: Sequence[str] = (),
        dry_run: bool | None = None,
    ) -> Signed:
        """Sign a message or a digest.

        Args:
            caller: who calls.
            key_id: a key id, key ARN, alias name or alias ARN.
            message: 1 to 4,096 bytes; a digest as long as the algorithm's hash gives.
            signing_algorithm: one that the key has.
            message_type: ``RAW`` or ``DIGEST``.
            grant_tokens: tokens of grants that may be too new to be known everywhere.
            dry_run: only try.

        Raises:
            AccessDeniedError, DisabledError, DryRunOperationError, InvalidArnError, InvalidKeyUsageError,
            KMSInvalidStateError, NotFoundError, UnsupportedOperationError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.SIGN, caller, grant_tokens, dry_run=dry_run) as call:
            _check(message, message_type, signing_algorithm)
            reference = core.calls.reference(call, key_id)
            given = context.signing(signing_algorithm, message_type)
            with core.calls.on_key(call, reference, given) as admitted:
                signed = _to_be_signed(admitted.key, message, message_type, signing_algorithm)
                material = core.backing_keys.current(admitted.key)
                with core.turns.waiting():
                    signature = core.hsm.sign(admitted.permit, material, signing_algorithm, signed)
                return Signed(admitted.key.arn, signature, signing_algorithm)

    def verify(
        self,
        caller: Caller | str,
        key_id: str,
        message: bytes,
        signature: bytes,
        signing_algorithm: str,
        *,
        message_type: str = _RAW,
        grant_tokens: Sequence[str] = (),
        dry_run: bool | None = None,
    ) -> Verified:
        """Verify a signature; that it is not valid is an error.

        Args:
            caller: who calls.
            key_id: a key id, key ARN, alias name or alias ARN.
            message: what was signed, as Sign takes it.
            signature: 1 to 6,144 bytes.
            signing_algorithm: the algorithm that it was signed by.
            message_type: ``RAW`` or ``DIGEST``.
            grant_tokens: tokens of grants that may be too new to be known everywhere.
            dry_run: only try.

        Raises:
            KMSInvalidSignatureError: the signature is not that message's by that key and algorithm.
            AccessDeniedError, DisabledError, DryRunOperationError, InvalidArnError, InvalidKeyUsageError,
            KMSInvalidStateError, NotFoundError, UnsupportedOperationError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.VERIFY, caller, grant_tokens, dry_run=dry_run) as call:
            _check(message, message_type, signing_algorithm)
            check_bytes("signature", signature, 1, MAX_SIGNATURE)
            reference = core.calls.reference(call, key_id)
            given = context.signing(signing_algorithm, message_type)
            with core.calls.on_key(call, reference, given) as admitted:
                signed = _to_be_signed(admitted.key, message, message_type, signing_algorithm)
                material = core.backing_keys.current(admitted.key)
                public_key = core.hsm.public_key(admitted.permit, material, signing_algorithm)
                if not public_keys.verify(public_key, signing_algorithm, signed, signature):
                    raise KMSInvalidSignatureError
                return Verified(admitted.key.arn, signature_valid=True, signing_algorithm=signing_algorithm)

    def get_public_key(
        self, caller: Caller | str, key_id: str, *, grant_tokens: Sequence[str] = ()
    ) -> PublicKey:
        """Give the public key of an asymmetric key.

        Args:
            caller: who calls.
            key_id: a key id, key ARN, alias name or alias ARN.
            grant_tokens: tokens of grants that may be too new to be known everywhere.

        Raises:
            UnsupportedOperationError: the key is symmetric.
            AccessDeniedError, DisabledError, InvalidArnError, KMSInvalidStateError, NotFoundError,
            ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.GET_PUBLIC_KEY, caller, grant_tokens) as call:
            reference = core.calls.reference(call, key_id)
            with core.calls.on_key(call, reference, {}) as admitted:
                key = admitted.key
                if key.spec not in PAIR_SPECS:
                    raise UnsupportedOperationError(
                        f"{key.arn} key spec is {key.spec} which is not valid for {call.operation}."
                    )
                material = core.backing_keys.current(key)
                return PublicKey(
                    key_id=key.arn,
                    public_key=core.hsm.public_key(admitted.permit, material),
                    key_spec=key.spec.value,
                    key_usage=key.usage.value,
                    encryption_algorithms=key.encryption_algorithms,
                    signing_algorithms=key.signing_algorithms,
                    key_agreement_algorithms=key.key_agreement_algorithms,
                )


def _check(message: bytes, message_type: str, algorithm: str) -> None:
    check_bytes("message", message, 1, MAX_MESSAGE)
    check_choice("messageType", message_type, MESSAGE_TYPES)
    check_choice("signingAlgorithm", algorithm, _ALGORITHMS)


def _to_be_signed(key: KeyMetadata, message: bytes, message_type: str, algorithm: str) -> bytes:
    """What the private key signs: a digest, which is made here or was; for Ed25519 the message itself."""
    require_algorithm(key, algorithm)
    facts = SIGNING_ALGORITHMS[algorithm]
    possible = {SigningScheme.ED25519: {_RAW}, SigningScheme.ED25519PH: {_DIGEST}}
    if message_type not in possible.get(facts.scheme, {_RAW, _DIGEST}):
        raise ValidationError(f"Message type {message_type} is incompatible with key spec {key.spec}.")
    if facts.scheme is SigningScheme.ED25519:
        return message
    digest = hashlib.new(facts.hash)
    if message_type == _DIGEST:
        if len(message) != digest.digest_size:
            raise ValidationError(f"Digest is invalid length for algorithm {algorithm}.")
        return message
    digest.update(message)
    return digest.digest()
