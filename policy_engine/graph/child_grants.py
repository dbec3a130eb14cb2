"""Whether a grant that is made by way of another is no wider than that one: rules 44 and 45.

https://docs.aws.amazon.com/kms/latest/developerguide/create-grant-overview.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.model.grant import Grant, GrantConstraints


def no_wider(child: Grant, parent: Grant, *, ignore_case: bool) -> bool:
    """Whether a child has only operations of its parent, under constraints that are the same or stricter."""
    if not set(child.operations) <= set(parent.operations):
        return False
    source = parent.constraints.source_arn
    if source is not None and child.constraints.source_arn != source:
        return False
    return _context_no_wider(child.constraints, parent.constraints, ignore_case=ignore_case)


def _context_no_wider(child: GrantConstraints, parent: GrantConstraints, *, ignore_case: bool) -> bool:
    """A subset may become larger or exact; an exact context stays as it is."""
    equals = _pairs(child.encryption_context_equals, ignore_case=ignore_case)
    subset = _pairs(child.encryption_context_subset, ignore_case=ignore_case)
    wanted_equals = _pairs(parent.encryption_context_equals, ignore_case=ignore_case)
    wanted_subset = _pairs(parent.encryption_context_subset, ignore_case=ignore_case)
    if wanted_equals is not None and equals != wanted_equals:
        return False
    if wanted_subset is None:
        return True
    return any(given is not None and set(wanted_subset) <= set(given) for given in (equals, subset))


def _pairs(context: Mapping[str, str] | None, *, ignore_case: bool) -> list[tuple[str, str]] | None:
    """All pairs, sorted: one that is there in two spellings is two pairs."""
    if context is None:
        return None
    return sorted((ascii_lower(name) if ignore_case else name, value) for name, value in context.items())
