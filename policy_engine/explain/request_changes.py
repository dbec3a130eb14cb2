"""CHECK → CHANGES OF THE REQUEST that could make it come out otherwise. Candidates only: `fixes` tries each.

A change is something that a caller could do: send another encryption context, call through a service, leave a
value out, present a grant token. No value is invented: what is sent stands in the policy or the grant.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT, canonical_key
from policy_engine.conditions.boolean import parse_boolean
from policy_engine.conditions.encryption_context import EncryptionContextTest, GrantTokenTest
from policy_engine.conditions.test import ContextTest
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policy_engine.explain.explanation import Check
    from policy_engine.model.condition import Condition
    from policy_engine.model.request import Request

_MOST_VALUES = 3
_PREFIX = len(ENCRYPTION_CONTEXT)
_AUTHENTICATED = frozenset({"kms:decrypt", "kms:reencryptfrom"})
_WORDS = {
    "kms:ViaService": "call through {value} (kms:ViaService)",
    "aws:MultiFactorAuthPresent": "call with aws:MultiFactorAuthPresent = {value}",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change: keys to set, keys to leave out, tokens to present, in this order of telling."""

    send: tuple[tuple[str, str], ...] = ()
    leave_out: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()

    def joined(self, other: Change) -> Change:
        """Both changes."""
        return Change(
            tuple(dict.fromkeys((*self.send, *other.send))),
            tuple(dict.fromkeys((*self.leave_out, *other.leave_out))),
            tuple(dict.fromkeys((*self.tokens, *other.tokens))),
        )

    def apply(self, request: Request) -> Request:
        """The request with the change made."""
        gone = {canonical_key(key) for key in (*self.leave_out, *(key for key, _ in self.send))}
        context = {key: value for key, value in request.context.items() if canonical_key(key) not in gone}
        return replace(
            request,
            context={**context, **dict(self.send)},
            grant_tokens=tuple(dict.fromkeys((*request.grant_tokens, *self.tokens))),
        )

    def words(self) -> str:
        """What to do, for a person."""
        said = [_sent(key, value) for key, value in self.send]
        said += [_left_out(key) for key in self.leave_out]
        said += [f"present the grant token {printable(token)}" for token in self.tokens]
        return " and ".join(said)

    def note(self, request: Request) -> str | None:
        """What the change costs besides: data that was encrypted under another context stays closed."""
        pairs = any(_is_pair(key) for key in (*(key for key, _ in self.send), *self.leave_out))
        if not pairs or ascii_lower(request.action) not in _AUTHENTICATED:
            return None
        return "it must equal the encryption context used at Encrypt, or decryption fails all the same"


def _is_pair(key: str) -> bool:
    return canonical_key(key).startswith(ENCRYPTION_CONTEXT)


def _sent(key: str, value: str) -> str:
    if _is_pair(key):
        return f"send --encryption-context {printable(key[_PREFIX:])}={printable(value)}"
    words = _WORDS.get(canonical_key(key), "call with {key} = {value}")
    return words.format(key=printable(key), value=printable(value))


def _left_out(key: str) -> str:
    if _is_pair(key):
        return f"leave the pair `{printable(key[_PREFIX:])}` out of the encryption context"
    return f"call without {printable(key)}"


def to_hold(check: Check, request: Request) -> tuple[Change, ...]:
    """Changes that could make a condition or token hold."""
    test = check.test
    if isinstance(test, EncryptionContextTest):
        return (_send_pairs(test, request),)
    if isinstance(test, GrantTokenTest):
        return tuple(Change(tokens=(token,)) for token in test.tokens[:1])
    if not isinstance(test, ContextTest):
        return ()
    condition = test.condition
    if condition.operator.name == "Null":
        return _without(condition) if _wants_absent(condition) else ()
    if _is_negated(condition):
        return _without(condition)
    return _with_values(condition)


def to_fail(check: Check) -> tuple[Change, ...]:
    """Changes that could make a condition of a Deny fail."""
    test = check.test
    if not isinstance(test, ContextTest):
        return ()
    condition = test.condition
    if condition.operator.name == "Null":
        return () if _wants_absent(condition) else _without(condition)
    if condition.operator.name == "Bool":
        other = {True: "false", False: "true"}
        values = (other[v] for v in map(parse_boolean, check.wanted) if v is not None)
        return (*(Change(send=((condition.spelling, value),)) for value in values), *_without(condition))
    return _with_values(condition) if _is_negated(condition) else _without(condition)


def _wants_absent(condition: Condition) -> bool:
    return any(parse_boolean(value.text) for value in condition.values)


def _is_negated(condition: Condition) -> bool:
    return "Not" in condition.operator.name


def _without(condition: Condition) -> tuple[Change, ...]:
    return (Change(leave_out=(condition.spelling,)),)


def _with_values(condition: Condition) -> tuple[Change, ...]:
    """The values that the policy lists; one with wildcards names no single value."""
    literals: Iterable[str | None] = (value.pattern.literal for value in condition.values)
    wanted = dict.fromkeys(literal for literal in literals if literal is not None)
    return tuple(Change(send=((condition.spelling, value),)) for value in list(wanted)[:_MOST_VALUES])


def _send_pairs(test: EncryptionContextTest, request: Request) -> Change:
    """The pairs of a grant's constraint; where it takes no others, the others are left out."""
    given: Mapping[str, str] = {canonical_key(key): key for key in request.context if _is_pair(key)}
    wanted = {canonical_key(ENCRYPTION_CONTEXT + name) for name in test.pairs}
    missing = tuple(
        (ENCRYPTION_CONTEXT + name, value)
        for name, value in test.pairs.items()
        if request.context.get(given.get(canonical_key(ENCRYPTION_CONTEXT + name), "")) != value
    )
    extra = tuple(spelt for key, spelt in given.items() if key not in wanted) if test.exact else ()
    return Change(send=missing, leave_out=extra)
