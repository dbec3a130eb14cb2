"""Whether a Resource or NotResource element covers a resource.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html

Rules 26, 30, 35, 36, 63, 67, 94 and 96: a pattern is `*` or an ARN; what is neither matches nothing. Inside
one of the first five segments a wildcard stays there, but a `*` that ends a segment may cross colons; in the
resource part wildcards are free; a wildcard in the service segment matches nothing. In identity policies,
boundaries and session policies an ARN may stop early; what is missing counts as `*`. A pattern with a policy
variable that has no value matches nothing, and in NotResource the statement then covers nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy_engine.conditions.glob import Automaton, Step, flatten
from policy_engine.conditions.variables import NO_BINDINGS, Bindings, bind, free_variables
from policy_engine.model.policy import Effect, PolicyKind
from policy_engine.syntax.pattern import Wildcard

if TYPE_CHECKING:
    from policy_engine.model.policy import ResourceElement
    from policy_engine.model.principal import Principal
    from policy_engine.model.request import RequestContext
    from policy_engine.syntax.pattern import Pattern

_SHORT_ARNS = frozenset({PolicyKind.IDENTITY, PolicyKind.BOUNDARY, PolicyKind.SESSION})
_SEGMENTS = 6
_SERVICE_SEGMENT = 2
# CreateKey and ListKeys have no key, yet identity policies may bound them by Region and account (rule 30).
_REGIONAL_ACTIONS = frozenset({"kms:createkey", "kms:listkeys"})


class ResourceTest:
    """The resources of a row.

    A missing element covers nothing (rule 26), and so does an empty one (rule 92); but an empty NotResource
    lists nothing to spare from a Deny.

    Attributes:
        element: as the policy has it.
        variables: the canonical keys of its policy variables.
    """

    __slots__ = ("_denies_all", "_negated", "_patterns", "_short", "element", "variables")

    def __init__(
        self, element: ResourceElement | None, kind: PolicyKind, effect: Effect = Effect.ALLOW
    ) -> None:
        self.element = element
        self._patterns = tuple(p.pattern for p in element.patterns) if element else ()
        self._negated = element is not None and element.negated
        empty = element is not None and not self._patterns and not element.opaque
        self._denies_all = self._negated and empty and effect is Effect.DENY
        self._short = kind in _SHORT_ARNS
        self.variables = free_variables(self._patterns, NO_BINDINGS)

    def covers(
        self, resource: str, action: str, caller: Principal | None, bindings: Bindings = NO_BINDINGS
    ) -> bool:
        """Whether the element covers a resource.

        Args:
            resource: an ARN, or `*` where the action has none.
            action: in lower case.
            caller: whose account and partition count for actions without a key; None: nobody's.
            bindings: what its policy variables stand for.
        """
        if self._denies_all:
            return True
        bound = [bind(pattern, bindings) for pattern in self._patterns]
        patterns = [pattern for pattern in bound if pattern is not None]
        if self._negated and len(patterns) < len(bound):
            return False
        if not patterns and not (self.element and self.element.opaque):
            return False
        listed = any(self._lists(pattern, resource, action, caller) for pattern in patterns)
        return listed != self._negated

    def _lists(self, pattern: Pattern, resource: str, action: str, caller: Principal | None) -> bool:
        if is_everything(pattern):
            return True
        if resource == "*" and action in _REGIONAL_ACTIONS:
            return caller is not None and self._lists_account(pattern, caller)
        automaton = _compile(pattern, short=self._short)
        return automaton is not None and automaton.matches(resource)

    def _lists_account(self, pattern: Pattern, caller: Principal) -> bool:
        """Whether a pattern means all resources of the caller's account: `arn:aws:kms:*:111122223333:*`.

        In which Region the call is made a caller does not say, so any Region will do.
        """
        segments = pattern.text.split(":")
        if len(segments) < _SEGMENTS and self._short:
            segments += ["*"] * (_SEGMENTS - len(segments))
        partition = caller.arn.split(":")[1] if caller.arn.startswith("arn:") else ""
        match segments:
            case ["arn", named, "kms", _, account, "*"]:
                return named in {partition, "*"} and account in {caller.account, "*"}
            case _:
                return False


class ResourceVariableTest:
    """Whether an element whose policy variables the context decides covers the resource of a request."""

    __slots__ = ("__weakref__", "_action", "_bindings", "_caller", "_resource", "_resources", "keys")
    is_opaque = False

    def __init__(
        self, resources: ResourceTest, resource: str, action: str, caller: Principal, bindings: Bindings
    ) -> None:
        self._resources = resources
        self._resource = resource
        self._action = action
        self._caller = caller
        self._bindings = bindings
        self.keys = tuple(key for key in resources.variables if key not in bindings)

    def __repr__(self) -> str:
        element = self._resources.element
        return f"<Resource {[p.pattern.text for p in element.patterns] if element else []}>"

    @property
    def key(self) -> str:
        """The first key that it reads."""
        return self.keys[0]

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two tests the same test."""
        return (
            ResourceVariableTest,
            id(self._resources),
            self._resource,
            self._action,
            self._caller.arn,
            *self._bindings.items(),
        )

    def holds(self, context: RequestContext) -> bool:
        """Whether the context passes."""
        bindings = {**context, **self._bindings}
        return self._resources.covers(self._resource, self._action, self._caller, bindings)


def is_everything(pattern: Pattern) -> bool:
    """Whether a pattern is `*`, however often."""
    return bool(pattern.parts) and all(part is Wildcard.MANY for part in pattern.parts)


@lru_cache(maxsize=65_536)
def _compile(pattern: Pattern, *, short: bool) -> Automaton | None:
    """The automaton of an ARN pattern, or None for what matches nothing."""
    flat = flatten(pattern.parts)
    colons = sum(item == ":" for item in flat)
    if colons < _SEGMENTS - 1:
        if not short:
            return None
        for _ in range(_SEGMENTS - 1 - colons):
            flat += [":", Wildcard.MANY]
    if flat[:4] != ["a", "r", "n", ":"]:
        return None
    items = _scoped(flat)
    return Automaton(items) if items is not None else None


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
