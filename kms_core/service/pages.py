"""Lists in pages: how many at most, and the marker that says where to go on.

A marker holds the name that the page before ended with, and a digest of what the list is of. Pages are cut by
name and not by number, so what is made or goes meanwhile neither repeats nor hides anything else. A marker is
checked for its form and its list and is no secret: whoever writes one sees no more than the same list.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, TypeVar

from kms_core.errors import InvalidMarkerError, ValidationError
from kms_core.service.parameters import check_range, check_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kms_core.model.caller import Caller

T = TypeVar("T")

_MAX_MARKER = 1024
_DIGEST_BYTES = 16


class Pages:
    """One page of a list.

    Args:
        of: what the list is of; markers of other lists are not valid here.
        limit: how many the caller wants at most.
        marker: what the page before said, or None for the first one.
        most: the largest limit.

    Raises:
        ValidationError: the limit is out of its bounds, or the marker too long.
        InvalidMarkerError: the marker is none of this list.
    """

    def __init__(self, of: str, limit: int, marker: str | None, *, most: int) -> None:
        check_range("limit", limit, 1, most)
        self._digest = hashlib.sha256(of.encode()).digest()[:_DIGEST_BYTES]
        self._limit = limit
        self.after = "" if marker is None else self._read(marker)
        """The name that the page before ended with; empty before the first page."""

    @property
    def wanted(self) -> int:
        """How many to look for: one more than is shown, to see whether there is another page."""
        return self._limit + 1

    def cut(self, found: Sequence[T], name: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
        """The page, and the marker of the next one where there is one."""
        page, rest = found[: self._limit], found[self._limit :]
        return page, self._marker(name(page[-1])) if rest else None

    def _marker(self, name: str) -> str:
        return base64.urlsafe_b64encode(self._digest + name.encode()).decode("ascii")

    def _read(self, marker: str) -> str:
        check_text("marker", marker, 1, _MAX_MARKER)
        try:
            content = base64.urlsafe_b64decode(marker.encode("ascii"))
            name = content[_DIGEST_BYTES:].decode()
        except (ValueError, binascii.Error):
            raise _invalid() from None
        # a marker has one form only: what is read, written again, is the same
        if not name or self._marker(name) != marker:
            raise _invalid()
        return name


def require_place(caller: Caller, region: str) -> str:
    """What the ARNs of all that is the caller's in this Region begin with.

    Raises:
        ValidationError: a service has no account.
    """
    if caller.account is None:
        raise ValidationError("a service has no account of its own")
    return f"arn:{caller.partition}:kms:{region}:{caller.account}:"


def _invalid() -> InvalidMarkerError:
    return InvalidMarkerError("the marker is not valid here")
