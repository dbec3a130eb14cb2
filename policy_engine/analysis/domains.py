"""TESTS → CANDIDATE VALUES: what to try for each condition key that a decision graph asks about.

For each key: absent, each literal, a text for each way to fit the patterns, a value for each stretch of what
is ordered, sets where a key carries many, and one that fits nothing. Values that all tests answer alike are
one candidate. A key that the action never carries is absent, as the catalogue says (rule 91): an encryption
context cannot come with kms:PutKeyPolicy. Where the candidates may miss a way to answer, the domain is not
complete, and a search that finds nothing has then proved nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.analysis.linked import linked_keys, linked_texts, links_are_plain
from policy_engine.analysis.neighbours import line_of, neighbours
from policy_engine.analysis.samples import joint_samples, samples
from policy_engine.analysis.sets import sets_of
from policy_engine.analysis.shapes import ANY_ARN, Shape, of_arn, of_pattern, of_text
from policy_engine.case import ascii_lower
from policy_engine.catalog.actions import ACTIONS, find_action
from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT, find_key, is_multivalued
from policy_engine.conditions.encryption_context import (
    ENCRYPTION_CONTEXT_NAMES,
    EncryptionContextTest,
    GrantTokenTest,
)
from policy_engine.conditions.endpoint import ComesThroughTest
from policy_engine.conditions.test import ContextTest
from policy_engine.conditions.text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policy_engine.graph.tests import Test
    from policy_engine.model.condition import Condition

Value = str | tuple[str, ...] | None
"""A value in canonical form; None is absent."""


@dataclass(frozen=True, slots=True)
class Domain:
    """The candidates of a key; `complete` where no other value is answered otherwise."""

    values: tuple[Value, ...]
    complete: bool = True


Domains = dict[str, Domain]

# Values that a person recognises, tried before made-up ones.
_PLAUSIBLE = {
    "kms:ViaService": ("s3.us-east-1.amazonaws.com", "ec2.us-east-1.amazonaws.com"),
    "aws:PrincipalOrgID": ("o-a1b2c3d4e5",),
    "aws:SourceVpce": ("vpce-0123456789abcdef0",),
}
_BOOLEANS = ("true", "false")
_OTHER_ARNS = ("arn:aws:s3:::example-bucket", "arn:aws:sns:us-east-1:111122223333:example")
_OTHERS = ("example", "another example", "yet another example")
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a graph asks and of whom.

    Attributes:
        tests: all tests of the graph.
        action: the action that is asked for, in any case.
        resource: the resource.
        fixed: the candidates of keys whose values a searcher may not choose.
        required: conditions that must hold: a value that fails one is no candidate.
    """

    tests: Sequence[Test]
    action: str
    resource: str
    fixed: Mapping[str, tuple[Value, ...]]
    required: Sequence[Condition] = ()


def domains(asked: Asked) -> Domains:
    """The candidates of every key that the tests read."""
    by_key: dict[str, list[Test]] = {}
    for test in asked.tests:
        for key in keys_read(test):
            by_key.setdefault(key, []).append(test)
    required = [test for c in asked.required if (test := ContextTest(c)).keys == (c.key,)]
    wanted = [test for test in required if not test.is_opaque]
    linked = _linked(asked)
    found = {key: _domain(key, tests, asked, linked) for key, tests in by_key.items()}
    return {
        key: Domain(tuple(v for v in domain.values if _meets(key, v, wanted)), domain.complete)
        for key, domain in found.items()
    }


def _meets(key: str, value: Value, wanted: list[ContextTest]) -> bool:
    context = {} if value is None else {key: value}
    return all(test.holds(context) for test in wanted if test.key == key)


def _linked(asked: Asked) -> dict[str, Domain]:
    """The candidates of keys that policy variables link to others: texts that all of them may share."""
    keys = linked_keys(asked.tests)
    if not keys:
        return {}
    texts = linked_texts(asked.tests, keys, asked.resource, asked.fixed)
    complete = links_are_plain(asked.tests, keys)
    return {key: Domain(tuple(texts), complete and not _carries_many(key, [])) for key in keys}


def _domain(key: str, tests: list[Test], asked: Asked, linked: Mapping[str, Domain]) -> Domain:
    if key in asked.fixed:
        return Domain(asked.fixed[key])
    if not carried(asked.action, key):
        return Domain((None,))
    if _is_boolean(key):
        return _distinct(key, tests, _BOOLEANS, complete=True)
    joint, complete = _joint(tests)
    texts = (*_PLAUSIBLE.get(key, ()), *_asked(key, tests), *_others(key), *joint)
    if key in linked:
        shared = tuple(text for text in linked[key].values if isinstance(text, str))
        return _distinct(key, tests, (*shared, *texts), complete=complete and linked[key].complete)
    return _distinct(key, tests, texts, complete=complete)


