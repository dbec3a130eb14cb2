"""Keys of test vectors in the token, by a way that no service has: through the session behind the `Hsm`."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from pkcs11 import Attribute, KeyType, ObjectClass

from kms_core.hsm import binding as bindings
from kms_core.hsm import pair_blob, stored_keys
from kms_core.hsm.known_keys import PrivateKey, brought_in
from kms_core.hsm.protocol import KeyBinding
from kms_core.hsm.specs import SECRET_SPECS
from kms_core.model.backing_key import BackingKeyRecord
from tests.kms_core.vectors.wycheproof import ALL, TALLIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pkcs11.types import Object

    from kms_core.hsm.lane import Lane
    from kms_core.hsm.token import Pkcs11Hsm

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
_MAY = {
    "ENCRYPT_DECRYPT": Attribute.DECRYPT,
    "SIGN_VERIFY": Attribute.SIGN,
    "KEY_AGREEMENT": Attribute.DERIVE,
}


def _secret(lane: Lane, key_type: KeyType, value: bytes) -> Object:
    return lane.session.create_object(
        {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: key_type,
            Attribute.VALUE: value,
            Attribute.TOKEN: False,
            Attribute.EXTRACTABLE: True,
        }
    )


@pytest.fixture(scope="session")
def bring_in(hsm: Pkcs11Hsm) -> Callable[[str, str, bytes | PrivateKey], BackingKeyRecord]:
    """Wraps and binds a key that is known, as if the HSM had made it: `bring_in(spec, usage, key)`."""
    lane = hsm._lanes._lanes[0]
    count = itertools.count()
    made: dict[tuple[str, object], BackingKeyRecord] = {}

    def wrapped(spec: str, usage: str, key: bytes | PrivateKey) -> bytes:
        if isinstance(key, bytes):
            handle = _secret(lane, SECRET_SPECS[spec, usage].key_type, key)
        else:
            handle = brought_in(lane.session, key, _MAY[usage])
        try:
            private = lane.token_keys.domain_key.wrap_key(handle, mechanism=lane.capabilities.wrap)
        finally:
            handle.destroy()
        if isinstance(key, bytes):
            return private
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return pair_blob.encode(pair_blob.StoredPair(pair_blob.WRAPPED, private, public))

    def bring(spec: str, usage: str, key: bytes | PrivateKey) -> BackingKeyRecord:
        if (spec, key) not in made:
            binding = KeyBinding(KEY_ID, f"vector-{next(count)}", spec, usage)
            domain = lane.token_keys.current
            with lane.lock:
                blob = wrapped(spec, usage, key)
                mac = stored_keys.mac(lane, bindings.backing_key(binding, domain, blob))
            made[spec, key] = BackingKeyRecord(
                binding.backing_key_id, KEY_ID, spec, usage, domain, blob, mac, 0.0
            )
        return made[spec, key]

    return bring


@contextmanager
def _wrapping_key(lane: Lane, key: bytes) -> Iterator[Any]:
    template = {
        Attribute.CLASS: ObjectClass.SECRET_KEY,
        Attribute.KEY_TYPE: KeyType.AES,
        Attribute.VALUE: key,
        Attribute.TOKEN: False,
        Attribute.WRAP: True,
        Attribute.UNWRAP: True,
    }
    with lane.lock:
        handle = lane.session.create_object(template)
        try:
            yield handle
        finally:
            handle.destroy()


@pytest.fixture(scope="session")
def wrapped_by(hsm: Pkcs11Hsm) -> Callable[[bytes, bytes], bytes]:
    """Wraps with the mechanism that backing keys are wrapped with: `wrapped_by(wrapping key, secret)`."""
    lane = hsm._lanes._lanes[0]

    def wrap(key: bytes, value: bytes) -> bytes:
        with _wrapping_key(lane, key) as wrapping:
            secret = _secret(lane, KeyType.GENERIC_SECRET, value)
            try:
                blob: bytes = wrapping.wrap_key(secret, mechanism=lane.capabilities.wrap)
            finally:
                secret.destroy()
        return blob

    return wrap


@pytest.fixture(scope="session")
def unwrapped_by(hsm: Pkcs11Hsm) -> Callable[[bytes, bytes], bytes]:
    """Unwraps with the mechanism that backing keys are wrapped with: `unwrapped_by(wrapping key, blob)`."""
    lane = hsm._lanes._lanes[0]

    def unwrap(key: bytes, blob: bytes) -> bytes:
        with _wrapping_key(lane, key) as wrapping:
            secret = wrapping.unwrap_key(
                ObjectClass.SECRET_KEY,
                KeyType.GENERIC_SECRET,
                blob,
                mechanism=lane.capabilities.wrap,
                template={Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False},
            )
            value: bytes = secret[Attribute.VALUE]
            secret.destroy()
        return value

    return unwrap


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Under `make vectors`: a line for each kind, with what came of how many."""
    if ALL:
        for kind, tally in sorted(TALLIES.items()):
            told = "; ".join(f"{count} {what}" for what, count in sorted(tally.items()))
            terminalreporter.write_line(f"{kind:<28} {tally.total():>5}  {told}")
        terminalreporter.write_line(f"{sum(tally.total() for tally in TALLIES.values())} vectors")
