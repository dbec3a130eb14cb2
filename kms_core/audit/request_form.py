"""A request to the engine as plain data, as `explain-access check --request` and scenarios read it.

Not a record of its own. Grant tokens are left out: they are bearer secrets, and here a grant is in force with
and without its token. The shape of a grant: https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kms_core.model.grant import is_service
from policy_engine.model.principal import Principal

if TYPE_CHECKING:
    from policy_engine.model.grant import Grant
    from policy_engine.model.request import Request


def request_form(request: Request) -> dict[str, object]:
    """The request, without its grant tokens."""
    principal = request.principal
    form: dict[str, object] = {
        "principal": principal.arn if isinstance(principal, Principal) else principal,
        "action": request.action,
        "resource": request.resource,
        "context": dict(request.context),
    }
    return form | {"grant": grant_form(request.grant)} if request.grant else form


def grant_form(grant: Grant) -> dict[str, object]:
    """A grant as ListGrants shows it; what it does not have is left out."""
    constraints = {
        "EncryptionContextEquals": grant.constraints.encryption_context_equals,
        "EncryptionContextSubset": grant.constraints.encryption_context_subset,
        "SourceArn": grant.constraints.source_arn,
    }
    form = {
        "GrantId": grant.grant_id,
        "Name": grant.name,
        "CreationDate": grant.creation_date,
        **_named("Grantee", grant.grantee_principal),
        **_named("Retiring", grant.retiring_principal),
        "IssuingAccount": grant.issuing_account,
        "Operations": list(grant.operations),
        "Constraints": {name: _plain(value) for name, value in constraints.items() if value is not None},
    }
    return {name: value for name, value in form.items() if value is not None}


def _named(role: str, principal: str | None) -> dict[str, str | None]:
    kind = "ServicePrincipal" if principal is not None and is_service(principal) else "Principal"
    return {role + kind: principal}


def _plain(value: object) -> object:
    return value if isinstance(value, str) else dict(value)  # type: ignore[call-overload] # pairs else
