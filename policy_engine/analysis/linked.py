"""Keys that policy variables link: which they are, and the texts that are tried for all of them.

`"aws:PrincipalTag/team": "${aws:ResourceTag/team}"` asks whether two keys say the same, so both must be able
to say the same and to say different things. Where all such tests are about equality alone, the constants and
one text more for each key are enough; anything else makes the search incomplete.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy_engine.analysis.samples import sample
from policy_engine.catalog.condition_keys import canonical_key
from policy_engine.conditions.test import ContextTest
from policy_engine.conditions.variables import bind
from policy_engine.graph.resources import ResourceVariableTest
from policy_engine.syntax.pattern import PolicyVariable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from policy_engine.graph.tests import Test
    from policy_engine.model.condition import Condition

MAX_TEXTS = 48
"""How many texts are tried for each linked key."""
_FRESH = ("example", "another example", "a third example")
_EQUALITY = frozenset({"StringEquals", "StringNotEquals"})
_DELIMITERS = re.compile(r"[:/]")


def linked_keys(tests: Sequence[Test]) -> tuple[str, ...]:
    """The keys of the tests whose answer rests on policy variables."""
    return tuple(dict.fromkeys(key for test in tests if _is_link(test) for key in test.keys))


def links_are_plain(tests: Sequence[Test], keys: Collection[str]) -> bool:
    """Whether equality is all that is asked of the linked keys, and these are few."""
    asked = [test for test in tests if set(test.keys) & set(keys)]
    return len(keys) <= len(_FRESH) and all(
        isinstance(t, ContextTest) and _is_plain(t.condition) for t in asked
    )


def linked_texts(
    tests: Sequence[Test],
    keys: Collection[str],
    resource: str,
    fixed: Mapping[str, tuple[str | tuple[str, ...] | None, ...]],
) -> list[str]:
    """The texts to try for each of the linked keys.

    Args:
        tests: all tests of a graph.
        keys: the linked keys.
        resource: what is asked about: a variable in a Resource stands for a part of it.
        fixed: the candidates of keys that may not be chosen.
    """
    conditions = [t.condition for t in tests if isinstance(t, ContextTest) and set(t.keys) & set(keys)]
    values = [text for key in keys for text in fixed.get(key, ()) if isinstance(text, str)]
    texts = dict.fromkeys([*_FRESH, *values, *_constants(conditions)])
    if any(isinstance(test, ResourceVariableTest) for test in tests):
        texts |= dict.fromkeys(_parts(resource))
    filled = [text for condition in conditions for text in _filled(condition, tuple(texts))]
    return list(texts | dict.fromkeys(filled))[:MAX_TEXTS]


def _is_link(test: Test) -> bool:
    if isinstance(test, ContextTest):
        return test.keys != (test.key,)
    return isinstance(test, ResourceVariableTest)


def _is_plain(condition: Condition) -> bool:
    name = condition.operator
    if name.quantifier is not None or name.name not in {*_EQUALITY, "Null"}:
        return name.name == "Null"
    return all(v.pattern.literal is not None or _is_one_variable(v.pattern.parts) for v in condition.values)


def _is_one_variable(parts: Sequence[object]) -> bool:
    return len(parts) == 1 and isinstance(parts[0], PolicyVariable)


def _constants(conditions: Sequence[Condition]) -> Iterator[str]:
    """The values without variables, and the defaults of variables."""
    for condition in conditions:
        for value in condition.values:
            if not value.pattern.variables:
                yield sample(value.pattern)
            yield from (v.default for v in value.pattern.variables if v.default is not None)


def _filled(condition: Condition, texts: Sequence[str]) -> Iterator[str]:
    """The values with variables, each text in their place."""
    for value in condition.values:
        if len(value.pattern.parts) > 1:
            keys = [canonical_key(variable.key) for variable in value.pattern.variables]
            bound = (bind(value.pattern, dict.fromkeys(keys, text)) for text in texts if keys)
            yield from (sample(pattern) for pattern in bound if pattern is not None)


def _parts(resource: str) -> Iterator[str]:
    """What of an ARN a variable may stand for: all of it, a segment, a piece of a path, a rest."""
    yield resource
    yield from _DELIMITERS.split(resource)
    yield from (resource[match.end() :] for match in _DELIMITERS.finditer(resource))
