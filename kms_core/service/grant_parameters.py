"""What a grant may look like: operations, principals, constraints, name.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html and the page on grants,
https://docs.aws.amazon.com/kms/latest/developerguide/grants.html.
That a grant which comes from a grant is no wider than that one is the engine's to see.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kms_core.errors import InvalidArnError, UnsupportedOperationError, ValidationError
from kms_core.service.parameters import (
    check_choice,
    check_encryption_context,
    check_length,
    check_text,
    refuse,
)
from policy_engine.calls.principals import parse_principal
from policy_engine.errors import RequestError
from policy_engine.model.principal import PrincipalKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy_engine.model.grant import GrantConstraints

GRANT_OPERATIONS = (
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "Sign",
    "Verify",
    "GetPublicKey",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateMac",
    "VerifyMac",
    "DeriveSharedSecret",
)
"""Every operation that a grant can name."""

_OTHER_KEYS_ONLY = frozenset(
    {"Sign", "Verify", "GetPublicKey", "GenerateMac", "VerifyMac", "DeriveSharedSecret"}
)
"""What a grant on a symmetric encryption key cannot allow, since the key cannot do it."""

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
_NAME = re.compile(r"[a-zA-Z0-9:/_-]{1,256}", re.ASCII)


def check_operations(operations: Sequence[str]) -> tuple[str, ...]:
    """Check the operations of a grant on a symmetric encryption key."""
    if isinstance(operations, str):
        refuse("operations", "Member must be a list")
    check_length("operations", operations, 1, len(GRANT_OPERATIONS))
    for operation in operations:
        check_choice("operations", operation, GRANT_OPERATIONS)
        if operation in _OTHER_KEYS_ONLY:
            raise ValidationError(
                f"the operation `{operation}` is not supported for a symmetric encryption key"
            )
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
    """Check the constraints of a grant: one of the two, with one to eight pairs.

    Raises:
        ValidationError: both are given, or neither, or one is out of its bounds.
        UnsupportedOperationError: one on the source; it would be lost, and the grant wider than was asked.
    """
    if constraints is None:
        return None
    if constraints.source_arn is not None:
        raise UnsupportedOperationError("The grant constraint SourceArn is not supported here.")
    equals = constraints.encryption_context_equals
    subset = constraints.encryption_context_subset
    if (equals is None) == (subset is None):
        raise ValidationError(
            "Constraints must have either EncryptionContextEquals or EncryptionContextSubset."
        )
    _check_pairs(subset if equals is None else equals)
    return constraints


def _check_pairs(pairs: Mapping[str, str] | None) -> None:
    checked = check_encryption_context(pairs)
    check_length("constraints", checked, 1, _MAX_PAIRS)
    for value in checked.values():
        check_length("constraints", value, 0, _MAX_VALUE)
