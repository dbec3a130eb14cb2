"""The tests of a grant's constraint on the encryption context, and of a grant that only a token makes usable.

https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html says that the names of pairs are
not case sensitive in a constraint and their values are; the Developer Guide says that the match is exact. The
option `grant_context_names_ignore_case` chooses (rule 43).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.model.request import RequestContext

GRANT_TOKENS = "kmsgate:GrantTokens"
"""Where the grant tokens of a request stand in its canonical context."""
SPELT_PAIRS = "kmsgate:EncryptionContextPairs"
"""Where the pairs of the encryption context stand as they are spelt, each as `spelt_pair` makes it."""
INTERNAL_KEYS = frozenset({GRANT_TOKENS, SPELT_PAIRS})
"""Keys of a canonical context that are no condition keys: they have capitals, which no other name keeps."""
ENCRYPTION_CONTEXT_NAMES = "kms:EncryptionContextKeys"
DERIVED_KEYS = frozenset({ENCRYPTION_CONTEXT_NAMES, GRANT_TOKENS, SPELT_PAIRS})
"""Keys whose values follow from other keys, or from the request."""


def spelt_pair(name: str, value: str) -> str:
    """A pair of the encryption context as one text, whatever characters it has; it begins as `name` says."""
    return f"{len(name)}:{name}{value}"


class EncryptionContextTest:
    """Whether the request's encryption context holds the pairs of a constraint.

    Attributes:
        pairs: what the constraint lists, as spelt.
        exact: whether the request may hold nothing else (EncryptionContextEquals).
        ignore_case: whether the names of pairs are compared without regard to case.
    """

    __slots__ = ("__weakref__", "_wanted", "exact", "ignore_case", "pairs")
    key = ENCRYPTION_CONTEXT
    is_opaque = False

    def __init__(self, pairs: Mapping[str, str], *, exact: bool, ignore_case: bool) -> None:
        self.pairs = dict(pairs)
        self.exact = exact
        self.ignore_case = ignore_case
        self._wanted = sorted((ENCRYPTION_CONTEXT + ascii_lower(n), v) for n, v in pairs.items())

    def __repr__(self) -> str:
        name = "EncryptionContextEquals" if self.exact else "EncryptionContextSubset"
        return f"<{name} {self.pairs}>"

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of its pairs; where nothing else may be there, every key of the encryption context."""
        if self.exact or not self.ignore_case:
            return (ENCRYPTION_CONTEXT,)
        return tuple(sorted({key for key, _ in self._wanted}))

    @property
    def folded_pairs(self) -> tuple[tuple[str, str], ...] | None:
        """The keys and values that it asks for, where it asks for nothing else."""
        return tuple(self._wanted) if self.ignore_case and not self.exact else None

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two tests the same test."""
        return (EncryptionContextTest, self.exact, self.ignore_case, *sorted(self.pairs.items()))

    def holds(self, context: RequestContext) -> bool:
        """Whether the context passes."""
        if not self.ignore_case:
            return self._spelt_holds(context)
        if self.exact:
            return _pairs(context) == self._wanted
        return all(wanted in _values(context, key) for key, wanted in self._wanted)

    def _spelt_holds(self, context: RequestContext) -> bool:
        given = sorted(_values(context, SPELT_PAIRS))
        wanted = sorted(spelt_pair(name, value) for name, value in self.pairs.items())
        return given == wanted if self.exact else set(wanted) <= set(given)


def _values(context: RequestContext, key: str) -> tuple[str, ...]:
    value = context.get(key, ())
    return (value,) if isinstance(value, str) else value


def _pairs(context: RequestContext) -> list[tuple[str, str]]:
    """All pairs, sorted: one that is there in two spellings is two pairs."""
    keys = (key for key in context if key.startswith(ENCRYPTION_CONTEXT))
    return sorted((key, value) for key in keys for value in _values(context, key))


class GrantTokenTest:
    """Whether the request presents the token of a grant that is not visible everywhere yet."""

    __slots__ = ("__weakref__", "tokens")
    key = GRANT_TOKENS
    keys = (GRANT_TOKENS,)
    is_opaque = False

    def __init__(self, *tokens: str) -> None:
        self.tokens = tokens

    def __repr__(self) -> str:
        return "<grant token>"

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two tests the same test."""
        return (GrantTokenTest, *self.tokens)

    def holds(self, context: RequestContext) -> bool:
        """Whether the context passes."""
        presented = _values(context, GRANT_TOKENS)
        return any(token in presented for token in self.tokens)
