"""TESTS → CANDIDATE VALUES: what to try for each condition key that a decision graph asks about.

For each key: absent, each literal, a text for each way to fit the patterns, and one that fits nothing. Values
that all tests of the graph answer alike are one candidate. A key that the action never carries is absent, as
the catalogue says (rule 91): an encryption context cannot come with kms:PutKeyPolicy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.analysis.neighbours import neighbours
from policy_engine.analysis.samples import samples
from policy_engine.case import ascii_lower
from policy_engine.catalog.actions import ACTIONS, find_action
from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT, find_key, is_multivalued
from policy_engine.conditions.encryption_context import EncryptionContextTest, GrantTokenTest
from policy_engine.conditions.endpoint import ComesThroughTest
from policy_engine.conditions.test import ContextTest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from policy_engine.graph.tests import Test
    from policy_engine.model.condition import Condition

Value = str | tuple[str, ...] | None
"""A value in canonical form; None is absent."""
Domains = dict[str, tuple[Value, ...]]

# Values that a person recognises, tried before made-up ones.
_PLAUSIBLE = {
    "kms:ViaService": ("s3.us-east-1.amazonaws.com", "ec2.us-east-1.amazonaws.com"),
    "aws:PrincipalOrgID": ("o-a1b2c3d4e5",),
    "aws:SourceVpce": ("vpce-0123456789abcdef0",),
}
_BOOLEANS = ("true", "false")
_OTHER_ARNS = ("arn:aws:s3:::example-bucket", "arn:aws:sns:us-east-1:111122223333:example")
_OTHERS = ("example", "another example")
# What a key is, as every operation on it carries, though the reference lists these apart from the operations.
_OF_THE_KEY = frozenset(
    {
        "kms:CustomerMasterKeySpec",
        "kms:CustomerMasterKeyUsage",
        "kms:KeyOrigin",
        "kms:KeySpec",
        "kms:KeyUsage",
        "kms:MultiRegion",
        "kms:MultiRegionKeyType",
        "kms:ResourceAliases",
    }
)
_CARRIED_SOMEWHERE = frozenset(key for action in ACTIONS.values() for key in action.condition_keys)


def keys_read(test: Test) -> tuple[str, ...]:
    """The context keys that decide a test."""
    if isinstance(test, EncryptionContextTest):
        return tuple(ENCRYPTION_CONTEXT + ascii_lower(name) for name in test.pairs)
    return () if isinstance(test, GrantTokenTest) else test.keys


def domains(
    tests: Iterable[Test],
    action: str,
    fixed: Mapping[str, tuple[Value, ...]],
    required: Sequence[Condition] = (),
) -> Domains:
    """The candidates of every key that the tests read.

    Args:
        tests: all tests of a graph.
        action: the action that is asked for, in any case.
        fixed: the candidates of keys whose values a searcher may not choose.
        required: conditions that must hold: a value that fails one is no candidate.
    """
    asking: dict[str, list[Test]] = {}
    for test in tests:
        for key in keys_read(test):
            asking.setdefault(key, []).append(test)
    wanted = [ContextTest(condition) for condition in required]
    return {
        key: tuple(v for v in _domain(key, found, action, fixed) if _meets(key, v, wanted))
        for key, found in asking.items()
    }


def _meets(key: str, value: Value, wanted: list[ContextTest]) -> bool:
    context = {} if value is None else {key: value}
    return all(test.holds(context) for test in wanted if test.key == key)


def _domain(
    key: str, tests: list[Test], action: str, fixed: Mapping[str, tuple[Value, ...]]
) -> tuple[Value, ...]:
    if key in fixed:
        return fixed[key]
    if not carried(action, key):
        return (None,)
    texts = _BOOLEANS if _is_boolean(key) else (*_PLAUSIBLE.get(key, ()), *_asked(key, tests), *_others(key))
    values: list[Value] = [(text,) if is_multivalued(key) else text for text in texts]
    if is_multivalued(key):
        values.append(tuple(dict.fromkeys(texts)))
    named = {None, *(text for test in tests for text in _named(test, key))}
    distinct: dict[tuple[object, ...], Value] = {}
    for value in (None, *values):
        answers = tuple(_answer(test, key, value, named) for test in tests)
        distinct.setdefault(answers, value)
    return tuple(distinct.values())


def _answer(test: Test, key: str, value: Value, named: set[str | None]) -> object:
    """What a test makes of a value; of one that reads other keys as well, whether it knows the value."""
    if keys_read(test) != (key,):
        return value if value in named else "another value"
    return test.holds({} if value is None else {key: value})


def _asked(key: str, tests: list[Test]) -> list[str]:
    """The texts that the tests name, or that fit what they name."""
    conditions = [test.condition for test in tests if isinstance(test, ContextTest)]
    patterns = [value.pattern for condition in conditions for value in condition.values]
    near = [text for condition in conditions for text in neighbours(condition)]
    named = [text for test in tests for text in _named(test, key)]
    literals = [p.text for p in patterns]  # where wildcards mean nothing, `*` is itself
    return [*named, *near, *samples(patterns), *literals]


def _named(test: Test, key: str) -> list[str]:
    """The values of a key that a test names which is no condition's."""
    if isinstance(test, EncryptionContextTest):
        return [v for name, v in test.pairs.items() if ENCRYPTION_CONTEXT + ascii_lower(name) == key]
    return [test.endpoint] if isinstance(test, ComesThroughTest) and test.endpoint else []


def _is_boolean(key: str) -> bool:
    entry = find_key(key)
    return entry is not None and entry.type == "Bool"


def _others(key: str) -> tuple[str, ...]:
    """Values that no test may know."""
    entry = find_key(key)
    return _OTHER_ARNS if entry is not None and entry.type == "ARN" else _OTHERS


def carried(action: str, key: str) -> bool:
    """Whether a call of an action can carry a condition key; True for what the catalogue does not know."""
    known = find_action(action)
    entry = find_key(key)
    if known is None or entry is None or entry.name in _OF_THE_KEY:
        return True
    return entry.name not in _CARRIED_SOMEWHERE or entry.name in known.condition_keys
