"""API CALL → CONDITION KEYS: what a call of each operation tells the policies.

Which parameter becomes which condition key is the engine's to say (`policy_engine.calls`); here is what each
operation's parameters are, by their names in the API. Not the keys that follow from the caller and the key:
the engine knows those. https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kms_core.errors import ValidationError
from kms_core.model.grant import is_service
from policy_engine.calls.api_call import ApiCall, CallContext, KnownKey, NamedGrant
from policy_engine.calls.operations import requests_for
from policy_engine.calls.principals import parse_principal
from policy_engine.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kms_core.model.caller import Caller
    from kms_core.model.operations import Operation
    from policy_engine.model.grant import Grant

Parameters = dict[str, object]
"""What a call was given, by its names in the API; None is a parameter that was left out."""

POLICY_NAME = "default"


@dataclass(frozen=True, slots=True)
class _NoKeys:
    """No directory is needed: calls name their key by its ARN, and its properties are facts of the engine."""

    def find(self, _arn: str) -> KnownKey | None:
        return None

    def aliased(self, _alias_arn: str) -> str | None:
        return None


def of_call(
    operation: Operation,
    caller: Caller,
    region: str,
    key_arn: str,
    parameters: Parameters,
    grant: Grant | None = None,
) -> CallContext:
    """The condition keys of a call.

    Args:
        operation: what is called.
        caller: who calls, and how the call arrives.
        region: where this service is.
        key_arn: the key; CreateKey does not look at it.
        parameters: the others, as the functions below give them.
        grant: for RetireGrant the one to retire.

    Raises:
        ValidationError: the session claims a condition key that only the call itself can bring.
    """
    call = ApiCall(
        operation=operation.value,
        parameters={**parameters, "KeyId": key_arn},
        principal=parse_principal(caller.principal_arn),
        region=region,
        keys=_NoKeys(),
        via_service=caller.via_service,
        session=caller.session_context,
        grant=NamedGrant(key_arn, grant) if grant else None,
    )
    try:
        (check,) = requests_for(call)
    except RequestError as error:
        raise ValidationError(str(error)) from None
    return check.context


def cryptographic(encryption_context: Mapping[str, str]) -> Parameters:
    """Encrypt, Decrypt and GenerateDataKey on a symmetric encryption key."""
    return {"EncryptionContext": encryption_context}


def create_key(*, bypass: bool | None) -> Parameters:
    """CreateKey: every key is a symmetric encryption key, which is the default of all that it could say."""
    return {"BypassPolicyLockoutSafetyCheck": bypass}


def key_policy(*, bypass: bool | None = None) -> Parameters:
    """GetKeyPolicy and PutKeyPolicy."""
    return {"PolicyName": POLICY_NAME, "BypassPolicyLockoutSafetyCheck": bypass}


def create_grant(grant: Grant) -> Parameters:
    """CreateGrant: the grant that is asked for."""
    return {
        "Operations": grant.operations,
        **_named("Grantee", grant.grantee_principal),
        **_named("Retiring", grant.retiring_principal),
        "Constraints": {
            "EncryptionContextEquals": grant.constraints.encryption_context_equals,
            "EncryptionContextSubset": grant.constraints.encryption_context_subset,
            "SourceArn": grant.constraints.source_arn,
        },
    }


def _named(role: str, principal: str | None) -> Parameters:
    """A principal of a grant; a service's name is in a parameter of its own."""
    service = principal is not None and is_service(principal)
    return {
        f"{role}Principal": None if service else principal,
        f"{role}ServicePrincipal": principal if service else None,
    }
