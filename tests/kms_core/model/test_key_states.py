"""The table of key states against the reviewed facts in fixtures/kms/key_states.json, cell by cell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kms_core.errors import KmsError
from kms_core.model.key import KeyMetadata, KeyState
from kms_core.model.key_states import LEADS_TO, REFUSALS, WORKS_IN, require_state
from kms_core.model.operations import FACTS, Operation

ARN = "arn:aws:kms:us-east-1:111122223333:key/id"
FACTS_FILE = Path(__file__).parents[3] / "fixtures" / "kms" / "key_states.json"
REVIEWED = json.loads(FACTS_FILE.read_text(encoding="utf-8"))
PREFERRED = "KMSInvalidStateException"
DESTINATION_ONLY = {("UpdateAlias", "PendingDeletion"), ("UpdateAlias", "PendingReplicaDeletion")}
# where the state lets the call through, and the operation itself asks for the key's spec and origin
BY_KIND_OF_KEY = {"EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus", "RotateKeyOnDemand"}


def _answer(operation: Operation, state: KeyState) -> tuple[str, str] | None:
    try:
        require_state(operation, KeyMetadata("id", ARN, "111122223333", 0.0, state=state))
    except KmsError as error:
        return error.code, error.message
    return None


@pytest.mark.parametrize("operation", sorted(FACTS))
@pytest.mark.parametrize("state", KeyState)
def test_a_cell_is_what_was_reviewed(operation: Operation, state: KeyState) -> None:
    cell = REVIEWED["operations"][operation.value][state.value]
    answer = _answer(operation, state)
    if cell["result"] == "works" or (cell["result"] == "depends" and operation.value in BY_KIND_OF_KEY):
        assert answer is None
    elif cell["result"] == "refused" or (operation.value, state.value) in DESTINATION_ONLY:
        code = PREFERRED if PREFERRED in cell["errors"] else cell["errors"][0]
        assert answer is not None
        assert answer[0] == code
        # what is refused for another reason than the state has no words of the state
        assert "message" not in cell or answer[1] == REVIEWED["messages"][cell["message"]].format(arn=ARN)
        assert ("message" in cell) == (code != "UnsupportedOperationException")
    else:
        assert cell["result"] in {"depends", "not applicable"}


def test_only_what_has_a_state_of_its_own_is_left_to_the_operation() -> None:
    """No operation of this core is in the last branch above, so that every cell is compared."""
    open_cells = {
        (operation.value, state)
        for operation in FACTS
        for state, cell in REVIEWED["operations"][operation.value].items()
        if cell["result"] == "depends" and operation.value not in BY_KIND_OF_KEY
    }
    assert open_cells == DESTINATION_ONLY


def test_every_operation_on_a_key_and_every_refusal_has_its_row() -> None:
    assert set(WORKS_IN) == set(FACTS)
    assert {each.value for each in FACTS} <= REVIEWED["operations"].keys()
    refusing = {
        state
        for operation, works in WORKS_IN.items()
        if operation is not Operation.CANCEL_KEY_DELETION
        for state in set(KeyState) - works
    }
    assert refusing == set(REFUSALS)


@pytest.mark.parametrize("operation", LEADS_TO)
def test_a_state_leads_on_only_from_where_the_operation_works(operation: Operation) -> None:
    assert LEADS_TO[operation].keys() <= WORKS_IN[operation]


def test_where_operations_lead() -> None:
    assert LEADS_TO[Operation.CANCEL_KEY_DELETION][KeyState.PENDING_DELETION] is KeyState.DISABLED
    assert LEADS_TO[Operation.ENABLE_KEY] == {KeyState.DISABLED: KeyState.ENABLED}
    assert LEADS_TO[Operation.DISABLE_KEY] == {KeyState.ENABLED: KeyState.DISABLED}
    scheduled = LEADS_TO[Operation.SCHEDULE_KEY_DELETION]
    assert scheduled.keys() == WORKS_IN[Operation.SCHEDULE_KEY_DELETION]
    assert set(scheduled.values()) == {KeyState.PENDING_DELETION}


def test_only_usable_states_count_as_enabled() -> None:
    enabled = {state for state in KeyState if KeyMetadata("i", "a", "1", 0.0, state=state).enabled}
    assert enabled == {KeyState.ENABLED, KeyState.UPDATING}
