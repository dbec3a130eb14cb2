"""CALL → RESOURCE: what one check of an operation is about.

https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.calls.api_call import Subject
from policy_engine.calls.key_names import KeyName, alias_arn, aliased_key, in_region, name_key, own_arn
from policy_engine.catalog.actions import Action
from policy_engine.errors import RequestError

if TYPE_CHECKING:
    from policy_engine.calls.api_call import ApiCall


@dataclass(frozen=True, slots=True)
class Found:
    """A resource: its ARN or `*`, what it is, and the alias by which the call named it."""

    resource: str
    subject: Subject
    alias: str | None = None


Target = Callable[["ApiCall", Action, str], Found]
"""Finds the resource of a call, given the action and the Region in which it is decided."""


def key(parameter: str) -> Target:
    """The key that a parameter names. An action that does not carry kms:RequestAlias takes no alias."""

    def target(call: ApiCall, action: Action, _region: str) -> Found:
        return _on(_named(call, action, parameter))

    return target


def ciphertext_or_named(parameter: str) -> Target:
    """The key that a parameter names or, where it is left out, that the ciphertext names (rule 39)."""

    def target(call: ApiCall, action: Action, _region: str) -> Found:
        if parameter not in call.parameters and call.ciphertext_key is not None:
            return Found(call.ciphertext_key, Subject.KEY)
        return _on(_named(call, action, parameter))

    return target


def key_of_grant(call: ApiCall, action: Action, _region: str) -> Found:
    """The key of the grant that RetireGrant's token or id means, or the one that KeyId names."""
    if call.grant is not None:
        return Found(call.grant.key_arn, Subject.KEY)
    return _on(_named(call, action, "KeyId"))


def key_behind_alias(call: ApiCall, _action: Action, _region: str) -> Found:
    """The key that the alias stands for now."""
    return Found(aliased_key(call, _alias(call)), Subject.KEY)


def promoted_replica(call: ApiCall, action: Action, region: str) -> Found:
    """The replica that UpdatePrimaryRegion makes the primary: the same key in the Region that is named."""
    primary = _named(call, action, "KeyId").arn
    return Found(in_region(primary, region), Subject.KEY)


def alias(call: ApiCall, _action: Action, _region: str) -> Found:
    """The alias itself."""
    return Found(_alias(call), Subject.ALIAS)


def any_resource(_call: ApiCall, _action: Action, _region: str) -> Found:
    """No resource."""
    return Found("*", Subject.NONE)


def new_key(call: ApiCall, _action: Action, region: str) -> Found:
    """The key that the call makes: the permission must cover all keys of the account and Region.

    https://docs.aws.amazon.com/kms/latest/developerguide/manage-tags-api.html
    """
    return Found(own_arn(call, "key/*", region), Subject.NEW_KEY)


def _on(name: KeyName) -> Found:
    return Found(name.arn, Subject.KEY, name.alias)


def _named(call: ApiCall, action: Action, parameter: str) -> KeyName:
    takes_alias = "kms:RequestAlias" in action.condition_keys
    return name_key(call, _text(call, parameter), takes_alias=takes_alias)


def _alias(call: ApiCall) -> str:
    return alias_arn(call, _text(call, "AliasName"))


def _text(call: ApiCall, parameter: str) -> str:
    value = call.parameters.get(parameter)
    if not isinstance(value, str) or not value:
        raise RequestError(f"{call.operation} needs {parameter}")
    return value
