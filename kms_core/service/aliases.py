"""CreateAlias, UpdateAlias, DeleteAlias and ListAliases.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html and its siblings. A change is in
force for every call that begins after it has returned, where the service takes up to five minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.errors import LimitExceededError, NotFoundError, ValidationError
from kms_core.model.alias import PREFIX
from kms_core.model.operations import Operation
from kms_core.service.alias_parameters import check_alias
from kms_core.service.pages import Pages, require_place
from kms_core.service.results import AliasPage
from kms_core.store import aliases as rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from kms_core.model.caller import Caller
    from kms_core.model.key_reference import KeyReference
    from kms_core.service.core import Core
    from kms_core.service.open_call import OpenCall

_PAGE = 50
_MAX_PAGE = 100


class AliasOperations:
    """What names keys and shows their names."""

    _core: Core

    def create_alias(self, caller: Caller | str, alias_name: str, target_key_id: str) -> None:
        """Let a new name stand for a key of the caller's account.

        Args:
            caller: who calls; needs the permission on the alias and on the key.
            alias_name: ``alias/`` and up to 250 of ``a-zA-Z0-9/_-``.
            target_key_id: a key id or key ARN.

        Raises:
            AlreadyExistsError: there is an alias of this name.
            LimitExceededError: the key has all the aliases that it may have.
            NotAuthorizedError: the name is reserved.
            AccessDeniedError, DependencyTimeoutError, InvalidArnError, KMSInvalidStateError, NotFoundError,
            ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.CREATE_ALIAS, caller) as call:
            alias = check_alias(alias_name, call.caller, core.region)
            target = self._target(call, target_key_id)
            core.alias_calls.on_new_alias(call, alias, target)
            with core.calls.changing(call) as connection:
                rows.insert_alias(connection, alias.arn, target.key_id, core.clock.now())
                self._require_room(connection, target)

    def update_alias(self, caller: Caller | str, alias_name: str, target_key_id: str) -> None:
        """Let a name stand for another key of the caller's account.

        Args:
            caller: who calls; needs the permission on the alias and on both keys.
            alias_name: the alias.
            target_key_id: a key id or key ARN.

        Raises:
            LimitExceededError: the new key has all the aliases that it may have.
            NotAuthorizedError: the name is reserved.
            AccessDeniedError, DependencyTimeoutError, InvalidArnError, KMSInvalidStateError, NotFoundError,
            ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.UPDATE_ALIAS, caller) as call:
            alias = check_alias(alias_name, call.caller, core.region)
            target = self._target(call, target_key_id)
            before = core.alias_calls.on_alias(call, alias, target)
            with core.calls.changing(call) as connection:
                rows.move_alias(connection, alias.arn, before.key_id, target.key_id, core.clock.now())
                self._require_room(connection, target)

    def delete_alias(self, caller: Caller | str, alias_name: str) -> None:
        """Let a name stand for nothing any more; the key stays.

        Args:
            caller: who calls; needs the permission on the alias and on the key.
            alias_name: the alias.

        Raises:
            NotAuthorizedError: the name is reserved.
            AccessDeniedError, DependencyTimeoutError, NotFoundError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.DELETE_ALIAS, caller) as call:
            alias = check_alias(alias_name, call.caller, core.region)
            before = core.alias_calls.on_alias(call, alias)
            with core.calls.changing(call) as connection:
                rows.delete_alias(connection, alias.arn, before.key_id)

    def list_aliases(
        self,
        caller: Caller | str,
        *,
        key_id: str | None = None,
        limit: int = _PAGE,
        marker: str | None = None,
    ) -> AliasPage:
        """Show the aliases of the caller's account in this Region, a page at a time, in the order of names.

        Args:
            caller: who calls.
            key_id: only the aliases of this key, a key id or key ARN.
            limit: how many at most, 1 to 100.
            marker: where to go on, as the page before said.

        Raises:
            AccessDeniedError: no identity policy of the caller allows kms:ListAliases.
            InvalidArnError, InvalidMarkerError, NotFoundError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.LIST_ALIASES, caller) as call:
            place = f"{require_place(call.caller, core.region)}{PREFIX}"
            of = core.calls.reference(call, key_id) if key_id is not None else None
            named = (place, of.arn if of else "")
            pages = Pages(core.markers, call, *named, limit=limit, marker=marker, most=_MAX_PAGE)
            if of is not None:
                self._require_own(call, of)
            with core.calls.without_key(call, None, {}):
                after = pages.after()
                with core.database.read() as connection:
                    found = rows.list_aliases(
                        connection,
                        place,
                        after=after,
                        limit=pages.wanted,
                        key_id=of.key_id if of else None,
                    )
                page, further = pages.cut(found, lambda alias: alias.arn)
                return AliasPage(tuple(page), further is not None, further)

    def _target(self, call: OpenCall, key_id: str) -> KeyReference:
        if PREFIX in str(key_id):
            raise ValidationError("Aliases must refer to keys. Not aliases")
        return self._core.calls.reference(call, key_id)

    def _require_room(self, connection: Connection, key: KeyReference) -> None:
        most = self._core.quotas.aliases_per_key
        if rows.count_aliases(connection, key.key_id) > most:
            raise LimitExceededError(f"a key may have {most} aliases")

    def _require_own(self, call: OpenCall, key: KeyReference) -> None:
        """Check that a key is there and the caller's: of others nothing is told, not even that they are."""
        known = self._core.access.reference(key.key_id)
        if known is None or known != key or key.account != call.caller.account:
            raise NotFoundError(f"Key '{key.arn}' does not exist")
