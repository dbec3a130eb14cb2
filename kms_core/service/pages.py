"""Lists in pages: how many at most, and the marker that says where to go on.

A marker holds the name that the page before ended with (`markers`). Pages are cut by name and not by number,
so what is made or goes meanwhile neither repeats nor hides anything else. It is valid for the same operation,
called from the same account with the same parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from kms_core.errors import ValidationError
from kms_core.service.parameters import check_range, check_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kms_core.model.caller import Caller
    from kms_core.service.markers import Markers
    from kms_core.service.open_call import OpenCall

T = TypeVar("T")

_MAX_MARKER = 1024


class Pages:
    """One page of a list.

    Args:
        markers: makes and reads them.
        call: the call; its operation and account are part of what the list is of.
        of: the parameters that say what is listed; those that were left out are empty.
        limit: how many the caller wants at most.
        marker: what the page before said, or None for the first one.
        most: the largest limit.

    Raises:
        ValidationError: the limit or the marker is out of its bounds.
    """

    def __init__(
        self, markers: Markers, call: OpenCall, *of: str, limit: int, marker: str | None, most: int
    ) -> None:
        check_range("limit", limit, 1, most)
        if marker is not None:
            check_text("marker", marker, 1, _MAX_MARKER)
        self._markers = markers
        self._of = (call.operation.value, call.caller.account or "", *of)
        self._limit = limit
        self._marker = marker

    def after(self) -> str:
        """The name that the page before ended with; empty before the first page. For who may list.

        Raises:
            InvalidMarkerError: the marker is none of this list.
        """
        return "" if self._marker is None else self._markers.read(self._of, self._marker)

    @property
    def wanted(self) -> int:
        """How many to look for: one more than is shown, to see whether there is another page."""
        return self._limit + 1

    def cut(self, found: Sequence[T], name: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
        """The page, and the marker of the next one where there is one."""
        page, rest = found[: self._limit], found[self._limit :]
        return page, self._markers.make(self._of, name(page[-1])) if rest else None


def require_place(caller: Caller, region: str) -> str:
    """What the ARNs of all that is the caller's in this Region begin with.

    Raises:
        ValidationError: a service has no account.
    """
    if caller.account is None:
        raise ValidationError("a service has no account of its own")
    return f"arn:{caller.partition}:kms:{region}:{caller.account}:"
