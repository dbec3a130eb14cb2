"""Texts that were read before, found by their digest, so that none is read twice.

What reading gave does not depend on the name that a policy has and the file that it stands in; both are put
to it when the text is met again. A text is known by its SHA-256 and the kind of policy that it was read as:
one that differs in a byte is another text. What is refused is not kept.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from policy_engine.model.packed import PackedStatement, PackedStatements, pack_all
from policy_engine.model.policy import Policy, PolicyKind, Version
from policy_engine.span import Source, Span, packed_text
from policy_engine.syntax.json_limits import MAX_POLICY_BYTES, decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_engine.errors import Diagnostic

_MOST_BYTES = 128 * 1024 * 1024
# What an entry costs at most, about: its own objects, the packed text, packed statements that nobody shares.
_BYTES_OF_ENTRY = 1_000
_BYTES_OF_STATEMENT = 500
ANYWHERE = Source("<any file>", "")


def digest_of(text: str | bytes) -> bytes:
    """The SHA-256 of a text. What UTF-8 has no bytes for is refused, so how it is hashed does not matter."""
    return sha256(text if isinstance(text, bytes) else text.encode(errors="surrogatepass")).digest()


@dataclass(slots=True, eq=False)
class KnownText:
    """What reading a text gave.

    Attributes:
        kind: what the policy is attached to.
        version: of the policy language.
        id: the policy's Id.
        digest: of the policy, without what stands around it.
        start: where the policy begins in the text.
        end: where it ends.
        statements: packed.
        starts: where each begins.
        diagnostics: the milder things that reading found.
        text: the text, packed; None until it is met, where it was loaded from a file.
    """

    kind: PolicyKind
    version: Version
    id: str | None
    digest: str
    start: int
    end: int
    statements: tuple[PackedStatement, ...]
    starts: Sequence[int]
    diagnostics: tuple[Diagnostic, ...] = ()
    text: bytes | None = None
    _last: Policy | None = field(default=None, init=False)

    @property
    def cost(self) -> int:
        """About how many bytes of memory it takes, at most."""
        return _BYTES_OF_ENTRY + (self.end - self.start) + _BYTES_OF_STATEMENT * len(self.statements)

    def policy(self, name: str, file: str, text: str | bytes) -> Policy:
        """The policy of this name in a file. Equal ones that are asked for in a row are one object."""
        last = self._last
        if last is not None and last.name == name and last.span.source.name == file:
            return last
        if self.text is None:
            self.text = packed_text(decode(text, file, MAX_POLICY_BYTES))
        source = Source(file, self.text)
        self._last = policy = Policy(
            self.kind,
            name,
            self.version,
            self.id,
            PackedStatements(self.statements, self.starts, source),
            self.digest,
            Span(source, self.start, self.end),
            tuple([_moved(diagnostic, source) for diagnostic in self.diagnostics]),
        )
        return policy


def known_text(policy: Policy) -> KnownText:
    """What reading gave, from the policy that it gave."""
    statements = pack_all(policy)
    return KnownText(
        policy.kind,
        policy.version,
        policy.id,
        policy.digest,
        policy.span.start,
        policy.span.end,
        statements.packed,
        statements.starts,
        tuple(_moved(diagnostic, ANYWHERE) for diagnostic in policy.diagnostics),
    )


def _moved(diagnostic: Diagnostic, source: Source) -> Diagnostic:
    """A diagnostic of another file that holds the same text."""
    related = tuple((_span(span, source), words) for span, words in diagnostic.related)
    span = _span(diagnostic.span, source) if diagnostic.span else None
    return replace(diagnostic, span=span, related=related)


def _span(span: Span, source: Source) -> Span:
    return Span(source, span.start, span.end)


class KnownTexts:
    """A table of known texts that takes a bounded amount of memory: the oldest go first."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._texts: dict[tuple[bytes, PolicyKind], KnownText] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._texts)

    def find(self, text: str | bytes, kind: PolicyKind) -> KnownText | None:
        """What reading a text as this kind of policy gave, or None."""
        return self._texts.get((digest_of(text), kind))

    def add(self, digest: bytes, known: KnownText) -> None:
        """Keep what reading the text of a digest gave; what was kept of it before gives way."""
        with self._lock:
            self._drop((digest, known.kind))
            self._texts[digest, known.kind] = known
            self._bytes += known.cost
            while self._bytes > self._most_bytes:
                self._drop(next(iter(self._texts)))

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._texts.clear()
            self._bytes = 0

    def _drop(self, key: tuple[bytes, PolicyKind]) -> None:
        known = self._texts.pop(key, None)
        if known is not None:
            self._bytes -= known.cost


KNOWN_TEXTS = KnownTexts()
"""The texts that this process has read."""
