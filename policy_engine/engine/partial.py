"""A context that is known in part: what is known, and which keys are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.catalog.condition_keys import CONDITION_KEYS, ENCRYPTION_CONTEXT, canonical_key
from policy_engine.conditions.encryption_context import ENCRYPTION_CONTEXT_NAMES, SPELT_PAIRS
from policy_engine.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy_engine.graph.tests import Test
    from policy_engine.model.request import RequestContext


_FAMILY = ":/"
_DERIVED = frozenset({ENCRYPTION_CONTEXT_NAMES, SPELT_PAIRS})


@dataclass(frozen=True, slots=True)
class PartialContext:
    """A context of which some keys are not known.

    Attributes:
        known: what is known; a key that is in neither is known to be absent.
        unknown: canonical keys; one that ends in `:` or `/` stands for all keys that begin with it.
    """

    known: RequestContext
    unknown: frozenset[str]

    def answer(self, test: Test) -> bool | None:
        """A test's answer; None where it depends on what is not known."""
        if test.is_opaque or any(self.is_unknown(key) for key in test.keys):
            return None
        return test.holds(self.known)

    def is_unknown(self, key: str) -> bool:
        """Whether the value of a key, or of some key of a family, is not known.

        What the context gives is known, but for a pair of the encryption context where all pairs of a family
        are declared unknown: another spelling of its name may be among them, with another value (rule 101).
        """
        given = key in self.known
        if any(name[-1] in _FAMILY and key.startswith(name) for name in self.unknown):
            return not given or key.startswith(ENCRYPTION_CONTEXT)
        if given or key in self.unknown:
            return not given
        return key[-1] in _FAMILY and any(name.startswith(key) for name in self.unknown)


def partial_context(known: RequestContext, unknown: Iterable[str]) -> PartialContext:
    """A context of which some keys, in any spelling, are not known.

    What is derived from the pairs of the encryption context is not known either where one of these is not.

    Raises:
        RequestError: a key has no name.
    """
    keys = {_canonical(key) for key in unknown}
    if "" in keys:
        raise RequestError("a condition key has no name", help="write a key such as kms:ViaService")
    if not any(map(_may_be_pair, keys)):
        return PartialContext(known, frozenset(keys))
    kept = {key: value for key, value in known.items() if key not in _DERIVED}
    return PartialContext(kept, frozenset(keys | _DERIVED))


def _may_be_pair(key: str) -> bool:
    """Whether a key is a pair of the encryption context, or a family that has some."""
    return key.startswith(ENCRYPTION_CONTEXT) or (key[-1] in _FAMILY and ENCRYPTION_CONTEXT.startswith(key))


def _canonical(key: str) -> str:
    entry = CONDITION_KEYS.get(ascii_lower(key))
    return entry.name if entry is not None else canonical_key(key)
