"""A request's context in canonical form: catalogue spelling, text values, nothing empty.

Encryption-context names are lower-cased after `kms:EncryptionContext:`, since condition keys ignore case.
Names that differ only in case become one key with the values of all (rule 101). The names as they are spelt
are kept in kms:EncryptionContextKeys, where case matters (rule 104).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT, canonical_key, is_multivalued
from policy_engine.conditions.encryption_context import (
    DERIVED_KEYS,
    ENCRYPTION_CONTEXT_NAMES,
    GRANT_TOKENS,
    INTERNAL_KEYS,
    SPELT_PAIRS,
    spelt_pair,
)
from policy_engine.errors import RequestError
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policy_engine.model.request import ContextInput, RequestContext

CanonicalValue = str | tuple[str, ...]


_MOST_SPELLINGS = 4_096


@dataclass(frozen=True, slots=True)
class _Spelling:
    """What follows from the keys of a context as they are spelt, whatever the values.

    Attributes:
        keys: the canonical keys, in order.
        is_canonical: whether all are spelt canonically.
        many: those that carry many values.
        pairs: for each pair of the encryption context the beginning of what `spelt_pair` makes of it, and its
            canonical key.
        names: the names of the pairs.
    """

    keys: tuple[str, ...]
    is_canonical: bool
    many: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    names: tuple[str, ...]


_SPELLINGS: dict[tuple[str, ...], _Spelling | None] = {}
"""By the keys of contexts that came by: callers spell theirs alike each time. None: some are one key."""
_OWN: dict[tuple[str, ...], dict[str, str]] = {}
"""The same for contexts of single values: how each canonical key is spelt."""


def canonical_context(context: ContextInput) -> RequestContext:
    """The canonical form of a context, always a new mapping.

    Raises:
        RequestError: a key is empty or given twice, or a value is neither text, boolean, number
            nor a list of these.
    """
    keys = tuple(context)
    spelling = _SPELLINGS[keys] if keys in _SPELLINGS else _spelling(keys)
    if spelling is None:
        return _of_any(context)
    try:
        "".join(context.values())  # type: ignore[arg-type] # the quickest way to see whether all are texts
    except TypeError:
        if not _is_plain(context, spelling):
            return _of_any(context)
    return _of_plain(context, spelling)


def own_spelling(context: ContextInput) -> Mapping[str, str]:
    """How a context spells each canonical key; it maps to a context of single texts.

    Raises:
        KeyError: the keys were not seen before, or do not stay apart, or carry many values.
        TypeError: a value is no text.
    """
    "".join(context.values())  # type: ignore[arg-type] # the quickest way to see whether all are texts
    return _OWN[tuple(context)]


def _is_plain(context: ContextInput, spelling: _Spelling) -> bool:
    """Whether all values are texts, or for a key that carries many a tuple of texts."""
    for key, value in zip(spelling.keys, context.values(), strict=True):
        if type(value) is str:
            continue
        if type(value) is not tuple or not value or key not in spelling.many:
            return False
        if not all(type(text) is str for text in value):
            return False
    return True


def _of_plain(context: ContextInput, spelling: _Spelling) -> RequestContext:
    """The canonical form of a context whose values are plain and whose keys stay apart."""
    canonical: dict[str, Any] = (
        dict(context) if spelling.is_canonical else dict(zip(spelling.keys, context.values(), strict=True))
    )
    for key in spelling.many:
        value = canonical[key]
        canonical[key] = value if type(value) is tuple else (value,)
    if spelling.pairs:
        canonical[SPELT_PAIRS] = tuple([begin + canonical[key] for begin, key in spelling.pairs])
        canonical[ENCRYPTION_CONTEXT_NAMES] = spelling.names
    return canonical


def _spelling(keys: tuple[str, ...]) -> _Spelling | None:
    if len(_SPELLINGS) >= _MOST_SPELLINGS:
        _SPELLINGS.clear()
        _OWN.clear()
    canonical = tuple(canonical_key(key) for key in keys)
    spelling = None
    if "" not in keys and len(set(canonical)) == len(keys):
        own = dict(zip(canonical, keys, strict=True))
        pairs = sorted(
            (k[len(ENCRYPTION_CONTEXT) :], c) for c, k in own.items() if c.startswith(ENCRYPTION_CONTEXT)
        )
        spelling = _Spelling(
            keys=canonical,
            is_canonical=canonical == keys,
            many=tuple(key for key in canonical if is_multivalued(key)),
            pairs=tuple((spelt_pair(name, ""), key) for name, key in pairs),
            names=tuple(name for name, _ in pairs),
        )
        if not spelling.many:
            _OWN[keys] = own
    _SPELLINGS[keys] = spelling
    return spelling


def _of_any(context: ContextInput) -> RequestContext:
    """The canonical form of any context, key by key."""
    canonical: dict[str, CanonicalValue] = {}
    pairs: list[tuple[str, str]] = []
    for key, value in context.items():
        if not key:
            raise RequestError("a condition key has no name", help="write a key such as kms:ViaService")
        name = canonical_key(key)
        texts = _texts(key, value)
        if name.startswith(ENCRYPTION_CONTEXT):
            pairs += [(key[len(ENCRYPTION_CONTEXT) :], text) for text in texts]
            continue
        if name in canonical:
            raise RequestError(
                f"the condition key `{printable(name)}` is given twice", help="give it once, in one spelling"
            )
        if texts:
            canonical[name] = texts if len(texts) > 1 or is_multivalued(name) else texts[0]
    # INVARIANT: what follows from the pairs wins over what the context claims
    return {**canonical, **_of_pairs(sorted(pairs))} if pairs else canonical


def _of_pairs(pairs: list[tuple[str, str]]) -> dict[str, CanonicalValue]:
    """The keys of an encryption context; sorted pairs, so that their order in the request does not matter."""
    values: dict[str, tuple[str, ...]] = {}
    for name, text in pairs:
        key = canonical_key(ENCRYPTION_CONTEXT + name)
        values[key] = (*values.get(key, ()), text)
    return {
        **{key: texts if len(texts) > 1 else texts[0] for key, texts in values.items()},
        ENCRYPTION_CONTEXT_NAMES: tuple(dict.fromkeys(name for name, _ in pairs)),
        SPELT_PAIRS: tuple(spelt_pair(name, text) for name, text in pairs),
    }


def check_canonical(context: RequestContext) -> None:
    """Refuse a context that `decide` would misread.

    Raises:
        RequestError: a key or a value is not in canonical form.
    """
    for key, value in context.items():
        if canonical_key(key) != key and key not in INTERNAL_KEYS:
            raise RequestError(
                f"the condition key `{printable(key)}` is not canonical",
                help=f"write `{canonical_key(key)}`, or pass the context through PolicyEngine.context",
            )
        if not _is_canonical(key, value):
            raise RequestError(
                f"the value of `{printable(key)}` is not canonical",
                help="write a string, for many values a tuple of them, or use PolicyEngine.context",
            )


def _is_canonical(key: str, value: object) -> bool:
    """Whether a value is a text, or a tuple of texts: of two at least, unless the key always carries many."""
    if isinstance(value, str):
        return not is_multivalued(key)
    if not isinstance(value, tuple) or not all(isinstance(text, str) for text in value):
        return False
    return len(value) >= (1 if is_multivalued(key) or key in DERIVED_KEYS else 2)


def with_tokens(context: RequestContext, tokens: Iterable[str]) -> RequestContext:
    """The context with the grant tokens of a request."""
    presented = tuple(tokens)
    return {**context, GRANT_TOKENS: presented} if presented else context


def _texts(key: str, value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)):
        return tuple(_text(key, item) for item in value)
    return (_text(key, value),)


def _text(key: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    raise RequestError(
        f"the value of `{printable(key)}` is of type {type(value).__name__}",
        help="a value is a string, boolean, number, or a list of these",
    )
