"""Nothing secret is shown: not by repr, not in an error, not in the log."""

from __future__ import annotations

import logging
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pkcs11 import Attribute, AttributeSensitive, KeyType

from kms_core.errors import KmsError
from kms_core.hsm import Sealed
from kms_core.hsm.resident_keys import ResidentKey
from kms_core.key_material import KeyMaterial
from kms_core.model.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import HsmHome

    from kms_core.hsm.token import Pkcs11Hsm
    from kms_core.permit import Permit

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"
CANARY = b"canary-plaintext-7c1d"


def test_nothing_secret_is_shown(
    hsm: Pkcs11Hsm, hsm_home: HsmHome, permit_for: Callable[..., Permit], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    material = KeyMaterial(hsm, Sources())
    key = material.generate(
        permit_for("kms:CreateKey"), ARN, KEY_ID, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT"
    )
    sealed = material.encrypt(permit_for("kms:Encrypt"), key, CANARY, CANARY)
    told = []
    for wrong, parts in (
        (key, sealed._replace(tag=bytes(16))),
        (key, Sealed(bytes(12), CANARY, bytes(16))),
        (replace(key, mac=CANARY), sealed),
    ):
        with pytest.raises(KmsError) as raised:
            material.decrypt(permit_for("kms:Decrypt"), wrong, parts, CANARY)
        told += traceback.format_exception(raised.value)
        told.append(repr(raised.value))
    told += map(repr, (hsm, hsm._lanes, hsm._lanes._login, hsm._lanes._lanes[0], hsm_home, key))
    told.append(caplog.text)
    everything = "\n".join(told)
    assert "is not what was stored" in everything  # the log was read
    for secret in (CANARY, hsm_home.pin.encode(), key.blob, key.mac):
        assert secret.decode("latin-1") not in everything
        assert secret.hex() not in everything
        assert repr(secret) not in everything


def test_no_unwrapped_key_can_be_read(hsm: Pkcs11Hsm, permit_for: Callable[..., Permit]) -> None:
    material = KeyMaterial(hsm, Sources())
    key = material.generate(
        permit_for("kms:CreateKey"), ARN, KEY_ID, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT"
    )
    material.encrypt(permit_for("kms:Encrypt"), key, b"", b"")
    kept = [each for lane in hsm._lanes._lanes for each in lane.handles._keys.values()]
    assert kept
    for each in kept:  # whatever other tests have left there, of every kind
        resident = isinstance(each, ResidentKey)
        handle = each._key if resident else each
        secret = Attribute.PRIVATE_EXPONENT if handle[Attribute.KEY_TYPE] is KeyType.RSA else Attribute.VALUE
        with pytest.raises(AttributeSensitive):
            handle[secret]
        assert handle[Attribute.EXTRACTABLE] is False
        assert handle[Attribute.SENSITIVE] is True
        assert handle[Attribute.TOKEN] is resident
