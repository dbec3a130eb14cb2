"""GenerateDataKey and its kin, and GenerateRandom: what leaves the service in the clear on purpose.

https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyPair.html and its siblings. Random
bytes and key pairs are made in the HSM; they pass through this process on their way to the caller, and so
does a key that is to be given out encrypted only, since the token encrypts what it is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.errors import UnsupportedOperationError
from kms_core.model.key_specs import PAIR_SPECS, SYMMETRIC_ALGORITHM, UNSUPPORTED_SPECS
from kms_core.model.operations import Operation
from kms_core.service import context
from kms_core.service.encryption import seal
from kms_core.service.key_usage import require_algorithm
from kms_core.service.parameters import (
    MAX_RANDOM,
    check_choice,
    check_encryption_context,
    check_range,
    data_key_length,
)
from kms_core.service.results import (
    DataKey,
    DataKeyPair,
    EncryptedDataKey,
    EncryptedDataKeyPair,
    RandomBytes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kms_core.model.caller import Caller
    from kms_core.service.core import Core


class DataKeyOperations:
    """What makes keys and random bytes for use outside."""

    _core: Core

    def generate_data_key(
        self,
        caller: Caller | str,
        key_id: str,
        *,
        key_spec: str | None = None,
        number_of_bytes: int | None = None,
        encryption_context: Mapping[str, str] | None = None,
        grant_tokens: Sequence[str] = (),
        dry_run: bool | None = None,
    ) -> DataKey:
        """Make a data key: plain for use at once, encrypted for keeping.

        Args:
            caller: who calls.
            key_id: a key id or key ARN, of a symmetric encryption key.
            key_spec: ``AES_256`` or ``AES_128``; or else
            number_of_bytes: 1 to 1,024.
            encryption_context: pairs that Decrypt must be given too.
            grant_tokens: tokens of grants that may be too new to be known everywhere.
            dry_run: only try.

        Raises:
            AccessDeniedError, DisabledError, DryRunOperationError, InvalidArnError, InvalidKeyUsageError,
            KMSInvalidStateError, LimitExceededError, NotFoundError, ValidationError, KMSInternalError
        """
        return self._data_key(
            Operation.GENERATE_DATA_KEY,
            caller,
            key_id,
            (key_spec, number_of_bytes),
            encryption_context,
            grant_tokens,
            dry_run=dry_run,
        )

    def generate_data_key_without_plaintext(
        self,
        caller: Caller | str,
        key_id: str,
        *,
        key_spec: str | None = None,
        number_of_bytes: int | None = None,
        encryption_context: Mapping[str, str] | None = None,
        grant_tokens: Sequence[str] = (),
        dry_run: bool | None = None,
    ) -> EncryptedDataKey:
        """Make a data key, encrypted only; arguments and errors as `generate_data_key`."""
        made = self._data_key(
            Operation.GENERATE_DATA_KEY_WITHOUT_PLAINTEXT,
            caller,
            key_id,
            (key_spec, number_of_bytes),
            encryption_context,
            grant_tokens,
            dry_run=dry_run,
        )
        return EncryptedDataKey(made.ciphertext_blob, made.key_id)

    def generate_data_key_pair(
        self,
        caller: Caller | str,
        key_id: str,
        key_pair_spec: str,
        *,
        encryption_context: Mapping[str, str] | None = None,
        grant_tokens: Sequence[str] = (),
        dry_run: bool | None = None,
    ) -> DataKeyPair:
        """Make a data key pair: the private key plain for use at once, encrypted for keeping.

        Args:
            caller: who calls.
            key_id: a key id or key ARN, of a symmetric encryption key.
            key_pair_spec: as a KeySpec: RSA or elliptic curve.
            encryption_context: pairs that Decrypt must be given too.
            grant_tokens: tokens of grants that may be too new to be known everywhere.
            dry_run: only try.

        Raises:
            UnsupportedOperationError: the token does not make such pairs.
            AccessDeniedError, DisabledError, DryRunOperationError, InvalidArnError, InvalidKeyUsageError,
            KMSInvalidStateError, LimitExceededError, NotFoundError, ValidationError, KMSInternalError
        """
        return self._data_key_pair(
            Operation.GENERATE_DATA_KEY_PAIR,
            caller,
            key_id,
            key_pair_spec,
            encryption_context,
            grant_tokens,
            dry_run=dry_run,
        )

    def generate_data_key_pair_without_plaintext(
        self,
        caller: Caller | str,
        key_id: str,
        key_pair_spec: str,
        *,
        encryption_context: Mapping[str, str] | None = None,
        grant_tokens: Sequence[str] = (),
        dry_run: bool | None = None,
    ) -> EncryptedDataKeyPair:
        """Make a data key pair, the private key encrypted only; arguments and errors as the other one."""
        made = self._data_key_pair(
            Operation.GENERATE_DATA_KEY_PAIR_WITHOUT_PLAINTEXT,
            caller,
            key_id,
            key_pair_spec,
            encryption_context,
            grant_tokens,
            dry_run=dry_run,
        )
        return EncryptedDataKeyPair(
            made.private_key_ciphertext_blob, made.public_key, made.key_id, made.key_pair_spec
        )

    def generate_random(self, caller: Caller | str, number_of_bytes: int) -> RandomBytes:
        """Draw 1 to 1,024 random bytes in the HSM; only identity policies decide, since there is no key.

        Raises:
            AccessDeniedError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.GENERATE_RANDOM, caller) as call:
            check_range("numberOfBytes", number_of_bytes, 1, MAX_RANDOM)
            with core.calls.without_key(call, None, {}) as permit:
                return RandomBytes(core.hsm.random(permit, number_of_bytes))

    def _data_key(
        self,
        operation: Operation,
        caller: Caller | str,
        key_id: str,
        length: tuple[str | None, int | None],
        encryption_context: Mapping[str, str] | None,
        grant_tokens: Sequence[str],
        *,
        dry_run: bool | None,
    ) -> DataKey:
        core = self._core
        with core.calls.begin(operation, caller, grant_tokens, dry_run=dry_run) as call:
            count = data_key_length(*length)
            pairs = check_encryption_context(encryption_context)
            reference = core.calls.reference(call, key_id)
            with core.calls.on_key(call, reference, context.cryptographic(pairs)) as admitted:
                require_algorithm(admitted.key, SYMMETRIC_ALGORITHM)
                plaintext = core.hsm.random(admitted.permit, count)
                blob = seal(core, call, admitted, SYMMETRIC_ALGORITHM, plaintext, pairs)
                return DataKey(blob, plaintext, admitted.key.arn)

    def _data_key_pair(
        self,
        operation: Operation,
        caller: Caller | str,
        key_id: str,
        spec: str,
        encryption_context: Mapping[str, str] | None,
        grant_tokens: Sequence[str],
        *,
        dry_run: bool | None,
    ) -> DataKeyPair:
        core = self._core
        with core.calls.begin(operation, caller, grant_tokens, dry_run=dry_run) as call:
            _check_pair_spec(spec)
            pairs = check_encryption_context(encryption_context)
            reference = core.calls.reference(call, key_id)
            given = context.cryptographic(pairs, pair_spec=spec)
            with core.calls.on_key(call, reference, given) as admitted:
                require_algorithm(admitted.key, SYMMETRIC_ALGORITHM)
                with core.turns.waiting():
                    private, public = core.hsm.generate_data_key_pair(admitted.permit, spec)
                blob = seal(core, call, admitted, SYMMETRIC_ALGORITHM, private, pairs)
                return DataKeyPair(blob, private, public, admitted.key.arn, spec)


def _check_pair_spec(spec: str) -> None:
    if spec in UNSUPPORTED_SPECS:
        raise UnsupportedOperationError(f"KeyPairSpec {spec} is not supported here.")
    check_choice("keyPairSpec", spec, PAIR_SPECS)
