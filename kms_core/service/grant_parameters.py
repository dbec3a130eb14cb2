"""What a grant may look like: operations, principals, constraints, name.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html and the page on grants,
https://docs.aws.amazon.com/kms/latest/developerguide/grants.html.
Which operations a key supports is `model.grant_operations`; that a grant which comes from a grant is no wider
than that one is the engine's to see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kms_core.errors import InvalidArnError, ValidationError
from kms_core.model.grant_operations import GRANT_OPERATIONS, supported, takes_encryption_context
from kms_core.service.parameters import (
    check_choice,
    check_encryption_context,
    check_length,
    check_text,
    refuse,
)
from policy_engine.calls.principals import parse_principal
from policy_engine.errors import RequestError
from policy_engine.model.grant import Grant, GrantConstraints
from policy_engine.model.principal import PrincipalKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kms_core.model.key import KeyMetadata

_PRINCIPALS = frozenset(
    {
        PrincipalKind.ROOT,
        PrincipalKind.USER,
        PrincipalKind.ROLE,
        PrincipalKind.ASSUMED_ROLE,
        PrincipalKind.FEDERATED_USER,
    }
)
_MAX_PRINCIPAL = 256
_MAX_PAIRS = 8
_MAX_VALUE = 384
MAX_GRANT_ID = 128
_MAX_SERVICE = 128
_NAME = re.compile(r"[a-zA-Z0-9:/_-]{1,256}", re.ASCII)
_SOURCE_ARN = re.compile(r"arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+", re.ASCII | re.DOTALL)
_SOURCE_LENGTHS = (20, 512)


@dataclass(frozen=True, slots=True)
class RequestedGrant:
    """What CreateGrant was given, as it was given."""

    grantee_principal: str | None
    grantee_service_principal: str | None
    retiring_principal: str | None
    retiring_service_principal: str | None
    operations: Sequence[str]
    constraints: GrantConstraints | None
    name: str | None


def check_grant(asked: RequestedGrant) -> Grant:
    """The grant that is asked for, as far as its parameters make it; it has no id yet.

    Raises:
        ValidationError: a parameter is out of its bounds, or two do not go together.
        InvalidArnError: a principal is none.
    """
    grantee = check_one_principal("grantee", asked.grantee_principal, asked.grantee_service_principal)
    if grantee is None:
        raise ValidationError("Please specify either grantee principal or grantee service principal.")
    retiring = check_one_principal("retiring", asked.retiring_principal, asked.retiring_service_principal)
    operations = check_operations(asked.operations)
    constraints = check_constraints(asked.constraints) or GrantConstraints()
    if asked.grantee_service_principal is not None and (constraints.source_arn is None or retiring is None):
        raise ValidationError(
            "A grantee service principal needs the grant constraint SourceArn, and a retiring principal or a "
            "retiring service principal."
        )
    return Grant(
        grant_id="",
        grantee_principal=grantee,
        operations=operations,
        constraints=constraints,
        name=check_name(asked.name),
        retiring_principal=retiring,
    )


def check_fits_key(grant: Grant, key: KeyMetadata) -> None:
    """Check that the key can do what the grant allows.

    Raises:
        ValidationError: it cannot, or has no encryption context that a constraint could ask for.
    """
    impossible = [operation for operation in grant.operations if operation not in supported(key)]
    if impossible:
        raise ValidationError(
            f"the grant operation `{impossible[0]}` is not supported for a key with the key usage "
            f"{key.usage.value} and the key spec {key.spec.value}"
        )
    constraints = grant.constraints
    pairs = (constraints.encryption_context_equals, constraints.encryption_context_subset)
    if pairs != (None, None) and not takes_encryption_context(key):
        raise ValidationError("an encryption context grant constraint is only for symmetric encryption keys")


def check_one_principal(role: str, principal: str | None, service: str | None) -> str | None:
    """Check a principal of a grant, given as an ARN or as a service's name, if at all.

    Raises:
        ValidationError: both are given.
        InvalidArnError: the ARN names nobody who can be that.
    """
    if principal is not None and service is not None:
        raise ValidationError(
            f"Please specify either {role} principal or {role} service principal, not both."
        )
    if service is not None:
        return _check_service(f"{role}ServicePrincipal", service)
    return None if principal is None else check_principal(f"{role}Principal", principal)


def _check_service(member: str, name: str) -> str:
    check_text(member, name, 1, _MAX_SERVICE)
    try:
        kind = parse_principal(name).kind
    except RequestError:
        kind = PrincipalKind.ANONYMOUS
    if kind is not PrincipalKind.SERVICE:
        refuse(member, "Member must be the name of a service principal")
    return name


def check_operations(operations: Sequence[str]) -> tuple[str, ...]:
    """Check the operations of a grant; whether its key can do them is for `check_fits_key`.

    A grant that could only be handed on has nothing to hand on: the service says so, though no page does (its
    answer is quoted in ansible/ansible#31960).
    """
    if isinstance(operations, str):
        refuse("operations", "Member must be a list")
    check_length("operations", operations, 1, len(GRANT_OPERATIONS))
    for operation in operations:
        check_choice("operations", operation, GRANT_OPERATIONS)
    if set(operations) == {"CreateGrant"}:
        raise ValidationError("Grants must not contain only the CreateGrant operation.")
    return tuple(dict.fromkeys(operations))


def check_principal(member: str, arn: str) -> str:
    """Check the ARN of a grantee or retiring principal.

    Raises:
        InvalidArnError: it names no account, user, role or session.
    """
    check_text(member, arn, 1, _MAX_PRINCIPAL)
    try:
        kind = parse_principal(arn).kind
    except RequestError:
        kind = PrincipalKind.ANONYMOUS
    if kind not in _PRINCIPALS:
        raise InvalidArnError(f"`{arn}` is not the ARN of an account, a user, a role or a session")
    return arn


def check_name(name: str | None) -> str | None:
    """Check the name of a grant."""
    if name is not None and not _NAME.fullmatch(name):
        refuse("name", f"Member must satisfy regular expression pattern: ^{_NAME.pattern}$")
    return name


def check_constraints(constraints: GrantConstraints | None) -> GrantConstraints | None:
    """Check the constraints of a grant: at most one on the encryption context, and one on the source.

    Raises:
        ValidationError: both on the encryption context are given, or none at all, or one is out of its
            bounds.
    """
    if constraints is None:
        return None
    equals = constraints.encryption_context_equals
    subset = constraints.encryption_context_subset
    if equals is not None and subset is not None:
        raise ValidationError(
            "Constraints must have either EncryptionContextEquals or EncryptionContextSubset."
        )
    if equals is None and subset is None and constraints.source_arn is None:
        raise ValidationError("Constraints must have a grant constraint.")
    if constraints.source_arn is not None:
        check_text("constraints.sourceArn", constraints.source_arn, *_SOURCE_LENGTHS)
        if not _SOURCE_ARN.fullmatch(constraints.source_arn):
            refuse(
                "constraints.sourceArn",
                f"Member must satisfy regular expression pattern: ^{_SOURCE_ARN.pattern}$",
            )
    for pairs in (equals, subset):
        if pairs is not None:
            _check_pairs(pairs)
    return constraints


def _check_pairs(pairs: Mapping[str, str]) -> None:
    checked = check_encryption_context(pairs)
    check_length("constraints", checked, 1, _MAX_PAIRS)
    for value in checked.values():
        check_length("constraints", value, 0, _MAX_VALUE)
