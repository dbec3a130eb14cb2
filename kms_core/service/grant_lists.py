"""ListGrants and ListRetirableGrants: what shows grants.

https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html and API_ListRetirableGrants.html.
Pages go by the order in which grants were made, so that they survive grants that are made or end meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.errors import AccessDeniedError, ValidationError
from kms_core.model.grant import is_service
from kms_core.model.operations import Operation
from kms_core.service.grant_parameters import MAX_GRANT_ID, check_one_principal
from kms_core.service.pages import Pages
from kms_core.service.parameters import check_text
from kms_core.service.results import GrantPage, ListedGrant
from kms_core.store import grants as rows
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kms_core.model.caller import Caller
    from kms_core.model.grant import GrantRecord
    from kms_core.service.core import Core

_MAX_PAGE = 100
_PAGE = 50


class GrantListOperations:
    """What shows grants."""

    _core: Core

    def list_grants(
        self,
        caller: Caller | str,
        key_id: str,
        *,
        grant_id: str | None = None,
        grantee_principal: str | None = None,
        grantee_service_principal: str | None = None,
        limit: int = _PAGE,
        marker: str | None = None,
    ) -> GrantPage:
        """Show the grants on a key, a page at a time, in the order in which they were made.

        Args:
            caller: who calls.
            key_id: a key id or key ARN.
            grant_id: only the grant with this id.
            grantee_principal: only grants to this principal; or
            grantee_service_principal: only those to this service.
            limit: how many at most, 1 to 100.
            marker: where to go on, as the page before said.

        Raises:
            InvalidMarkerError: the marker was not made for this key.
            AccessDeniedError, DependencyTimeoutError, InvalidArnError, NotFoundError, ValidationError,
            KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.LIST_GRANTS, caller) as call:
            if grant_id is not None:
                check_text("grantId", grant_id, 1, MAX_GRANT_ID)
            grantee = check_one_principal("grantee", grantee_principal, grantee_service_principal)
            reference = core.calls.reference(call, key_id)
            named = (reference.arn, grant_id or "", grantee or "")
            pages = Pages(core.markers, call, *named, limit=limit, marker=marker, most=_MAX_PAGE)
            with core.calls.on_key(call, reference, {}) as admitted:
                after = _position(pages)
                with core.database.read() as connection:
                    found = rows.grants_of(
                        connection,
                        admitted.key.key_id,
                        after=after,
                        limit=pages.wanted,
                        grant_id=grant_id,
                        grantee_principal=grantee,
                    )
                return _page(pages, found)

    def list_retirable_grants(
        self,
        caller: Caller | str,
        retiring_principal: str | None = None,
        *,
        retiring_service_principal: str | None = None,
        limit: int = _PAGE,
        marker: str | None = None,
    ) -> GrantPage:
        """Show the grants, on keys of any account, that name a principal of the caller's account as retiring.

        Of a service's grants those on keys of the caller's account are shown.

        Args:
            caller: who calls.
            retiring_principal: ARN of the principal, of the caller's account; or
            retiring_service_principal: the service's name.
            limit: how many at most, 1 to 100.
            marker: where to go on, as the page before said.

        Raises:
            AccessDeniedError: no identity policy of the caller allows it, or the principal is of another
                account.
            InvalidMarkerError: the marker was not made for this principal.
            InvalidArnError, ValidationError, KMSInternalError
        """
        core = self._core
        with core.calls.begin(Operation.LIST_RETIRABLE_GRANTS, caller) as call:
            retiring = check_one_principal("retiring", retiring_principal, retiring_service_principal)
            if retiring is None:
                raise ValidationError(
                    "Please specify either retiring principal or retiring service principal."
                )
            pages = Pages(core.markers, call, retiring, limit=limit, marker=marker, most=_MAX_PAGE)
            with core.calls.without_key(call, None, {}):
                _require_own(call.caller, retiring)
                after = _position(pages)
                with core.database.read() as connection:
                    found = rows.retirable_by(
                        connection,
                        retiring,
                        after=after,
                        limit=pages.wanted,
                        account=call.caller.account if is_service(retiring) else None,
                    )
                return _page(pages, found)


def _require_own(caller: Caller, retiring: str) -> None:
    arn = parse_arn(retiring)
    if arn is not None and arn.account != caller.account:
        raise AccessDeniedError("the retiring principal belongs to another account")


def _page(pages: Pages, found: Sequence[GrantRecord]) -> GrantPage:
    page, further = pages.cut(found, lambda record: str(record.position))
    listed = tuple(ListedGrant(record.key_arn, record.grant) for record in page)
    return GrantPage(listed, further is not None, further)


def _position(pages: Pages) -> int:
    return int(pages.after() or 0)
