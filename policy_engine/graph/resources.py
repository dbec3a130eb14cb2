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
from policy_engine.syntax.arn import parse_arn
from policy_engine.syntax.pattern import Pattern, Wildcard

if TYPE_CHECKING:
    from policy_engine.model.policy import ResourceElement
    from policy_engine.model.principal import Principal
    from policy_engine.model.request import RequestContext

_SHORT_ARNS = frozenset({PolicyKind.IDENTITY, PolicyKind.BOUNDARY, PolicyKind.SESSION})
_SEGMENTS = 6
_SERVICE_SEGMENT = 2
_REGION_SEGMENT = 3
# CreateKey and ListKeys have no key, yet identity policies may bound them by Region and account (rule 30):
# they are about `arn:aws:kms:REGION:ACCOUNT:*`, all that the caller's account has in a Region.
_REGIONAL_ACTIONS = frozenset({"kms:createkey", "kms:listkeys"})
_REQUESTED_REGION = "aws:RequestedRegion"


MOST_REMEMBERED = 32_768
"""How many answers are remembered, of all elements together."""
LONGEST_RESOURCE = 512
"""In characters; of a longer one nothing is remembered."""


class ResourceTest:
    """The resources of a row. Where nothing else has a say it is remembered which they cover.

    A missing element covers nothing (rule 26), and so does an empty one (rule 92); but an empty NotResource
    lists nothing to spare from a Deny.

    Attributes:
        element: as the policy has it.
        variables: the canonical keys of its policy variables.
        is_plain: whether the resource alone decides.
    """

    __slots__ = (
        "_denies_all",
        "_everything",
        "_negated",
        "_patterns",
        "_short",
        "element",
        "is_plain",
        "variables",
    )

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
        self.is_plain = not self.variables and not (element and element.opaque)
        self._everything = self.is_plain and not self._negated and any(map(is_everything, self._patterns))

    def keys(self, resource: str, action: str) -> tuple[str, ...]:
        """The canonical keys that decide whether it covers a resource, besides the caller.

        They are those of its policy variables and, where it names a Region and the resource does not, the
        Region of the call.
        """
        if resource == "*" and action in _REGIONAL_ACTIONS and any(map(_names_region, self._patterns)):
            return tuple(dict.fromkeys((*self.variables, _REQUESTED_REGION)))
        return self.variables

    def covers(
        self, resource: str, action: str, caller: Principal | None, bindings: Bindings = NO_BINDINGS
    ) -> bool:
        """Whether the element covers a resource.

        Args:
            resource: an ARN, or `*` where the action has none.
            action: in lower case.
            caller: whose account and partition count for actions without a key; None: nobody's.
            bindings: what its policy variables stand for, and the Region of the call.
        """
        if self.variables or resource == "*":
            return self._covers(resource, action, caller, bindings)
        if self._everything:
            return True
        if len(resource) > LONGEST_RESOURCE:
            return self._covers(resource, action, caller, bindings)
        return _covers_alone(self, resource)

    def _covers(self, resource: str, action: str, caller: Principal | None, bindings: Bindings) -> bool:
        if self._denies_all:
            return True
        bound = [bind(pattern, bindings) for pattern in self._patterns]
        patterns = [pattern for pattern in bound if pattern is not None]
        if self._negated and len(patterns) < len(bound):
            return False
        if not patterns and not (self.element and self.element.opaque):
            return False
        if resource == "*" and action in _REGIONAL_ACTIONS:
            region = bindings.get(_REQUESTED_REGION)
            if not isinstance(region, str):  # not known, so any that the policy names will do
                region, patterns = "", [_in_any_region(pattern) for pattern in patterns]
            resource = _account_in(region, caller)
        return any(self._lists(pattern, resource) for pattern in patterns) != self._negated

    def _lists(self, pattern: Pattern, resource: str) -> bool:
        if is_everything(pattern):
            return True
        automaton = _compile(pattern, short=self._short)
        return automaton is not None and automaton.matches(resource)


@lru_cache(MOST_REMEMBERED)
def _covers_alone(resources: ResourceTest, resource: str) -> bool:
    return resources._covers(resource, "", None, NO_BINDINGS)  # noqa: SLF001 - what it remembers


class ResourceVariableTest:
    """Whether an element covers the resource of a request, where that is the context's to decide.

    It does by the element's policy variables, or by the Region of a call that is about no resource.
    """

    __slots__ = (
        "__weakref__",
        "_action",
        "_bindings",
        "_caller",
        "_defaults",
        "_resource",
        "_resources",
        "keys",
    )
    is_opaque = False

    def __init__(
        self,
        resources: ResourceTest,
        resource: str,
        action: str,
        caller: Principal,
        bindings: Bindings,
        defaults: Bindings = NO_BINDINGS,
    ) -> None:
        self._resources = resources
        self._resource = resource
        self._action = action
        self._caller = caller
        self._bindings = bindings
        self.keys = tuple(key for key in resources.keys(resource, action) if key not in bindings)
        self._defaults = {key: defaults[key] for key in self.keys if key in defaults}

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
            *self._defaults.items(),
        )

    def holds(self, context: RequestContext) -> bool:
        """Whether the context passes."""
        bindings = {**self._defaults, **context, **self._bindings}
        return self._resources.covers(self._resource, self._action, self._caller, bindings)


def is_everything(pattern: Pattern) -> bool:
    """Whether a pattern is `*`, however often."""
    return bool(pattern.parts) and all(part is Wildcard.MANY for part in pattern.parts)


def _account_in(region: str, caller: Principal | None) -> str:
    """What the caller's account has in a Region, as an ARN; `*` for a caller that has no account."""
    arn = parse_arn(caller.arn) if caller is not None and caller.account is not None else None
    return "*" if arn is None else f"arn:{arn.partition}:kms:{region}:{arn.account}:*"


def _names_region(pattern: Pattern) -> bool:
    """Whether a pattern asks for a Region, as far as it has none of its policy variables to fill in."""
    return bool(pattern.variables) or flatten(_in_any_region(pattern).parts) != flatten(pattern.parts)


def _in_any_region(pattern: Pattern) -> Pattern:
    """The pattern with `*` in place of its Region, where it has one."""
    flat = flatten(pattern.parts)
    colons = [index for index, item in enumerate(flat) if item == ":"]
    if len(colons) < _REGION_SEGMENT:
        return pattern
    begin, end = colons[_REGION_SEGMENT - 1] + 1, [*colons, len(flat)][_REGION_SEGMENT]
    return Pattern(pattern.text, (*flat[:begin], Wildcard.MANY, *flat[end:]))


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
