"""A canary: what is secret turns up nowhere but where it was asked for."""

from __future__ import annotations

import base64
import logging
import traceback
from typing import TYPE_CHECKING

from kms_core.errors import KmsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

    import pytest

    from kms_core.service import Kms

CANARY = b"canary-plaintext-0123456789"


def _spellings(secret: bytes) -> set[str]:
    return {secret.decode("latin-1"), secret.hex(), base64.b64encode(secret).decode(), repr(secret)}


def test_secrets_are_in_no_repr_log_error_or_database(
    kms: Kms,
    people: SimpleNamespace,
    key_arn: str,
    *,
    hsm_home: SimpleNamespace,
    database_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    heard: list[str] = []

    def listen(call: Callable[[], object]) -> object:
        try:
            answer = call()
        except KmsError as error:
            heard.extend(traceback.format_exception(error))
            return None
        heard.extend((repr(answer), str(answer)))
        return answer

    sealed = listen(lambda: kms.encrypt(people.admin, key_arn, CANARY, {"n": "canary-context"}))
    data_key = listen(lambda: kms.generate_data_key(people.admin, key_arn, key_spec="AES_256"))
    granted = listen(lambda: kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"]))
    listen(lambda: kms.decrypt(people.admin, sealed.ciphertext_blob, {"n": "canary-context"}))
    listen(lambda: kms.decrypt(people.admin, sealed.ciphertext_blob, {"n": "other"}))
    listen(lambda: kms.encrypt(people.app, key_arn, CANARY))
    listen(lambda: kms.encrypt(people.app, key_arn, CANARY, grant_tokens=[granted.grant_token]))
    listen(lambda: kms.encrypt(people.app, key_arn, CANARY, grant_tokens=[granted.grant_token + "x"]))
    listen(lambda: kms.list_grants(people.admin, key_arn))
    listen(lambda: kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"], dry_run=True))
    listen(lambda: kms.retire_grant(people.app, grant_token=granted.grant_token))
    listen(kms._core.checkpoints.close)
    listen(lambda: kms._core.hsm)
    listen(lambda: kms.encrypt(people.admin, key_arn, CANARY * 500))
    listen(lambda: kms.encrypt(people.admin, "no-key", CANARY))

    said = "\n".join((*heard, *caplog.messages, repr(kms), repr(kms._core)))
    stored = b"".join(path.read_bytes() for path in database_path.parent.glob("kmsgate.db*")).decode(
        "latin-1"
    )
    assert "canary-context" not in said
    assert "canary-context" in stored  # in the requests of the audit log: it is not secret
    for secret in (CANARY, data_key.plaintext, hsm_home.pin.encode(), granted.grant_token.encode()):
        for spelling in _spellings(secret):
            assert spelling not in said
            assert spelling not in stored
