"""API CALL → CONDITION KEYS: what a call of each operation tells the policies.

Which parameter becomes which condition key is the engine's to say (`policy_engine.calls`); here is what each
operation's parameters are, by their names in the API. Not the keys that follow from the caller and the key:
the engine knows those. https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from kms_core.errors import ValidationError
from kms_core.model.caller import Caller
from kms_core.model.grant import is_service
from kms_core.model.last_use import USES
from kms_core.model.operations import Operation
from policy_engine.calls.api_call import (
    ApiCall,
    AuthorizationCheck,
    CallContext,
    KnownKey,
    NamedGrant,
    Subject,
)
from policy_engine.calls.derivation import encryption_context_keys
from policy_engine.calls.operations import requests_for
from policy_engine.calls.principals import parse_principal
from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT
from policy_engine.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kms_core.model.key_reference import KeyReference
    from policy_engine.model.grant import Grant

Parameters = dict[str, object]
"""What a call was given, by its names in the API; None is a parameter that was left out."""

POLICY_NAME = "default"
_PAIRS = "EncryptionContext"
_SOME_KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class _OneKey:
    """The one key of a call; an alias in it stands for that key, whose properties the engine knows itself."""

    arn: str
    days_without_usage: int | None = None

    def find(self, arn: str) -> KnownKey | None:
        if self.days_without_usage is None or arn != self.arn:
            return None
        return KnownKey(arn, days_without_usage=self.days_without_usage)

    def aliased(self, _alias_arn: str) -> str | None:
        return self.arn


@dataclass(frozen=True, slots=True)
class _NamedKeys:
    """Keys that a call names by their ARNs, or by the ARNs of these aliases."""

    aliases: Mapping[str, str]

    def find(self, _arn: str) -> KnownKey | None:
        return None

    def aliased(self, alias_arn: str) -> str | None:
        return self.aliases.get(alias_arn)


def of_call(
    operation: Operation,
    caller: Caller,
    region: str,
    key_arn: str,
    parameters: Parameters,
    grant: Grant | None = None,
) -> CallContext:
    """The condition keys of a call that is one check.

    Raises:
        ValidationError: the session claims a condition key that only the call itself can bring.
    """
    (check,) = checks_of(operation, caller, region, key_arn, parameters, grant)
    return check.context


def checks_of(
    operation: Operation,
    caller: Caller,
    region: str,
    key_arn: str,
    parameters: Parameters,
    grant: Grant | None = None,
    *,
    alias: str | None = None,
    days_without_usage: int | None = None,
) -> tuple[AuthorizationCheck, ...]:
    """What a call is authorised on, and the condition keys of each check.

    Args:
        operation: what is called.
        caller: who calls, and how the call arrives.
        region: where this service is.
        key_arn: the key; CreateKey does not look at it. Of an alias operation the key behind the alias.
        parameters: the others, as the functions below give them.
        grant: for RetireGrant the one to retire.
        alias: the ARN of the alias by which the call names the key.
        days_without_usage: how many days ago the key was last used, where that counts.

    Raises:
        ValidationError: the session claims a condition key that only the call itself can bring.
    """
    call = ApiCall(
        operation=operation.value,
        parameters={"KeyId": alias or key_arn, **_given(parameters)},
        principal=parse_principal(caller.principal_arn),
        region=region,
        keys=_OneKey(key_arn, days_without_usage),
        via_service=caller.via_service,
        session=caller.session_context,
        grant=NamedGrant(key_arn, grant) if grant else None,
    )
    return _checks(call)


def check_on_key(
    operation: Operation,
    caller: Caller,
    region: str,
    key_arn: str,
    parameters: Parameters,
    *,
    alias: str | None = None,
) -> AuthorizationCheck:
    """As `checks_of`, for a call on a key that is one check.

    Of cryptographic operations, which are called often, the next call of a caller has most of it in common.

    Raises:
        ValidationError: the session claims a condition key that only the call itself can bring.
    """
    if caller.session_context or operation.value not in USES:
        (check,) = checks_of(operation, caller, region, key_arn, parameters, alias=alias)
        return check
    pairs = parameters.get(_PAIRS)
    given = tuple([item for item in parameters.items() if item[0] != _PAIRS])
    usual = _usual_check(operation, caller.principal_arn, caller.via_service, region, given, alias)
    context = usual.context
    if pairs and operation.carries(ENCRYPTION_CONTEXT):
        context = {**context, **encryption_context_keys(pairs)}  # type: ignore[arg-type] # checked by `check_encryption_context`
    return AuthorizationCheck(usual.action, key_arn, Subject.KEY, context)


@lru_cache(maxsize=4_096)
def _usual_check(
    operation: Operation,
    principal_arn: str,
    via_service: str | None,
    region: str,
    parameters: tuple[tuple[str, object], ...],
    alias: str | None,
) -> AuthorizationCheck:
    """What does not depend on the key, nor on an encryption context; nobody changes it."""
    caller = Caller(principal_arn, via_service)
    (check,) = checks_of(operation, caller, region, _SOME_KEY, dict(parameters), alias=alias)
    return check


def re_encrypt_checks(
    caller: Caller,
    region: str,
    source: KeyReference,
    destination: KeyReference,
    parameters: Parameters,
) -> tuple[AuthorizationCheck, ...]:
    """The two checks of ReEncrypt: of the key that it decrypts under, and of the one that it encrypts under.

    Raises:
        ValidationError: the session claims a condition key that only the call itself can bring.
    """
    both = (source, destination)
    source_name, destination_name = (key.alias or key.arn for key in both)
    return _checks(
        ApiCall(
            operation=Operation.RE_ENCRYPT.value,
            parameters={**parameters, "SourceKeyId": source_name, "DestinationKeyId": destination_name},
            principal=parse_principal(caller.principal_arn),
            region=region,
            keys=_NamedKeys({key.alias: key.arn for key in both if key.alias}),
            via_service=caller.via_service,
            session=caller.session_context,
        )
    )


def _given(parameters: Parameters) -> Parameters:
    return {name: value for name, value in parameters.items() if value is not None}


def _checks(call: ApiCall) -> tuple[AuthorizationCheck, ...]:
    try:
        return requests_for(call)
    except RequestError as error:
        raise ValidationError(str(error)) from None


def cryptographic(
    encryption_context: Mapping[str, str], algorithm: str | None = None, *, pair_spec: str | None = None
) -> Parameters:
    """Encrypt, Decrypt and the makers of data keys; an algorithm that is left out has a default."""
    return {
        "EncryptionContext": encryption_context,
        "EncryptionAlgorithm": algorithm,
        "KeyPairSpec": pair_spec,
    }


def re_encryption(
    source: tuple[Mapping[str, str], str], destination: tuple[Mapping[str, str], str]
) -> Parameters:
    """ReEncrypt: the encryption context and the algorithm of either side."""
    return {
        "SourceEncryptionContext": source[0],
        "SourceEncryptionAlgorithm": source[1],
        "DestinationEncryptionContext": destination[0],
        "DestinationEncryptionAlgorithm": destination[1],
    }


def signing(algorithm: str, message_type: str) -> Parameters:
    """Sign and Verify."""
    return {"SigningAlgorithm": algorithm, "MessageType": message_type}


def create_key(
    *,
    bypass: bool | None,
    key_spec: str | None = None,
    key_usage: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> Parameters:
    """CreateKey; what is left out is a symmetric encryption key."""
    return {
        "BypassPolicyLockoutSafetyCheck": bypass,
        "KeySpec": key_spec,
        "KeyUsage": key_usage,
        **tagging(tags or {}),
    }


def tagging(tags: Mapping[str, str]) -> Parameters:
    """TagResource."""
    return {"Tags": [{"TagKey": name, "TagValue": value} for name, value in tags.items()]}


def untagging(names: Sequence[str]) -> Parameters:
    """UntagResource."""
    return {"TagKeys": tuple(names)}


def key_deletion(pending_window_in_days: int | None) -> Parameters:
    """ScheduleKeyDeletion."""
    return {"PendingWindowInDays": pending_window_in_days}


def key_rotation(rotation_period_in_days: int | None) -> Parameters:
    """EnableKeyRotation."""
    return {"RotationPeriodInDays": rotation_period_in_days}


def of_alias(name: str, target_key_arn: str | None = None) -> Parameters:
    """CreateAlias, UpdateAlias and DeleteAlias."""
    return {"AliasName": name, "TargetKeyId": target_key_arn}


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
