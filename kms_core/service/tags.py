"""TagResource, UntagResource and ListResourceTags.

https://docs.aws.amazon.com/kms/latest/APIReference/API_TagResource.html and its siblings. A change is in
force for every call that begins after it has returned, where the service takes up to five minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.errors import LimitExceededError
from kms_core.model.operations import Operation
from kms_core.service import context
from kms_core.service.pages import Pages
from kms_core.service.results import TagPage
from kms_core.service.tag_parameters import check_tag_names, check_tags
from kms_core.store.tags import delete_tags, put_tags, tags_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kms_core.model.caller import Caller
    from kms_core.service.core import Core

_PAGE = 50
_MAX_PAGE = 50


class TagOperations:
    """What tags keys and shows their tags."""

    _core: Core

    def tag_resource(self, caller: Caller | str, key_id: str, tags: Mapping[str, str]) -> None:
        """Give a key tags; a tag that it has already gets the new value.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            tags: values by name.

        Raises:
            LimitExceededError: the key would have more tags than it may have.
            TagError: too many tags at once, or one that no key can have.
            AccessDeniedError, DependencyTimeoutError, InvalidArnError, KMSInvalidStateError, NotFoundError,
            ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.TAG_RESOURCE, caller) as call:
            checked = check_tags(tags, core.quotas)
            reference = core.calls.reference(call, key_id)
            with (
                core.calls.on_key(call, reference, context.tagging(checked)) as admitted,
                core.calls.changing(call) as connection,
            ):
                put_tags(connection, admitted.key.key_id, checked)
                if len(tags_of(connection, admitted.key.key_id)) > core.quotas.tags_per_key:
                    raise LimitExceededError(f"a key may have {core.quotas.tags_per_key} tags")

    def untag_resource(self, caller: Caller | str, key_id: str, tag_keys: Sequence[str]) -> None:
        """Take tags of a key away; one that it does not have is passed over.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            tag_keys: the names.

        Raises:
            TagError: a name is reserved.
            AccessDeniedError, DependencyTimeoutError, InvalidArnError, KMSInvalidStateError, NotFoundError,
            ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.UNTAG_RESOURCE, caller) as call:
            names = check_tag_names(tag_keys)
            reference = core.calls.reference(call, key_id)
            with (
                core.calls.on_key(call, reference, context.untagging(names)) as admitted,
                core.calls.changing(call) as connection,
            ):
                delete_tags(connection, admitted.key.key_id, names)

    def list_resource_tags(
        self, caller: Caller | str, key_id: str, *, limit: int = _PAGE, marker: str | None = None
    ) -> TagPage:
        """Show the tags of a key, a page at a time, in the order of their names.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            limit: how many at most, 1 to 50.
            marker: where to go on, as the page before said.

        Raises:
            AccessDeniedError, InvalidArnError, InvalidMarkerError, NotFoundError, ValidationError,
            KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.LIST_RESOURCE_TAGS, caller) as call:
            reference = core.calls.reference(call, key_id)
            pages = Pages(core.markers, call, reference.arn, limit=limit, marker=marker, most=_MAX_PAGE)
            with core.calls.on_key(call, reference, {}) as admitted:
                after = pages.after()
                with core.database.read() as connection:
                    found = tags_of(connection, admitted.key.key_id, after=after, limit=pages.wanted)
                page, further = pages.cut(tuple(found.items()), lambda tag: tag[0])
                return TagPage(dict(page), further is not None, further)
