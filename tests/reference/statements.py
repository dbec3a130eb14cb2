"""Whether a statement covers a request: its action, its resource, its condition, and how it names the caller.

Not here: what the statements of the layers make together (evaluate). The rules: 26, 30, 35, 66 to 68, 92 and 96 of
the semantics page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.reference.actions import ALSO_ON_ACCOUNT
from tests.reference.conditions import block_holds, texts
from tests.reference.context import seen_by
from tests.reference.documents import IDENTITY_KINDS
from tests.reference.patterns import glob, glob_ignoring_case, resource_matches
from tests.reference.principals import NAMED, ways

if TYPE_CHECKING:
    from tests.reference.callers import Caller
    from tests.reference.context import Keys

SHORT_FORMS = frozenset({"identity", "boundary", "session"})


@dataclass(frozen=True, slots=True)
class Question:
    """A request with what its conditions see."""

    caller: Caller
    action: str
    resource: str
    keys: Keys
    has_boundary: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A statement that holds for a request, and the ways in which it names the caller."""

    label: str
    allows: bool
    ways: frozenset[str]


def rows(statements: list[dict[str, Any]], layer: str, label: str, question: Question) -> list[Row]:
    """The statements of a policy that hold, in document order."""
    found = []
    for index, statement in enumerate(statements):
        named = _ways(statement, layer, question)
        if named and covers(statement, layer, question):
            found.append(Row(f"{label}:{index}", statement["Effect"] == "Allow", named))
    return found


def covers(statement: dict[str, Any], layer: str, question: Question) -> bool:
    """Whether action, resource and condition of a statement hold."""
    return (
        _covers_action(statement, question.action)
        and _covers_resource(statement, layer, question)
        and block_holds(statement.get("Condition", {}), seen_by(layer, question.keys, question.resource))
    )


def _ways(statement: dict[str, Any], layer: str, question: Question) -> frozenset[str]:
    if layer in IDENTITY_KINDS:
        return frozenset({NAMED})
    return ways(statement, question.caller, has_boundary=question.has_boundary)


def _covers_action(statement: dict[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(_action_matches(pattern, action) for pattern in texts(statement["NotAction"]))
    # Rule 26: a statement without Action has no effect.
    return any(_action_matches(pattern, action) for pattern in texts(statement.get("Action", [])))


def _action_matches(pattern: str, action: str) -> bool:
    return pattern == "*" or (":" in pattern and glob_ignoring_case(pattern, action))


def _covers_resource(statement: dict[str, Any], layer: str, question: Question) -> bool:
    if "NotResource" in statement:
        patterns = texts(statement["NotResource"])
        return not any(_resource_matches(pattern, layer, question) for pattern in patterns)
    # Rule 26: a statement without Resource has no effect.
    patterns = texts(statement.get("Resource", []))
    return any(_resource_matches(pattern, layer, question) for pattern in patterns)


def _resource_matches(pattern: str, layer: str, question: Question) -> bool:
    if question.resource == "*":
        return pattern == "*" or _is_own_account(pattern, question)
    return resource_matches(pattern, question.resource, short_forms=layer in SHORT_FORMS)


def _is_own_account(pattern: str, question: Question) -> bool:
    """Rule 30: arn:P:kms:REGION:ACCOUNT:* stands for what CreateKey and ListKeys work on."""
    segments = pattern.split(":", 5)
    if (
        question.action.lower() not in ALSO_ON_ACCOUNT
        or len(segments) != 6
        or question.caller.account is None
    ):
        return False
    head, partition, service, region, account, rest = segments
    own_partition = question.caller.arn.split(":")[1]
    regions = question.keys.get("aws:requestedregion")
    return (
        (head, service, rest) == ("arn", "kms", "*")
        and glob(partition, own_partition)
        and glob(account, question.caller.account)
        and (regions is None or any(glob(region, one) for one in regions))
    )