def _distinct(key: str, tests: list[Test], texts: Sequence[str], *, complete: bool) -> Domain:
    """Of absent, the texts, and the sets of them that the key may carry, one for each way to answer."""
    # a constraint may list a pair in several spellings, which are one key with the values of all
    several = [tuple(listed) for test in tests if len(listed := _named(test, key)) > 1]
    named: set[Value] = {None, *several, *(text for test in tests for text in _named(test, key))}

    def answers(value: Value) -> tuple[object, ...]:
        # an empty list of names goes with no pair at all, whatever tests make of it
        absent = key == ENCRYPTION_CONTEXT_NAMES and value is None
        return (absent, *(_answer(test, key, value, named) for test in tests))

    values: list[Value] = [None]
    if not is_multivalued(key):
        values += [*texts, *several]
    if _carries_many(key, tests):
        sets, all_sets = sets_of(tuple(dict.fromkeys(texts)), answers)
        values += sets
        complete = complete and all_sets
    by_answers: dict[tuple[object, ...], Value] = {}
    for value in values:
        by_answers.setdefault(answers(value), value)
    return Domain(tuple(by_answers.values()), complete)


def _carries_many(key: str, tests: list[Test]) -> bool:
    """Whether a request may have many values of a key.

    Of a key that the catalogue does not know nobody can say; pairs of the encryption context whose names
    differ only in case are one key (rule 101).
    """
    conditions = [test.condition for test in tests if isinstance(test, ContextTest)]
    if find_key(key) is None:
        return any(condition.operator.quantifier is not None for condition in conditions)
    return is_multivalued(key) or (key.startswith(ENCRYPTION_CONTEXT) and len(conditions) > 1)


def _answer(test: Test, key: str, value: Value, named: set[Value]) -> object:
    """What a test makes of a value; of one that reads other keys as well, whether it knows the value."""
    if keys_read(test) == (key,):
        return test.holds({} if value is None else {key: value})
    if isinstance(test, EncryptionContextTest | ComesThroughTest):
        return value if value in named else "another value"
    return value


def _asked(key: str, tests: list[Test]) -> list[str]:
    """The texts that the tests name, or that fit what they name."""
    conditions = [test.condition for test in tests if isinstance(test, ContextTest)]
    patterns = [
        value.pattern for condition in conditions if condition.key == key for value in condition.values
    ]
    named = [text for test in tests for text in _named(test, key)]
    literals = [p.text for p in patterns]  # where wildcards mean nothing, `*` is itself
    return [*named, *neighbours(c for c in conditions if c.key == key), *samples(patterns), *literals]


def _named(test: Test, key: str) -> list[str]:
    """The values of a key that a test names which is no condition's."""
    if isinstance(test, EncryptionContextTest):
        return [v for name, v in test.pairs.items() if ENCRYPTION_CONTEXT + ascii_lower(name) == key]
    return [test.endpoint] if isinstance(test, ComesThroughTest) and test.endpoint else []


def _joint(tests: list[Test]) -> tuple[tuple[str, ...], bool]:
    """Texts for every way to fit what the tests compare as text, and whether nothing is missing.

    Values that are ordered are sampled by themselves: tests of two sorts on one key may be answered in ways
    that no sample shows.
    """
    conditions = [test.condition for test in tests if isinstance(test, ContextTest)]
    lines = {line_of(c) for c in conditions if c.operator.name != "Null"}
    shapes = list(dict.fromkeys(shape for c in conditions for shape in _shapes(c)))
    if all(shape.literal is not None for shape in shapes):
        return (), len(lines) <= 1  # each is a candidate by itself
    found = joint_samples(shapes)
    return found.texts, found.complete and len(lines) <= 1


def _shapes(condition: Condition) -> Iterator[Shape]:
    """What the values of a condition fit, where it compares texts and no policy variable is in the way."""
    name = condition.operator.name
    if name == "Null" or line_of(condition) is not None:
        return
    if name.startswith("Arn"):  # what is no ARN passes neither an Arn operator nor its negation (rule 93)
        yield ANY_ARN
    for value in condition.values:
        if value.opaque is not None or value.pattern.variables:
            continue
        if name.startswith("Arn"):
            yield of_arn(value.pattern)
        elif name.endswith("Like"):
            yield of_pattern(value.pattern)
        else:
            folded = name == "Bool" or name.endswith("IgnoreCase")
            yield of_text(plain_text(value), fold=folded)


def _is_boolean(key: str) -> bool:
    entry = find_key(key)
    return entry is not None and entry.type == "Bool"


def _others(key: str) -> tuple[str, ...]:
    """Values that no test may know; ARNs for any key, since only an ARN passes a negated Arn operator."""
    entry = find_key(key)
    return _OTHER_ARNS if entry is not None and entry.type == "ARN" else (*_OTHERS, *_OTHER_ARNS)


def carried(action: str, key: str) -> bool:
    """Whether a call of an action can carry a condition key; True for what the catalogue does not know."""
    known = find_action(action)
    entry = find_key(key)
    if known is None or entry is None or entry.name in _OF_THE_KEY:
        return True
    return entry.name not in _CARRIED_SOMEWHERE or entry.name in known.condition_keys
