"""An `Hsm` over PKCS#11: checks the permit, picks the lane, and lets `backing_keys` do the work.

Not here: how a token comes to be open (`embedded`), and what PKCS#11 needs (the rooms below).
"""

from __future__ import annotations

import itertools
import zlib
from typing import TYPE_CHECKING

from kms_core.errors import PermitError
from kms_core.hsm import backing_keys
from kms_core.hsm.protocol import PERMITTED

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from kms_core.hsm.lanes import Lanes
    from kms_core.hsm.protocol import KeyBinding, KeyPair, Sealed, StoredKey, WrappedKey
    from kms_core.permit import Permit


class Pkcs11Hsm:
    """An open token; see `Hsm` for what each operation does and raises.

    Leaving it as a context manager closes it.
    """

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._turns = itertools.count()

    def random(self, permit: Permit, length: int) -> bytes:
        """Draw random bytes."""
        permit.require_action(PERMITTED["random"])
        if length < 1:
            raise ValueError(f"cannot draw {length} random bytes")
        return self._lanes.run(next(self._turns), lambda lane: backing_keys.random(lane, length))

    def generate_backing_key(self, permit: Permit, key_arn: str, binding: KeyBinding) -> WrappedKey:
        """Make a new key."""
        _require_for_new_key(permit, key_arn, binding)
        return self._lanes.run(next(self._turns), lambda lane: backing_keys.make(lane, binding))

    def encrypt(self, permit: Permit, key: StoredKey, plaintext: bytes, aad: bytes) -> Sealed:
        """Encrypt."""
        permit.require_key_id(PERMITTED["encrypt"], key.key_id)
        return self._lanes.run(_turn(key), lambda lane: backing_keys.encrypt(lane, key, plaintext, aad))

    def decrypt(self, permit: Permit, key: StoredKey, sealed: Sealed, aad: bytes) -> bytes:
        """Decrypt."""
        permit.require_key_id(PERMITTED["decrypt"], key.key_id)
        return self._lanes.run(_turn(key), lambda lane: backing_keys.decrypt(lane, key, sealed, aad))

    def generate_data_key_pair(self, permit: Permit, spec: str) -> KeyPair:
        """Make a key pair that leaves."""
        permit.require_action(PERMITTED["generate_data_key_pair"])
        return self._lanes.run(next(self._turns), lambda lane: backing_keys.make_data_key_pair(lane, spec))

    def decrypt_oaep(self, permit: Permit, key: StoredKey, algorithm: str, ciphertext: bytes) -> bytes:
        """Decrypt with a private key."""
        permit.require_key_id(PERMITTED["decrypt_oaep"], key.key_id)
        return self._lanes.run(
            _turn(key), lambda lane: backing_keys.decrypt_oaep(lane, key, algorithm, ciphertext)
        )

    def public_key(self, permit: Permit, key: StoredKey, algorithm: str | None = None) -> bytes:
        """Give a public key."""
        permit.require_key_id(PERMITTED["public_key"], key.key_id)
        return self._lanes.run(_turn(key), lambda lane: backing_keys.public_key(lane, key, algorithm))

    def sign(self, permit: Permit, key: StoredKey, algorithm: str, signed: bytes) -> bytes:
        """Sign."""
        permit.require_key_id(PERMITTED["sign"], key.key_id)
        return self._lanes.run(_turn(key), lambda lane: backing_keys.sign(lane, key, algorithm, signed))

    def mac(self, permit: Permit, key: StoredKey, algorithm: str, message: bytes) -> bytes:
        """Make a message authentication code."""
        permit.require_key_id(PERMITTED["mac"], key.key_id)
        return self._lanes.run(_turn(key), lambda lane: backing_keys.mac(lane, key, algorithm, message))

    def agree(self, permit: Permit, key: StoredKey, algorithm: str, point: bytes) -> bytes:
        """Agree on a secret."""
        permit.require_key_id(PERMITTED["agree"], key.key_id)
        return self._lanes.run(_turn(key), lambda lane: backing_keys.agree(lane, key, algorithm, point))

    def discard(self, permit: Permit, key: StoredKey) -> None:
        """Forget a key for good."""
        permit.require_key_id(PERMITTED["discard"], key.key_id)
        self._lanes.run(_turn(key), lambda lane: backing_keys.discard(lane, key))

    def discard_unfiled(self, permit: Permit, key_id: str) -> None:
        """Forget what was made and never filed."""
        permit.require_key_id(PERMITTED["discard_unfiled"], key_id)
        self._lanes.run(next(self._turns), lambda lane: backing_keys.discard_unfiled(lane, key_id))

    def check_value(self, permit: Permit) -> bytes:
        """Show that the token's own keys are the ones they were."""
        permit.require_action(PERMITTED["check_value"])
        return self._lanes.run(0, backing_keys.check_value)

    def checkpoint_mac(self, permit: Permit, content: bytes) -> bytes:
        """Bind a checkpoint of the audit log."""
        permit.require_action(PERMITTED["checkpoint_mac"])
        return self._lanes.run(0, lambda lane: backing_keys.checkpoint_mac(lane, content))

    def evict(self, permit: Permit, key: StoredKey) -> None:
        """Drop a key from memory."""
        permit.require_key_id(PERMITTED["evict"], key.key_id)
        self._lanes.run(_turn(key), lambda lane: lane.handles.evict(key.id))

    def close(self) -> None:
        """Let go of the token."""
        self._lanes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _require_for_new_key(permit: Permit, key_arn: str, binding: KeyBinding) -> None:
    permit.require(PERMITTED["generate_backing_key"], key_arn)
    if key_arn.partition(":key/")[2] != binding.key_id:
        raise PermitError(f"a backing key for `{binding.key_id}` cannot be made for `{key_arn}`")


def _turn(key: StoredKey) -> int:
    # the same lane every time, in every process alike
    return zlib.crc32(key.id.encode())
