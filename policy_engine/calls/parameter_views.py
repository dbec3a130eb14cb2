"""CALL → PARAMETERS AS A CHECK READS THEM: the same names for the same things.

ReEncrypt has an encryption context for either side, CreateGrant has it in its constraint, and ReplicateKey
makes a key without saying of what kind: the key's own properties say so. A parameter that is None is known to
be absent, so that no default counts.
https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy_engine.calls.api_call import KnownKey
from policy_engine.calls.key_names import name_key
from policy_engine.errors import RequestError

if TYPE_CHECKING:
    from policy_engine.calls.api_call import ApiCall

Parameters = Mapping[str, object]

_SIDED = ("EncryptionContext", "EncryptionAlgorithm")
_CONSTRAINTS = ("EncryptionContextEquals", "EncryptionContextSubset")


def as_given(call: ApiCall) -> Parameters:
    """As the call has them."""
    return call.parameters


def source_side(call: ApiCall) -> Parameters:
    """ReEncrypt, reading."""
    return _side(call, "Source")


def destination_side(call: ApiCall) -> Parameters:
    """ReEncrypt, writing."""
    return _side(call, "Destination")


def of_constraints(call: ApiCall) -> Parameters:
    """CreateGrant: the encryption context is that of the constraint (rule 50)."""
    constraints = call.parameters.get("Constraints", {})
    if not isinstance(constraints, Mapping):
        raise RequestError("Constraints is no mapping")
    return {**call.parameters, **_constraint(constraints)}


def of_named_grant(call: ApiCall) -> Parameters:
    """RetireGrant: the encryption context is that of the grant's constraint."""
    if call.grant is None:
        return call.parameters
    constraints = call.grant.grant.constraints
    pairs = (constraints.encryption_context_equals, constraints.encryption_context_subset)
    return {**call.parameters, **_constraint(dict(zip(_CONSTRAINTS, pairs, strict=True)))}


def of_new_key(call: ApiCall) -> Parameters:
    """CreateKey: the old name of KeySpec counts, and a multi-Region key begins as a primary."""
    parameters = dict(call.parameters)
    if "CustomerMasterKeySpec" in parameters:
        parameters.setdefault("KeySpec", parameters["CustomerMasterKeySpec"])
    if parameters.get("MultiRegion") is True:
        parameters["MultiRegionKeyType"] = "PRIMARY"
    return parameters


def of_replica(call: ApiCall) -> Parameters:
    """ReplicateKey, making the replica: it has the properties of its primary, as far as they are known."""
    primary = name_key(call, str(call.parameters.get("KeyId")), takes_alias=False).arn
    known = call.keys.find(primary) or KnownKey(primary)
    return {
        **call.parameters,
        "KeySpec": known.key_spec,
        "KeyUsage": known.key_usage,
        "Origin": known.origin,
        "MultiRegion": True,
        "MultiRegionKeyType": "REPLICA",
    }


def _side(call: ApiCall, side: str) -> Parameters:
    renamed = {name: call.parameters[side + name] for name in _SIDED if side + name in call.parameters}
    return {**call.parameters, **renamed}


def _constraint(constraints: Mapping[str, object]) -> Parameters:
    """The encryption context, its kind and the source ARN of a grant's constraints."""
    kind = next((name for name in _CONSTRAINTS if constraints.get(name) is not None), None)
    return {
        "GrantConstraintType": kind,
        "EncryptionContext": constraints[kind] if kind else None,
        "SourceArn": constraints.get("SourceArn"),
    }
