"""An encryption context whose pairs and whose list of names agree.

A search chooses the pairs and kms:EncryptionContextKeys apart, but the engine derives the list from the pairs
(rule 104), with the names as they are spelt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.analysis.samples import FILLER
from policy_engine.case import ascii_lower
from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT
from policy_engine.conditions.encryption_context import ENCRYPTION_CONTEXT_NAMES
from policy_engine.conditions.test import ContextTest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy_engine.graph.tests import Test
    from policy_engine.model.request import RequestContext

Spelling = dict[str, str]
"""Canonical keys of pairs, and how they are spelt."""


def spelling_of(tests: Iterable[Test]) -> Spelling:
    """How policies spell the names of pairs: as kms:EncryptionContextKeys lists them, else as keys."""
    conditions = [test.condition for test in tests if isinstance(test, ContextTest)]
    listed = [v.text for c in conditions if c.key == ENCRYPTION_CONTEXT_NAMES for v in c.values]
    as_keys = {c.key: c.spelling for c in conditions if c.key.startswith(ENCRYPTION_CONTEXT)}
    tails = {key: spelling[len(ENCRYPTION_CONTEXT) :] for key, spelling in as_keys.items()}
    return _spelling([*tails.values(), *listed])


def spelt(context: RequestContext, spelling: Spelling) -> dict[str, str | tuple[str, ...]]:
    """The context with its pairs spelt as the names that it lists, and a pair for each listed name."""
    if not any(key.startswith(ENCRYPTION_CONTEXT) for key in context):
        return dict(context)  # the list alone says as much
    listed = context.get(ENCRYPTION_CONTEXT_NAMES, ())
    own = _spelling((listed,) if isinstance(listed, str) else listed)
    missing = {name: FILLER for key, name in own.items() if key not in context}
    names = {**spelling, **own}
    return {**{names.get(key, key): value for key, value in context.items()}, **missing}


def _spelling(names: Iterable[str]) -> Spelling:
    return {ENCRYPTION_CONTEXT + ascii_lower(name): ENCRYPTION_CONTEXT + name for name in names if name}
