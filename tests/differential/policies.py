"""Random policies over the small vocabulary, biased so that statements often meet the request.

A policy of a kind holds only what that kind may hold, so none of them is to be refused.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.differential import vocabulary as v

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

Statement = dict[str, Any]
RESOURCE_KINDS = frozenset({"key", "rcp", "endpoint"})
LENIENT_KINDS = RESOURCE_KINDS
"""Kinds in which a statement without Action or Resource is read, and has no effect."""


def one_in(count: int) -> SearchStrategy[bool]:
    """True once in `count` times; shrinks to False."""
    return st.sampled_from([False] * (count - 1) + [True])


def leaning(values: list[Any], *, to: int, times: int) -> SearchStrategy[Any]:
    """One of the values, the first `to` of them `times` as often as each of the others."""
    return st.sampled_from(values[:to] * times + values[to:])


def one_or_list(values: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """A value alone, or a list of some; now and then an empty one."""
    return st.one_of(values, values, st.lists(values, min_size=1, max_size=3), _empty_or(values))


def _empty_or(values: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.one_of(values, values, st.just([]))


@st.composite
def policies(draw: DrawFn, kind: str, names: list[str], *, full_access: bool = False) -> Any:
    """A policy, as a document or as a string that holds one.

    Args:
        draw: Hypothesis's.
        kind: key, identity, boundary, session, scp, rcp or endpoint.
        names: how a policy may name the caller, apart from the vocabulary's principals.
        full_access: begin with a statement that allows everything, as ceilings do.
    """
    statements = draw(st.lists(_statements(kind, names), max_size=3))
    if full_access:
        statements.insert(0, _everything(kind))
    document: dict[str, Any] = {"Version": "2012-10-17", "Statement": statements}
    if draw(one_in(8)):
        del document["Version"]
    if len(statements) == 1 and draw(one_in(4)):
        document["Statement"] = statements[0]
    return json.dumps(document) if draw(one_in(10)) else document


def _everything(kind: str) -> Statement:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return {**statement, "Principal": "*"} if kind in RESOURCE_KINDS else statement


@st.composite
def _statements(draw: DrawFn, kind: str, names: list[str]) -> Statement:
    effect = "Deny" if draw(one_in(9)) else "Allow"
    statement: Statement = {"Effect": effect}
    if kind in RESOURCE_KINDS:
        statement.update(draw(_principal_elements(kind, effect, names)))
    statement.update(draw(_elements("Action", leaning(v.ACTION_PATTERNS, to=4, times=6))))
    statement.update(draw(_elements("Resource", leaning(v.RESOURCE_PATTERNS, to=3, times=12))))
    if kind in LENIENT_KINDS and draw(one_in(20)):
        statement.pop(draw(st.sampled_from(["Action", "Resource"])), None)
    if draw(one_in(2)):
        statement["Condition"] = draw(_conditions())
    return statement


@st.composite
def _elements(draw: DrawFn, name: str, values: SearchStrategy[str]) -> Statement:
    inverted = draw(one_in(8))
    return {f"Not{name}" if inverted else name: draw(one_or_list(values))}


@st.composite
def _principal_elements(draw: DrawFn, kind: str, effect: str, names: list[str]) -> Statement:
    if kind != "key" and draw(one_in(10)):
        return {}
    if kind != "key" and draw(st.booleans()):
        return {"Principal": "*"}
    inverted = effect == "Deny" and draw(one_in(3))
    return {"NotPrincipal" if inverted else "Principal": draw(_principals(names))}


@st.composite
def _principals(draw: DrawFn, names: list[str]) -> Any:
    if draw(one_in(10)):
        return "*"
    element = {}
    if not draw(one_in(8)):
        element["AWS"] = draw(one_or_list(st.sampled_from(names * 5 + v.AWS_PRINCIPALS)))
    if not element or draw(one_in(6)):
        element["Service"] = draw(one_or_list(st.sampled_from(v.SERVICES)))
    return element


@st.composite
def _conditions(draw: DrawFn) -> dict[str, Any]:
    block: dict[str, dict[str, Any]] = {}
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 0]))):
        operator = draw(_operators())
        if operator.lower() in {name.lower() for name in block}:
            continue  # a name twice is not to be read
        key = draw(condition_keys())
        block[operator] = {key: draw(_values(operator, key))}
        if draw(one_in(6)):
            second = draw(condition_keys())
            if second.lower() != key.lower():
                block[operator][second] = draw(_values(operator, second))
    return block


@st.composite
def _operators(draw: DrawFn) -> str:
    family = draw(
        st.sampled_from([v.STRING_OPERATORS] * 3 + [v.ARN_OPERATORS] + [v.OTHER_OPERATORS] + [["Null"]])
    )
    operator: str = draw(st.sampled_from(family))
    return operator + "IfExists" if operator != "Null" and draw(one_in(4)) else operator


def condition_keys() -> SearchStrategy[str]:
    """The name of a condition key."""
    return st.one_of(*[st.sampled_from(list(v.COMMON_KEYS))] * 3, st.sampled_from(list(v.RARE_KEYS)))


def values_of(key: str) -> list[Any]:
    """Values that stand in the vocabulary for a key."""
    return v.COMMON_KEYS.get(key) or v.RARE_KEYS[key]


def _values(operator: str, key: str) -> SearchStrategy[Any]:
    name = operator.lower()
    if name == "null":
        return one_or_list(st.sampled_from(v.TRUTHS))
    if name.startswith("bool"):
        return one_or_list(st.sampled_from(v.TRUTHS + values_of(key)[:1]))
    if name.startswith("arn"):
        return one_or_list(st.sampled_from(v.ARNS))
    return one_or_list(st.sampled_from(values_of(key)))
