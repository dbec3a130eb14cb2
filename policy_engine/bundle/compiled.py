"""A file that holds what reading gave for a set of policies, so that the next process need not read them.

The file is a line of JSON that says what it is, and a JSON document; no code, unlike a pickle. An entry is
used only for a text whose SHA-256 it bears, read as the same kind of policy. A file that is damaged, of
another format or under another key is left alone as a whole: the texts are read anew then.

Who can write the file can say what a policy means, as who can write the policy can. Where the two are not
kept alike, give a key: then only who has it can make a file that is taken.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from policy_engine.bundle.compiled_form import CompiledForm, HeadForm
from policy_engine.bundle.compiled_texts import form_of, texts_of
from policy_engine.reading.known import KNOWN_TEXTS, digest_of
from policy_engine.reading.policies import known_text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy_engine.model.policy import PolicyKind
    from policy_engine.reading.known import KnownText

FORMAT = "kmsgate/compiled/1"
"""The number goes up with every change of what reading gives for a text, or of how it is packed."""
_HEAD = TypeAdapter(HeadForm)
_DOCUMENT = TypeAdapter(CompiledForm)


def save_compiled(
    path: str | Path, texts: Iterable[tuple[str | bytes, PolicyKind]], *, key: bytes = b""
) -> None:
    """Write what reading these texts gives, each as a kind of policy; those not known yet are read.

    The file is replaced as a whole, and only its owner may read it.

    Args:
        path: the file.
        texts: policies.
        key: at most 64 secret bytes that `load_compiled` must have too.

    Raises:
        PolicySyntaxError: a text is not strict JSON.
        PolicySchemaError: it is no policy of its kind.
        OSError: the file cannot be written.
    """
    known = ((digest_of(text), known_text_of(text, kind)) for text, kind in texts)
    body = _DOCUMENT.dump_json(form_of(known))
    head = _HEAD.dump_json(HeadForm(FORMAT, _digest(body, key)))
    _replace(Path(path), head + b"\n" + body)


def load_compiled(path: str | Path, *, key: bytes = b"") -> int:
    """Know the texts of a file that `save_compiled` wrote with this key; any other file changes nothing.

    Returns:
        How many texts are known from it.
    """
    try:
        known = _loaded(Path(path).read_bytes(), key)
    except (OSError, ValueError, IndexError):  # pydantic's error is a ValueError
        return 0
    for digest, text in known:
        KNOWN_TEXTS.add(digest, text)
    return len(known)


def _loaded(data: bytes, key: bytes) -> list[tuple[bytes, KnownText]]:
    head, _, body = data.partition(b"\n")
    said = _HEAD.validate_json(head, strict=True)
    if said.format != FORMAT or not hmac.compare_digest(said.digest.encode(), _digest(body, key).encode()):
        raise ValueError("not a file of this format and key")
    return texts_of(_DOCUMENT.validate_json(body, strict=True))


def _digest(body: bytes, key: bytes) -> str:
    return hashlib.blake2b(body, digest_size=32, key=key).hexdigest()


def _replace(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise
