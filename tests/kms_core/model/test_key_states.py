from __future__ import annotations

import pytest

from kms_core.errors import DisabledError, KMSInvalidStateError
from kms_core.model.key import KeyMetadata, KeyState
from kms_core.model.key_states import REFUSALS, WORKS_IN, require_state
from kms_core.model.operations import FACTS, Operation

# The developer guide's page on key states, as rows: which of these states refuse, and with what.
_D, _I = DisabledError, KMSInvalidStateError
CRYPTOGRAPHIC = {
    "Disabled": _D,
    "PendingDeletion": _I,
    "PendingReplicaDeletion": _I,
    "PendingImport": _I,
    "Unavailable": _I,
    "Creating": _I,
}
GUIDE = {
    "DescribeKey": {},
    "Encrypt": CRYPTOGRAPHIC,
    "Decrypt": CRYPTOGRAPHIC,
    "GenerateDataKey": CRYPTOGRAPHIC,
    "GenerateDataKeyWithoutPlaintext": CRYPTOGRAPHIC,
    "GenerateDataKeyPair": CRYPTOGRAPHIC,
    "GenerateDataKeyPairWithoutPlaintext": CRYPTOGRAPHIC,
    "ReEncrypt": CRYPTOGRAPHIC,
    "Sign": CRYPTOGRAPHIC,
    "Verify": CRYPTOGRAPHIC,
    "GetPublicKey": CRYPTOGRAPHIC,
    "GenerateMac": CRYPTOGRAPHIC,
    "VerifyMac": CRYPTOGRAPHIC,
    "DeriveSharedSecret": CRYPTOGRAPHIC,
    "GetKeyPolicy": {},
    "PutKeyPolicy": {},
    "CreateGrant": {state: error for state, error in CRYPTOGRAPHIC.items() if state != "Unavailable"},
    "ListGrants": {},
    "ListKeyPolicies": {},
    "RetireGrant": {},
    "RevokeGrant": {},
}
WITHOUT_KEY = {Operation.CREATE_KEY, Operation.GENERATE_RANDOM, Operation.LIST_RETIRABLE_GRANTS}


@pytest.mark.parametrize("operation", sorted(set(Operation) - WITHOUT_KEY))
@pytest.mark.parametrize("state", KeyState)
def test_the_table_is_the_guides(operation: Operation, state: KeyState) -> None:
    key = KeyMetadata("id", "arn:aws:kms:us-east-1:111122223333:key/id", "111122223333", 0.0, state=state)
    error = GUIDE[operation.value].get(state.value)
    if error is None:
        require_state(operation, key)
    else:
        with pytest.raises(error) as refused:
            require_state(operation, key)
        assert refused.value.message.startswith(f"{key.arn} is ")


def test_every_operation_on_a_key_and_every_refusal_has_its_row() -> None:
    assert set(WORKS_IN) == set(FACTS) == set(Operation) - WITHOUT_KEY
    refusing = {state for works in WORKS_IN.values() for state in set(KeyState) - works}
    assert refusing == set(REFUSALS)


def test_only_usable_states_count_as_enabled() -> None:
    enabled = {state for state in KeyState if KeyMetadata("i", "a", "1", 0.0, state=state).enabled}
    assert enabled == {KeyState.ENABLED, KeyState.UPDATING}
