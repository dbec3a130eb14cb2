"""Policy texts, content-addressed: a text is filed under its SHA-256 and never changed.

Not what a policy means. A text whose digest is no longer its own is refused rather than used.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from kms_core.errors import KMSInternalError
from kms_core.store.prepared import Prepared, driver_of
from kms_core.store.schema import POLICIES

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from kms_core.store.prepared import AnyConnection

_FILE = Prepared(insert(POLICIES).on_conflict_do_nothing())


def digest_of(text: str) -> str:
    """The SHA-256 of a policy text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def file_policy(connection: AnyConnection, text: str) -> str:
    """Keep a text, and give its digest; a text that is there already is kept once."""
    digest = digest_of(text)
    _FILE.filled(digest=digest, text=text).run(driver_of(connection))
    return digest


def policy_text(connection: Connection, digest: str) -> str:
    """The text with this digest.

    Raises:
        KMSInternalError: it is missing, or not the text that was filed.
    """
    text = connection.execute(select(POLICIES.c.text).where(POLICIES.c.digest == digest)).scalar_one_or_none()
    if text is None or digest_of(text) != digest:
        raise KMSInternalError("a stored key policy is not what it was")
    return str(text)
