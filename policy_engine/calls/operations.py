"""API CALL → AUTHORIZATION CHECKS: what each operation of the KMS API is authorised on.

Most operations are one check, of the action of their own name, on the key that KeyId names or, where the
catalogue says so, on no resource; the table has the others. Not what policies answer: that is the engine's.
https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html (actions, resources)
https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html (aliases)
https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-auth.html (replicas)
https://docs.aws.amazon.com/kms/latest/developerguide/tag-permissions.html (tags of a new key)
https://docs.aws.amazon.com/kms/latest/APIReference/API_ReEncrypt.html and the pages of the other operations
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from policy_engine.calls.api_call import AuthorizationCheck, Subject
from policy_engine.calls.derivation import Question, derive
from policy_engine.calls.parameter_views import (
    as_given,
    destination_side,
    of_constraints,
    of_named_grant,
    of_new_key,
    of_replica,
    source_side,
)
from policy_engine.calls.targets import (
    Target,
    alias,
    any_resource,
    ciphertext_or_named,
    key,
    key_behind_alias,
    key_of_grant,
    new_key,
    promoted_replica,
)
from policy_engine.catalog.actions import ACTIONS
from policy_engine.errors import RequestError
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.calls.api_call import ApiCall
    from policy_engine.calls.targets import Found
    from policy_engine.catalog.actions import Action

View = Callable[["ApiCall"], Mapping[str, object]]


def _always(_: ApiCall) -> bool:
    return True


def _with_tags(call: ApiCall) -> bool:
    return bool(call.parameters.get("Tags"))


def _here(call: ApiCall) -> str:
    return call.region


def _region_in(parameter: str) -> Callable[[ApiCall], str]:
    """The Region that a parameter names: the check is made there."""

    def region(call: ApiCall) -> str:
        named = call.parameters.get(parameter)
        if not isinstance(named, str):
            raise RequestError(f"{call.operation} needs {parameter}")
        return named

    return region


@dataclass(frozen=True, slots=True)
class Step:
    """One check of an operation.

    Attributes:
        action: without `kms:`.
        target: what it is about.
        view: the parameters as this check reads them.
        region: where it is decided.
        when: whether a call needs it.
        entry: what the catalogue says of the action.
    """

    action: str
    target: Target
    view: View = as_given
    region: Callable[[ApiCall], str] = _here
    when: Callable[[ApiCall], bool] = _always
    entry: Action = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "entry", ACTIONS[f"kms:{self.action}".lower()])


_IN_REPLICA_REGION = _region_in("ReplicaRegion")
_IN_PRIMARY_REGION = _region_in("PrimaryRegion")

_PARTICULAR: Mapping[str, tuple[Step, ...]] = {
    "CreateAlias": (Step("CreateAlias", alias), Step("CreateAlias", key("TargetKeyId"))),
    "CreateGrant": (Step("CreateGrant", key("KeyId"), of_constraints),),
    "CreateKey": (
        Step("CreateKey", any_resource, of_new_key),
        Step("TagResource", new_key, of_new_key, when=_with_tags),
    ),
    "Decrypt": (Step("Decrypt", ciphertext_or_named("KeyId")),),
    "DeleteAlias": (Step("DeleteAlias", alias), Step("DeleteAlias", key_behind_alias)),
    "ReEncrypt": (
        Step("ReEncryptFrom", ciphertext_or_named("SourceKeyId"), source_side),
        Step("ReEncryptTo", key("DestinationKeyId"), destination_side),
    ),
    "ReplicateKey": (
        Step("ReplicateKey", key("KeyId")),
        Step("CreateKey", any_resource, of_replica, _IN_REPLICA_REGION),
        Step("TagResource", new_key, of_replica, _IN_REPLICA_REGION, when=_with_tags),
    ),
    "RetireGrant": (Step("RetireGrant", key_of_grant, of_named_grant),),
    "UpdateAlias": (
        Step("UpdateAlias", alias),
        Step("UpdateAlias", key_behind_alias),
        Step("UpdateAlias", key("TargetKeyId")),
    ),
    "UpdatePrimaryRegion": (
        Step("UpdatePrimaryRegion", key("KeyId")),
        Step("UpdatePrimaryRegion", promoted_replica, region=_IN_PRIMARY_REGION),
    ),
}


def _ordinary() -> dict[str, tuple[Step, ...]]:
    """One check of the action of the same name. Without a key identity policies alone decide (rule 30)."""
    names = {entry.name.partition(":")[2]: entry for entry in ACTIONS.values() if entry.api_operation}
    return {
        name: (Step(name, key("KeyId") if entry.has_key else any_resource),) for name, entry in names.items()
    }


OPERATIONS: Mapping[str, tuple[Step, ...]] = {**_ordinary(), **_PARTICULAR}
"""By the operation's name in the API: the checks that a call needs, in the order in which they are made."""


def requests_for(call: ApiCall) -> tuple[AuthorizationCheck, ...]:
    """The checks that a call needs; it goes ahead when all of them are allowed.

    Raises:
        RequestError: there is no such operation, a parameter that says what the call is about is missing or
            of a wrong type, or the session claims what only the call can bring.
        UnknownAliasError: the call names an alias that stands for no key.
    """
    steps = OPERATIONS.get(call.operation)
    if steps is None:
        raise RequestError(f"the KMS API has no operation `{printable(call.operation)}`")
    given = call
    if None in call.parameters.values():
        given = replace(call, parameters={k: v for k, v in call.parameters.items() if v is not None})
    needed = [step for step in steps if step.when(given)]
    found = [step.target(given, step.entry, step.region(given)) for step in needed]
    same_key = len({target.resource for target in found}) == 1
    return tuple(
        [_check(given, step, target, same_key=same_key) for step, target in zip(needed, found, strict=True)]
    )


def _check(call: ApiCall, step: Step, found: Found, *, same_key: bool) -> AuthorizationCheck:
    question = Question(
        call=call,
        action=step.entry,
        parameters=step.view(call),
        subject=found.subject,
        region=step.region(call),
        key=call.keys.find(found.resource) if found.subject is Subject.KEY else None,
        alias=found.alias,
        same_key=same_key,
    )
    return AuthorizationCheck(step.entry.name, found.resource, found.subject, derive(question), _tokens(call))


def _tokens(call: ApiCall) -> tuple[str, ...]:
    tokens = call.parameters.get("GrantTokens", ())
    if not isinstance(tokens, (list, tuple)) or not all(isinstance(token, str) for token in tokens):
        raise RequestError("GrantTokens is no list of strings")
    return tuple(tokens)
