"""Whether a Resource or NotResource element covers a resource.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html

Rules 26, 30, 35, 36, 67 and 96: a pattern is `*` or an ARN; what is neither matches nothing. Inside one of
the first five segments a wildcard stays there, but a `*` that ends a segment may cross colons; in the
resource part wildcards are free; a wildcard in the service segment matches nothing. In identity policies,
boundaries and session policies an ARN may stop early; what is missing counts as `*`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy_engine.conditions.glob import Automaton, Step, flatten
from policy_engine.model.policy import PolicyKind
from policy_engine.syntax.arn import parse_arn
from policy_engine.syntax.pattern import Wildcard

if TYPE_CHECKING:
    from policy_engine.model.policy import ResourceElement
    from policy_engine.syntax.pattern import Pattern

_SHORT_ARNS = frozenset({PolicyKind.IDENTITY, PolicyKind.BOUNDARY, PolicyKind.SESSION})
_SEGMENTS = 6
_SERVICE_SEGMENT = 2
# CreateKey and ListKeys have no key, yet identity policies may bound them by Region and account (rule 30).
_REGIONAL_ACTIONS = frozenset({"kms:createkey", "kms:listkeys"})


class ResourceTest:
    """The resources of a row. A missing element covers nothing (rule 26)."""

    __slots__ = ("_automata", "_everything", "_negated", "_regional", "element")

    def __init__(self, element: ResourceElement | None, kind: PolicyKind) -> None:
        self.element = element
        patterns = [p.pattern for p in element.patterns] if element else []
        self._negated = element is not None and element.negated
        self._everything = any(pattern.parts == (Wildcard.MANY,) for pattern in patterns)
        short = kind in _SHORT_ARNS
        compiled = (_compile(pattern, short=short) for pattern in patterns)
        self._automata = tuple(automaton for automaton in compiled if automaton is not None)
        self._regional = tuple(arn for p in patterns if (arn := parse_arn(p.text)) and arn.resource == "*")

    def covers(self, resource: str, action: str, account: str | None) -> bool:
        """Whether the element covers a resource.

        Args:
            resource: an ARN, or `*` where the action has none.
            action: in lower case.
            account: the caller's, for actions without a key.
        """
        if self.element is None or not self.element.patterns:
            return False
        return self._lists(resource, action, account) != self._negated

    def _lists(self, resource: str, action: str, account: str | None) -> bool:
        if self._everything:
            return True
        if resource == "*" and action in _REGIONAL_ACTIONS:
            return any(arn.service == "kms" and arn.account in {account, "*"} for arn in self._regional)
        return any(automaton.matches(resource) for automaton in self._automata)


@lru_cache(maxsize=65_536)
def _compile(pattern: Pattern, *, short: bool) -> Automaton | None:
    """The automaton of an ARN pattern, or None for what matches nothing."""
    if pattern.parts == (Wildcard.MANY,):
        return None
    flat = flatten(pattern.parts)
    colons = sum(item == ":" for item in flat)
    if colons < _SEGMENTS - 1:
        if not short:
            return None
        for _ in range(_SEGMENTS - 1 - colons):
            flat += [":", Wildcard.MANY]
    if not _begins_with_arn(flat):
        return None
    items = _scoped(flat)
    return Automaton(items) if items is not None else None


def _begins_with_arn(flat: list[str | Wildcard]) -> bool:
    return flat[:4] == ["a", "r", "n", ":"]


def _scoped(flat: list[str | Wildcard]) -> list[str | Step] | None:
    """Each wildcard with how far it reaches; None where the service segment has one."""
    items: list[str | Step] = []
    segment = 0
    for index, item in enumerate(flat):
        if isinstance(item, str):
            segment += item == ":"
            items.append(item)
            continue
        if segment == _SERVICE_SEGMENT:
            return None
        in_resource = segment >= _SEGMENTS - 1
        ends_segment = index + 1 == len(flat) or flat[index + 1] == ":"
        if item is Wildcard.ONE:
            items.append(Step.ONE if in_resource else Step.ONE_INSIDE)
        else:
            items.append(Step.MANY if in_resource or ends_segment else Step.MANY_INSIDE)
    return items
