"""API CALL → CONDITION KEYS: what each operation tells the policies, one function for each kind of call.

Not the keys that follow from the caller and the key (the engine knows those). Which operation carries which
key: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html. A parameter that was left out
counts with its default, except kms:BypassPolicyLockoutSafetyCheck, which then is absent: AWS's own examples
test it with Null.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kms_core.model.key import SYMMETRIC_ALGORITHM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kms_core.model.caller import Caller
    from kms_core.model.key import KeyMetadata
    from policy_engine.model.grant import Grant, GrantConstraints

Context = dict[str, str | bool | Sequence[str]]

_ENCRYPTION_CONTEXT = "kms:EncryptionContext:"
POLICY_NAME = "default"


def every_call(caller: Caller) -> Context:
    """What every call carries, besides what its operation adds."""
    context: Context = dict(caller.session_context)
    if caller.account is not None:
        context["kms:CallerAccount"] = caller.account
    if caller.via_service is not None:
        context["kms:ViaService"] = caller.via_service
    return context


def cryptographic(encryption_context: Mapping[str, str]) -> Context:
    """Encrypt, Decrypt and GenerateDataKey on a symmetric encryption key."""
    return {"kms:EncryptionAlgorithm": SYMMETRIC_ALGORITHM, **_pairs(encryption_context)}


def create_key(key: KeyMetadata, *, bypass: bool | None) -> Context:
    """CreateKey: what the key is to be."""
    return {
        "kms:KeySpec": key.spec.value,
        "kms:KeyUsage": key.usage.value,
        "kms:KeyOrigin": key.origin.value,
        "kms:MultiRegion": key.multi_region,
        **_bypass(bypass),
    }


def key_policy(*, bypass: bool | None = None) -> Context:
    """GetKeyPolicy and PutKeyPolicy."""
    return {"kms:PolicyName": POLICY_NAME, **_bypass(bypass)}


def create_grant(grant: Grant, caller: Caller) -> Context:
    """CreateGrant: the grant that is asked for."""
    context: Context = {
        "kms:GrantOperations": list(grant.operations),
        "kms:GranteePrincipal": grant.grantee_principal,
        **grants(caller),
        **_constraint(grant.constraints),
    }
    if grant.retiring_principal is not None:
        context["kms:RetiringPrincipal"] = grant.retiring_principal
    return context


def grants(caller: Caller) -> Context:
    """ListGrants; whether an AWS service does it, for itself or for a caller."""
    return {"kms:GrantIsForAWSResource": caller.is_service or caller.via_service is not None}


def _constraint(constraints: GrantConstraints) -> Context:
    for kind, pairs in (
        ("EncryptionContextEquals", constraints.encryption_context_equals),
        ("EncryptionContextSubset", constraints.encryption_context_subset),
    ):
        if pairs is not None:
            return {"kms:GrantConstraintType": kind, **_pairs(pairs)}
    return {}


def _pairs(encryption_context: Mapping[str, str]) -> Context:
    return {f"{_ENCRYPTION_CONTEXT}{name}": value for name, value in encryption_context.items()}


def _bypass(bypass: bool | None) -> Context:  # noqa: FBT001 - private
    return {} if bypass is None else {"kms:BypassPolicyLockoutSafetyCheck": bypass}
