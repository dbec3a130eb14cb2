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
"""Where the grant tokens of a request stand in its context. No policy can name it: see reading/conditions."""
ENCRYPTION_CONTEXT_NAMES = "kms:EncryptionContextKeys"


class EncryptionContextTest:
    """Whether the request's encryption context holds the pairs of a constraint.

    Attributes:
        pairs: what the constraint lists, as spelt.
        exact: whether the request may hold nothing else (EncryptionContextEquals).
    """

    __slots__ = ("__weakref__", "_wanted", "exact", "ignore_case", "pairs")
    key = ENCRYPTION_CONTEXT
    when_absent = False

    def __init__(self, pairs: Mapping[str, str], *, exact: bool, ignore_case: bool) -> None:
        self.pairs = dict(pairs)
        self.exact = exact
        self.ignore_case = ignore_case
        self._wanted = {ENCRYPTION_CONTEXT + ascii_lower(name): value for name, value in pairs.items()}

    def __repr__(self) -> str:
        name = "EncryptionContextEquals" if self.exact else "EncryptionContextSubset"
        return f"<{name} {self.pairs}>"

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two tests the same test."""
        return ("grant constraint", self.exact, self.ignore_case, tuple(sorted(self.pairs.items())))

    def holds(self, context: RequestContext) -> bool:
        """Whether the context passes."""
        for key, wanted in self._wanted.items():
            given = context.get(key)
            if given != wanted and (isinstance(given, str) or given is None or wanted not in given):
                return False
        if not self.ignore_case and not self._names_match(context):
            return False
        return not self.exact or self._counts_match(context)

    def _names_match(self, context: RequestContext) -> bool:
        names = context.get(ENCRYPTION_CONTEXT_NAMES)
        return names is not None and all(name in names for name in self.pairs)

    def _counts_match(self, context: RequestContext) -> bool:
        """No pair besides the wanted ones: names that differ only in case are pairs of their own."""
        given = sum(
            1 if isinstance(value, str) else len(value)
            for key, value in context.items()
            if key.startswith(ENCRYPTION_CONTEXT)
        )
        return given == len(self.pairs)


class GrantTokenTest:
    """Whether the request presents the token of a grant that is not visible everywhere yet."""

    __slots__ = ("__weakref__", "tokens")
    key = GRANT_TOKENS
    when_absent = False

    def __init__(self, *tokens: str) -> None:
        self.tokens = tokens

    def __repr__(self) -> str:
        return "<grant token>"

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two tests the same test."""
        return ("grant token", *self.tokens)

    def holds(self, context: RequestContext) -> bool:
        """Whether the context passes."""
        presented = context.get(GRANT_TOKENS, ())
        return any(token in presented for token in self.tokens)
