"""What tags may look like, and the service's words for those that may not be.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Tag.html and API_TagResource.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.errors import TagError
from kms_core.service.parameters import check_length, check_text, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kms_core.model.quotas import Quotas

MAX_NAME = 128
_MAX_VALUE = 256
_RESERVED = "aws:"


def check_tags(tags: Mapping[str, str], quotas: Quotas) -> dict[str, str]:
    """Check tags, and give them as a mapping of its own.

    Raises:
        ValidationError: a name or value is out of its bounds.
        TagError: a name is reserved, or they are more than any key may have.
    """
    for place, (name, value) in enumerate(tags.items(), start=1):
        check_text(f"tags.{place}.member.tagKey", name, 1, MAX_NAME)
        check_text(f"tags.{place}.member.tagValue", value, 0, _MAX_VALUE)
        _refuse_reserved(name)
    if len(tags) > quotas.tags_per_key:
        raise TagError("Too many tags")
    return dict(tags)


def check_tag_names(names: Sequence[str]) -> tuple[str, ...]:
    """Check the names of tags that are to be taken away.

    Raises:
        ValidationError: they are no list, or one is out of its bounds.
        TagError: one is reserved.
    """
    if isinstance(names, str):
        refuse("tagKeys", "Member must be a list")
    check_length("tagKeys", names, 0, MAX_NAME)
    for place, name in enumerate(names, start=1):
        check_text(f"tagKeys.{place}.member", name, 1, MAX_NAME)
        _refuse_reserved(name)
    return tuple(names)


def _refuse_reserved(name: str) -> None:
    if name.lower().startswith(_RESERVED):
        raise TagError("Tags beginning with aws: are reserved")
